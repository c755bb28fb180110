"""The stack's secrets."""

import json
import os
from pathlib import Path

import pytest
from local import StackError
from local.state import LOGINS, open_keys


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


@pytest.mark.parametrize("content", ["", "{", "[]", '{"postgres": 1}', "[" * 100_000, "\udcff"])
def test_a_file_that_holds_no_secrets_is_a_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(content, errors="surrogateescape")
    with pytest.raises(StackError, match=r"^\S+ does not hold the stack's secrets: .*`make clean`\.$"):
        open_keys(tmp_path)


def test_what_others_could_read_is_closed(tmp_path: Path) -> None:
    keys = open_keys(tmp_path)
    (tmp_path / "keys.json").chmod(0o644)
    assert open_keys(tmp_path) == keys
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600


def test_another_users_secrets_are_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_keys(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/keys.json").symlink_to(tmp_path / "keys.json")
    with pytest.raises(StackError, match=r"can't be read"):
        open_keys(tmp_path / "other")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe/keys.json")
    with pytest.raises(StackError, match="not a file of your own"):
        open_keys(tmp_path / "pipe")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StackError, match="not a file of your own"):
        open_keys(tmp_path)
