"""The limiter: additive up, multiplicative down, one for all threads."""

import math
import threading
import time

import pytest

from qbank import pace as pace_module
from qbank.evidence import LEAST_THROTTLED, TRIAL_LEAST
from qbank.pace import PAUSE_S, SLOW_START, Pace


@pytest.fixture
def unspaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objections that leave a rate which no test has to wait for."""
    monkeypatch.setattr(pace_module, "LEAST_RATE", 10_000.0)


def object_(pace: Pace, wait: float | None = None) -> None:
    """Throttle as many different accounts as it takes until the client is meant."""
    turns = [take(pace) for _ in range(LEAST_THROTTLED)]
    for number, began_at in enumerate(turns):
        pace.leave(began_at, f"account-{number}", "throttled", wait)


def take(pace: Pace) -> float:
    while (wait := pace.enter(now := time.monotonic())) > 0:
        time.sleep(wait)
    return now


def test_concurrency_starts_low_and_doubles_a_round_until_the_bank_objects() -> None:
    pace = Pace(64)
    turns = [take(pace) for _ in range(SLOW_START)]
    assert pace.enter(time.monotonic()) > 0  # no more at once, for now
    for began_at in turns:
        pace.leave(began_at, "a", "taken")
    assert pace._limit == 2 * SLOW_START


def test_concurrency_never_exceeds_what_was_asked_for() -> None:
    pace = Pace(10)
    for _ in range(100):
        pace.leave(take(pace), "a", "taken")
    assert pace._limit == 10


def test_an_objection_halves_concurrency_once_however_many_threads_hear_it() -> None:
    pace = Pace(64)
    while pace._limit < 64:
        pace.leave(take(pace), "a", "taken")
    turns = [take(pace) for _ in range(64)]
    for number, began_at in enumerate(turns):
        pace.leave(began_at, f"account-{number}", "throttled", 0.0)
    assert pace._limit == 32


def test_one_account_in_trouble_slows_nobody() -> None:
    pace = Pace(64)
    for _ in range(100):
        pace.leave(take(pace), "a", "throttled", 3600.0)
        pace.leave(take(pace), "b", "taken")
    assert (pace._limit, pace._rate, pace._opens_at) == (64, math.inf, 0.0)


@pytest.mark.usefixtures("unspaced")
def test_after_an_objection_concurrency_grows_by_one_a_round() -> None:
    pace = Pace(64)
    object_(pace)
    for _ in range(4):
        pace.leave(take(pace), "a", "taken")
    assert 4.5 < pace._limit <= 5.0


@pytest.mark.usefixtures("unspaced")
def test_concurrency_never_falls_below_one() -> None:
    pace = Pace(8)
    for _ in range(6):
        for number in range(TRIAL_LEAST):
            pace.leave(take(pace), f"account-{number}", "throttled", 0.0)
    assert pace._limit == 1
    pace.leave(take(pace), "a", "taken")


def test_a_call_that_got_lost_says_nothing_about_the_pace() -> None:
    pace = Pace(64)
    pace.leave(take(pace), "a", "lost")
    assert pace._limit == SLOW_START
    assert pace._busy == 0


@pytest.mark.parametrize("wait", [None, 0.4])
@pytest.mark.usefixtures("unspaced")
def test_a_closed_door_holds_every_thread_for_as_long_as_was_asked(wait: float | None) -> None:
    pace = Pace(64)
    for number in range(LEAST_THROTTLED + TRIAL_LEAST):
        pace.leave(take(pace), f"account-{number}", "throttled", wait)
    asked_at = time.monotonic()
    began: list[float] = []

    def call() -> None:
        began.append(take(pace))
        pace.leave(began[-1], "a", "lost")

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(began) == 3
    assert min(began) - asked_at >= (wait or PAUSE_S) - 0.05


def test_a_rate_spaces_the_calls() -> None:
    pace = Pace(64, requests_per_second=100)
    began = [take(pace)]
    for _ in range(20):
        pace.leave(began[-1], "a", "taken")
        began.append(take(pace))
    assert 0.18 <= began[-1] - began[0] < 0.5


def test_the_rate_after_an_objection_is_what_went_through_and_less() -> None:
    pace = Pace(64)
    for number in range(100):
        pace.leave(take(pace), f"account-{number}", "taken")
    for number in range(4):
        pace.leave(take(pace), f"throttled-{number}", "throttled")
    assert pace._rate == pytest.approx(60)
    pace.leave(take(pace), "a", "taken")
    assert pace._rate == pytest.approx(61)


@pytest.mark.usefixtures("unspaced")
def test_where_slowing_changes_nothing_the_pace_is_as_before() -> None:
    pace = Pace(64)
    for number in range(100):
        pace.leave(take(pace), f"account-{number}", "taken")
    before = pace._limit, pace._rate
    slowest = before
    for number in range(100, 260):
        pace.leave(take(pace), f"account-{number}", "throttled" if number % 2 else "taken")
        slowest = min(slowest, (pace._limit, pace._rate))
    assert slowest < before
    assert (pace._limit, pace._rate) >= before
