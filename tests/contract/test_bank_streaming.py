"""Answers as they come, in bounded time, memory and threads."""

import threading
import time
import tracemalloc

import pytest

from qbank import batch
from qbank.answer import BalanceAnswer
from qbank.errors import QBankAuthError
from tests.contract.bank import Answer, Bank, Call
from tests.contract.conftest import ClientOf
from tests.contract.test_bank_http import drip, serving

IDS = [f"account-{number}" for number in range(200)]


def threads() -> int:
    return sum(thread.name.startswith("qbank-") for thread in threading.enumerate())


def test_each_id_is_answered_once(bank: Bank, client_of: ClientOf) -> None:
    answers = list(client_of().get_balances(iter([*IDS, *IDS])))
    assert sorted(a.account_id for a in answers) == sorted(IDS)
    assert max(bank.calls_by_account.values()) == 1
    assert threads() == 0


def test_no_ids_are_no_answers_and_no_request(bank: Bank, client_of: ClientOf) -> None:
    assert list(client_of().get_balances([])) == []
    assert bank.calls == []


def test_an_answer_knows_when_it_arrived(bank: Bank, client_of: ClientOf) -> None:
    before = time.monotonic()
    answers = client_of().get_balances(["a"])
    answer = next(answers)
    assert before < answer.arrived < time.monotonic()


def test_quick_accounts_come_before_slow_ones(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(delay_s=0.5 if call.account_id == IDS[0] else 0)
    answers = [a.account_id for a in client_of().get_balances(IDS[:20])]
    assert answers[-1] == IDS[0]


def test_waiting_accounts_hold_no_thread(bank: Bank, client_of: ClientOf) -> None:
    failed: set[str] = set()

    def fail_once(call: Call) -> Answer:
        if call.account_id in failed:
            return Answer()
        failed.add(call.account_id)
        return Answer(status=503)

    bank.balance = fail_once
    began = time.monotonic()
    client = client_of(concurrency=2, max_backoff_s=1)
    assert {a.state for a in client.get_balances(IDS[:60])} == {"answered"}
    assert time.monotonic() - began < 5  # 60 waits of 0.25 s, two at a time, are 7.5 s


def test_only_a_window_of_accounts_is_on_its_way(bank: Bank, client_of: ClientOf) -> None:
    ids = [f"{number}" for number in range(2000)]
    answers = client_of(concurrency=4).get_balances(ids)
    next(answers)
    time.sleep(0.5)
    assert len(bank.balance_calls) <= 4 * batch.WINDOW + 5
    answers.close()  # type: ignore[attr-defined]


class Prompt:
    """Calls that end at once, each with the same answer or with a fault."""

    def __init__(self, answer: BalanceAnswer | Exception) -> None:
        self._answer = answer
        self._begun: list[batch.Attempt] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass

    def begin(self, attempt: batch.Attempt) -> float:
        self._begun.append(attempt)
        return 0.0

    def wait(self, seconds: float) -> list[tuple[batch.Attempt, batch.Ended]]:
        if isinstance(self._answer, Exception):
            raise self._answer
        ended: list[tuple[batch.Attempt, batch.Ended]] = [(attempt, self._answer) for attempt in self._begun]
        self._begun = []
        return ended

    def wake(self) -> None:
        pass

    def finish(self) -> None:
        pass


def test_memory_does_not_grow_with_the_accounts(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    one = client_of().get_balance("a")
    grown = []
    for count in (1_000, 20_000):
        ids = [f"account-{number}" for number in range(count)]
        running = batch.Batch(ids, Prompt(one), at_once=8, budget=batch.Budget())
        tracemalloc.start()
        assert sum(1 for _ in running) == count
        grown.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert grown[1] - grown[0] < 500_000


class OneByOne(Prompt):
    """Calls that end one after the other."""

    def wait(self, seconds: float) -> list[tuple[batch.Attempt, batch.Ended]]:
        assert isinstance(self._answer, BalanceAnswer)
        return [(self._begun.pop(), self._answer)] if self._begun else []


def test_the_consumer_is_woken_for_a_handful_of_answers_and_not_for_each(client_of: ClientOf) -> None:
    running = batch.Batch(
        [f"{number}" for number in range(2000)],
        OneByOne(client_of().get_balance("a")),
        at_once=8,
        budget=batch.Budget(),
    )
    woken = 0
    notify = running._came.notify

    def note() -> None:
        nonlocal woken
        woken += 1
        notify()

    running._came.notify = note  # type: ignore[method-assign, assignment]
    began = time.monotonic()
    assert sum(1 for _ in running) == 2000
    in_time = (time.monotonic() - began) / batch.HAND_OVER_S
    assert woken <= 2000 / (8 * batch.HANDFUL) + in_time + 1


def test_an_answer_is_there_while_others_take_long(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(delay_s=0 if call.account_id == IDS[0] else 2)
    answers = client_of(concurrency=8).get_balances(IDS[:8])
    began = time.monotonic()
    assert next(answers).account_id == IDS[0]
    assert time.monotonic() - began < 1
    answers.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("consume", [1, 50])
def test_a_consumer_that_goes_away_leaves_no_thread(bank: Bank, client_of: ClientOf, consume: int) -> None:
    bank.balance = lambda call: Answer(delay_s=0.02)
    client = client_of()
    answers = client.get_balances(IDS)
    for _ in range(consume):
        next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert threads() == 0
    assert len(bank.balance_calls) < 200
    assert client._pace._busy == 0


def test_a_consumer_that_fails_leaves_no_thread(bank: Bank, client_of: ClientOf) -> None:
    def consume() -> None:
        for _ in client_of().get_balances(IDS):
            raise KeyError

    with pytest.raises(KeyError):
        consume()
    assert threads() == 0


def test_one_hanging_account_holds_nobody_else_and_ends(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(drip_s=0.05 if call.account_id == IDS[7] else None)
    began = time.monotonic()
    client = client_of(timeout_s=0.3, max_attempts=3)
    answers = [(a, time.monotonic() - began) for a in client.get_balances(IDS)]
    last, took = answers[-1]
    assert (last.account_id, last.reason, last.attempts) == (IDS[7], "timeout", 3)
    assert took < 3 * 0.3 + 2 * 0.05 + 0.6
    assert {a.state for a, _ in answers[:-1]} == {"answered"}


def test_the_budget_ends_everything_and_names_what_is_left(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(delay_s=0.1)
    began = time.monotonic()
    answers = list(client_of(concurrency=4).get_balances(IDS, budget_s=0.55))
    assert time.monotonic() - began < 1.2
    assert sorted(a.account_id for a in answers) == sorted(IDS)
    left = [a for a in answers if a.reason == "not_attempted"]
    assert 100 < len(left) < 200
    assert {(a.state, a.attempts, a.payload, a.http_status) for a in left} == {("failed", 0, None, None)}
    assert len(bank.balance_calls) < 40


def test_waiting_for_a_turn_ends_with_the_budget(bank: Bank, client_of: ClientOf) -> None:
    began = time.monotonic()
    answers = list(client_of(requests_per_second=0.2).get_balances(IDS[:5], budget_s=0.5))
    assert time.monotonic() - began < 1.5
    assert [a.reason for a in answers][-3:] == ["not_attempted"] * 3


def test_an_account_that_waits_when_time_runs_out_keeps_its_reason(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(status=503, headers={"Retry-After": "30"})
    began = time.monotonic()
    (answer,) = client_of(max_backoff_s=60).get_balances(["a"], budget_s=0.5)
    assert time.monotonic() - began < 1
    assert (answer.reason, answer.attempts) == ("http_503", 1)


def test_a_dead_bank_trips_the_breaker(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BREAKER_S", 0.5)
    ids = [f"{number}" for number in range(5000)]
    began = time.monotonic()
    client = client_of(api_url="http://127.0.0.1:9", concurrency=4)
    answers = list(client.get_balances(ids))
    assert time.monotonic() - began < 5
    assert len(answers) == 5000
    assert {a.reason for a in answers} == {"connection", "not_attempted"}
    assert sum(a.reason == "not_attempted" for a in answers) > 2500
    assert threads() == 0


def test_a_bank_that_comes_back_does_not_trip_the_breaker(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BREAKER_S", 0.0)
    calls = [0]

    def flaky(call: Call) -> Answer:
        calls[0] += 1
        return Answer() if calls[0] % 4 == 0 else Answer(raw=b"")

    bank.balance = flaky
    client = client_of(concurrency=4, max_attempts=20)
    assert {a.state for a in client.get_balances(IDS[:40])} == {"answered"}


def test_a_dead_bank_never_outlasts_the_budget(bank: Bank, client_of: ClientOf) -> None:
    with serving(drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 99)) as port:
        client = client_of(api_url=f"http://127.0.0.1:{port}")
        began = time.monotonic()
        answers = list(client.get_balances(IDS, budget_s=0.6))
    assert time.monotonic() - began < 1.3
    assert {a.reason for a in answers} == {"timeout", "not_attempted"}


def test_answers_that_had_come_are_given_before_the_error(bank: Bank, client_of: ClientOf) -> None:
    served = [0]

    def refuse_later(call: Call) -> Answer:
        served[0] += 1
        if served[0] == 30:
            bank.revoke()
            bank.token = lambda call: Answer(status=401, body={"error": "invalid_client"})
        return Answer()

    bank.balance = refuse_later
    answers: list[BalanceAnswer] = []
    client = client_of(concurrency=2)
    with pytest.raises(QBankAuthError, match="invalid_client"):
        answers.extend(client.get_balances(IDS))
    assert len(answers) == 30
    assert len(bank.token_calls) == 2


def test_a_fault_of_our_own_reaches_the_consumer() -> None:
    broken = Prompt(ZeroDivisionError())
    running = batch.Batch(IDS, broken, at_once=4, budget=batch.Budget())
    with pytest.raises(ZeroDivisionError):
        list(running)
    assert threads() == 0


def test_two_batches_of_one_client_share_its_token(bank: Bank, client_of: ClientOf) -> None:
    client = client_of()
    one, two = client.get_balances(IDS[:50]), client.get_balances(IDS[50:])
    pairs = list(zip(one, two, strict=False))
    assert len(pairs) == 50
    assert len(bank.token_calls) == 1
    one.close(), two.close()  # type: ignore[attr-defined]
