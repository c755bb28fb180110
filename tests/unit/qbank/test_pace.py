"""The limiter: additive up, multiplicative down, one for all threads."""

import threading
import time

import pytest

from qbank import pace as pace_module
from qbank.budget import Budget
from qbank.pace import SLOW_START, Pace


@pytest.fixture
def unspaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objections that leave a rate which no test has to wait for."""
    monkeypatch.setattr(pace_module, "LEAST_RATE", 10_000.0)


def take(pace: Pace) -> float:
    began_at = pace.enter(Budget(5))
    assert began_at is not None
    return began_at


def test_concurrency_starts_low_and_doubles_a_round_until_the_bank_objects() -> None:
    pace = Pace(64)
    turns = [take(pace) for _ in range(SLOW_START)]
    assert pace.enter(Budget(0.05)) is None  # no more at once, for now
    for began_at in turns:
        pace.leave(began_at, "taken")
    assert pace._limit == 2 * SLOW_START


def test_concurrency_never_exceeds_what_was_asked_for() -> None:
    pace = Pace(10)
    for _ in range(100):
        pace.leave(take(pace), "taken")
    assert pace._limit == 10


def test_an_objection_halves_concurrency_once_however_many_threads_hear_it() -> None:
    pace = Pace(64)
    turns = [take(pace) for _ in range(8)]
    for began_at in turns:
        pace.leave(began_at, "throttled", 0.0)
    assert pace._limit == SLOW_START / 2


@pytest.mark.usefixtures("unspaced")
def test_after_an_objection_concurrency_grows_by_one_a_round() -> None:
    pace = Pace(64)
    pace.leave(take(pace), "throttled", 0.0)
    for _ in range(4):
        pace.leave(take(pace), "taken")
    assert 4.5 < pace._limit <= 5.0


@pytest.mark.usefixtures("unspaced")
def test_concurrency_never_falls_below_one() -> None:
    pace = Pace(8)
    for _ in range(6):
        pace.leave(take(pace), "throttled", 0.0)
    assert pace._limit == 1
    pace.leave(take(pace), "taken")


def test_a_call_that_got_lost_says_nothing_about_the_pace() -> None:
    pace = Pace(64)
    pace.leave(take(pace), "lost")
    assert pace._limit == SLOW_START
    assert pace._busy == 0


@pytest.mark.usefixtures("unspaced")
def test_a_pause_holds_every_thread() -> None:
    pace = Pace(8)
    pace.leave(take(pace), "throttled", 0.3)
    asked_at = time.monotonic()
    began: list[float] = []
    threads = [threading.Thread(target=lambda: began.append(take(pace))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(began) - asked_at >= 0.25


def test_a_rate_spaces_the_calls() -> None:
    pace = Pace(64, requests_per_second=100)
    began = [take(pace)]
    for _ in range(20):
        pace.leave(began[-1], "taken")
        began.append(take(pace))
    assert 0.18 <= began[-1] - began[0] < 0.5


def test_the_rate_after_an_objection_is_what_went_through_and_less() -> None:
    pace = Pace(64)
    for _ in range(100):
        pace.leave(take(pace), "taken")
    pace.leave(take(pace), "throttled", 0.0)
    assert pace._rate == pytest.approx(60)
    pace.leave(take(pace), "taken")
    assert pace._rate == pytest.approx(61)


def test_waiting_for_a_turn_ends_with_the_budget() -> None:
    pace = Pace(1)
    take(pace)
    began = time.monotonic()
    assert pace.enter(Budget(0.2)) is None
    assert 0.15 < time.monotonic() - began < 0.5
    budget = Budget()
    threading.Timer(0.1, budget.cancel).start()
    assert pace.enter(budget) is None
