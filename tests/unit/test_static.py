"""What the page serves of others' is what it says, unchanged and with its licence."""

import hashlib
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "include" / "qbank_page" / "static"
ROWS = {
    file: (version, licence, sha256)
    for file, version, licence, sha256 in re.findall(
        r"^\| (\S+) \| .* \| ([\d.]+) \| \[.*\]\((\S+)\) \| ([0-9a-f]{64}) \|$",
        (STATIC / "LICENSES.md").read_text(),
        re.MULTILINE,
    )
}


def test_every_file_of_others_is_listed() -> None:
    assert {path.name for path in STATIC.glob("*.min.*")} == ROWS.keys()


@pytest.mark.parametrize("file", ROWS)
def test_a_file_of_others_is_the_one_that_is_named(file: str) -> None:
    version, licence, sha256 = ROWS[file]
    content = (STATIC / file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == sha256
    assert (STATIC / licence).read_text().strip()
    if file.endswith(".js"):
        assert version in content.decode()
