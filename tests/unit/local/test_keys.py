"""The stack's secrets."""

import json
from pathlib import Path

from local.keys import LOGINS, open_keys


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    keys = open_keys(tmp_path)
    assert open_keys(tmp_path) == keys
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_no_two_keys_and_no_two_stacks_share_a_secret(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    values = [*open_keys(tmp_path).values(), *open_keys(tmp_path / "other").values()]
    assert len(set(values)) == len(values)


def test_a_newer_version_adds_its_keys_and_keeps_the_rest(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps({"postgres": "kept"}))
    keys = open_keys(tmp_path)
    assert keys["postgres"] == "kept"
    assert set(LOGINS) <= set(keys)
