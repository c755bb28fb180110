"""The state directory: its lock, and what is deleted of it."""

import os
import stat
import threading
from pathlib import Path

import pytest
from local import StackError
from local.state import delete, locked


def test_only_what_the_stack_wrote_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "postgres/data").mkdir(parents=True)
    (tmp_path / "keys.json").touch()
    (tmp_path / "thesis.tex").touch()
    for books in ("sample", "close"):  # financial data, too
        (tmp_path / books).mkdir()
        (tmp_path / books / "gl.csv").touch()
    assert delete(tmp_path) == ["thesis.tex"]
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_a_link_leads_to_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/gl.csv").touch()
    (tmp_path / "state").mkdir()
    (tmp_path / "state/close").symlink_to(tmp_path / "mine")
    assert delete(tmp_path / "state") == []
    assert (tmp_path / "mine/gl.csv").exists()


def test_a_users_own_files_are_left_and_named(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/gl.csv").touch()
    assert delete(tmp_path) == ["files"]
    assert (tmp_path / "files/gl.csv").exists()


def test_a_directory_with_nothing_else_in_it_goes_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for made in ("logs", "files"):
        (state / made).mkdir(parents=True)
    assert delete(state) == []
    assert not state.exists()


def test_two_that_start_the_same_stack_take_turns(tmp_path: Path) -> None:
    state, order = tmp_path / "state", []

    def second() -> None:
        with locked(state):
            order.append("second")

    with locked(state):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_a_lock_on_a_directory_that_was_deleted_meanwhile_is_taken_anew(tmp_path: Path) -> None:
    state, inside = tmp_path / "state", []

    def second() -> None:
        with locked(state):
            inside.append(state.exists())

    with locked(state):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        delete(state)
    waiting.join(10)
    assert inside == [True]


def test_it_is_closed_to_other_users(tmp_path: Path) -> None:
    for mode in (0o755, 0o777, 0o1777, 0o750):
        state = tmp_path / f"{mode:o}"
        state.mkdir()
        (state / "scenario.yaml").touch()
        for made in ("logs", "files"):
            (state / made).mkdir()
        state.chmod(mode)
        with locked(state):
            assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_a_directory_that_others_use_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "of_others").mkdir()
    tmp_path.chmod(0o1777)
    with pytest.raises(StackError, match=r"open to other users .* set QBANK_STATE_DIR"), locked(tmp_path):
        pass
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777
    tmp_path.chmod(0o700)
    with locked(tmp_path):
        pass


def test_another_users_directory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(StackError, match=r"belongs to another user: set QBANK_STATE_DIR"), locked(tmp_path):
        pass
