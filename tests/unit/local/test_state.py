"""The state directory: its lock, and what is deleted of it."""

import threading
from pathlib import Path

from local.state import delete, held, locked


def test_only_what_the_stack_wrote_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "postgres/data").mkdir(parents=True)
    (tmp_path / "keys.json").touch()
    (tmp_path / "thesis.tex").touch()
    delete(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_directory_with_nothing_else_in_it_goes_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "logs").mkdir(parents=True)
    delete(state)
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


def test_a_directory_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path) as first, held(tmp_path) as second:
        assert (first, second) == (True, False)
    with held(tmp_path) as again:
        assert again
