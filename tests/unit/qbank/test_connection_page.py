"""docs/connection.md says what the code does: its table is held to the settings."""

import re
from pathlib import Path

from qbank.hosts import DEFAULT_HOSTS
from qbank.provider_info import get_provider_info
from qbank.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs" / "connection.md").read_text()


def test_the_page_has_every_field_with_its_label_and_default() -> None:
    rows = dict(re.findall(r"^\| extra `(\w+)` \| (.+?) \| .+? \| .+ \|$", PAGE, re.MULTILINE))
    defaults = dict(re.findall(r"^\| extra `(\w+)` \| .+? \| (.+?) \| .+ \|$", PAGE, re.MULTILINE))
    (kind,) = get_provider_info()["connection-types"]
    assert rows == {name: field["label"] for name, field in kind["conn-fields"].items()}
    made = Settings(client_id="a", client_secret="b")
    for name, shown in defaults.items():
        default = getattr(made, name)
        if default is not None:
            assert shown.strip("`") == (f"{default:g}" if isinstance(default, int | float) else default)
    assert DEFAULT_HOSTS in PAGE
