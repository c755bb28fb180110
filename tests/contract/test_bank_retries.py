"""What is sent again, how often and how soon, and how fast in all: bar line 10."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from qbank import batch, pace
from tests.contract.bank import Answer, Bank, Call
from tests.contract.conftest import ClientOf

IDS = [f"account-{number}" for number in range(400)]


@pytest.mark.parametrize("status", [202, 408, 429, 500, 501, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again_up_to_max_attempts(
    bank: Bank, client_of: ClientOf, status: int
) -> None:
    bank.balance = lambda call: Answer(status=status, body="down")
    answer = client_of(max_attempts=3, max_backoff_s=0.01).get_balance("a")
    reason = "rate_limited" if status == 429 else f"http_{status}"
    assert (answer.state, answer.reason, answer.http_status) == ("failed", reason, status)
    assert (answer.attempts, len(bank.balance_calls)) == (3, 3)
    assert answer.payload == "down"


@pytest.mark.parametrize(
    "status", [201, 203, 204, 206, 300, 304, 400, 402, 403, 404, 405, 409, 410, 418, 451]
)
def test_any_other_status_costs_one_call_and_one_account(
    bank: Bank, client_of: ClientOf, status: int
) -> None:
    bank.balance = lambda call: Answer(status=status, body="" if status in (204, 304) else "{}")
    answer = client_of().get_balance("a")
    assert (answer.state, answer.reason, answer.attempts) == ("failed", f"http_{status}", 1)
    assert len(bank.balance_calls) == 1


def test_a_drop_and_a_timeout_are_tried_again(bank: Bank, client_of: ClientOf) -> None:
    outcomes = iter([Answer(raw=b""), Answer(delay_s=0.5), Answer()])
    bank.balance = lambda call: next(outcomes)
    answer = client_of(timeout_s=0.25).get_balance("a")
    assert (answer.state, answer.attempts) == ("answered", 3)


def test_attempts_are_spaced_by_the_backoff(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    bank.balance = lambda call: Answer(status=500)
    client_of(max_attempts=3, max_backoff_s=0.2).get_balance("a")
    at = [call.at for call in bank.balance_calls]
    assert min(after - before for before, after in pairwise(at)) >= 0.2


def test_an_unfit_answer_is_not_tried_again(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(body="{}")
    answer = client_of().get_balance("a")
    assert (answer.state, answer.reason, answer.attempts) == ("unfit", "missing_field", 1)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_out_by_its_account_alone(bank: Bank, client_of: ClientOf, form: str) -> None:
    ask = {
        "seconds": "1",
        "date": format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True),
    }
    first = iter([Answer(status=503, headers={"Retry-After": ask[form]})])
    bank.balance = lambda call: (next(first, None) if call.account_id == "a" else None) or Answer()
    client = client_of(max_backoff_s=5, concurrency=1)
    assert {a.state for a in client.get_balances(["a", *IDS[:20]])} == {"answered"}
    of_a = [call.at for call in bank.balance_calls if call.account_id == "a"]
    others = [call.at for call in bank.balance_calls if call.account_id != "a"]
    assert of_a[1] - of_a[0] >= 0.7
    assert max(others) - min(others) < 0.5


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", ["3600", "9" * 5000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_beyond_max_backoff_ends_the_account_at_once(
    bank: Bank, client_of: ClientOf, status: int, asked: str
) -> None:
    bank.balance = lambda call: Answer(status=status, headers={"Retry-After": asked})
    began = time.monotonic()
    answer = client_of(max_backoff_s=60).get_balance("a")
    assert time.monotonic() - began < 1
    assert (answer.reason, answer.attempts) == ("rate_limited" if status == 429 else "http_503", 1)
    assert answer.retry_after_s is not None
    assert answer.retry_after_s >= 3600


def test_a_wait_beyond_the_budget_ends_the_account_at_once(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(status=429, headers={"Retry-After": "30"})
    began = time.monotonic()
    (answer,) = client_of(max_backoff_s=60).get_balances(["a"], budget_s=20)
    assert time.monotonic() - began < 1
    assert (answer.reason, answer.attempts, answer.retry_after_s) == ("rate_limited", 1, 30)


@pytest.mark.parametrize(
    ("bad", "status", "asked"),
    [
        (3, 429, "3600"),
        (3, 503, "3600"),
        (3, 429, "2"),
        (3, 503, "2"),
        (30, 429, None),
        (150, 503, "3600"),
    ],
)
def test_accounts_in_trouble_of_their_own_cost_the_others_nothing(
    bank: Bank, client_of: ClientOf, bad: int, status: int, asked: str | None
) -> None:
    """300 accounts at 20 ms, 16 at once: 0.4 s when all is well. It takes a while to find that a tenth, or half of
    them, are in trouble whatever the pace."""
    troubled = set(IDS[10 : 10 + bad])  # side by side, as the accounts of one branch may be
    headers = {"Retry-After": asked} if asked else {}

    def balance(call: Call) -> Answer:
        if call.account_id in troubled:
            return Answer(status=status, headers=headers, delay_s=0.02)
        return Answer(delay_s=0.02)

    bank.balance = balance
    began = time.monotonic()
    took: list[float] = []
    answers = []
    for answer in client_of(max_backoff_s=5, max_attempts=3).get_balances(IDS[:300]):
        answers.append(answer)
        if answer.account_id not in troubled:
            took.append(time.monotonic() - began)
    reason = "rate_limited" if status == 429 else "http_503"
    assert {a.account_id for a in answers if a.state == "answered"} == set(IDS[:300]) - troubled
    assert {a.reason for a in answers if a.state != "answered"} == {reason}
    assert max(took) < (2 if bad == 3 else 60)
    assert time.monotonic() - began < (15 if bad == 3 else 120)


def test_a_bank_that_wants_to_be_left_alone_for_an_hour_is(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BREAKER_S", 0.5)
    monkeypatch.setattr(pace, "LEAST_RATE", 100.0)
    bank.balance = lambda call: Answer(status=429, headers={"Retry-After": "3600"})
    answers = list(client_of(concurrency=4, max_backoff_s=60).get_balances(IDS))
    assert {a.reason for a in answers} == {"rate_limited", "not_attempted"}
    assert len(bank.balance_calls) < 150


class Bucket:
    """A token bucket: what most limiters are."""

    def __init__(self, rate: float, burst: float, headers: dict[str, str]) -> None:
        self.rate, self.burst, self.headers = rate, burst, headers
        self.level, self.at, self.throttled = burst, time.monotonic(), 0

    def __call__(self, call: Call) -> Answer:
        now = time.monotonic()
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            self.throttled += 1
            return Answer(status=429, headers=self.headers, delay_s=0.005)
        self.level -= 1
        return Answer(delay_s=0.005)


@pytest.mark.parametrize(
    ("burst", "concurrency", "headers"),
    [(100, 16, {}), (100, 16, {"Retry-After": "1"}), (1, 16, {}), (20, 64, {"Retry-After": "1"})],
)
def test_a_limit_of_100_a_second_loses_nothing_and_throttles_little(
    bank: Bank, client_of: ClientOf, burst: int, concurrency: int, headers: dict[str, str]
) -> None:
    bank.balance = limit = Bucket(100, burst, headers)
    client = client_of(concurrency=concurrency, max_backoff_s=5)
    began = time.monotonic()
    answers = list(client.get_balances(IDS))
    took = time.monotonic() - began
    assert {a.state for a in answers} == {"answered"}
    assert limit.throttled < 0.1 * len(bank.balance_calls)
    assert took < 15


def test_requests_per_second_is_kept(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(requests_per_second=50)
    list(client.get_balances(IDS[:50]))
    at = sorted(call.at for call in bank.balance_calls)
    assert 0.9 <= at[-1] - at[0] < 2
