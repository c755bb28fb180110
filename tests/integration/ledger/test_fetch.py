"""Stage: answers land once, exactly, under the database's time."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unittest.mock import Mock

import pytest

from qbank.errors import QBankAuthError
from qbank_ledger.errors import ClockMovedError, LedgerError, RunRefusedError
from qbank_ledger.sync import fetch
from qbank_ledger.sync.fetch import Clock, fetch_batch, store_answers
from tests.words.ledger import Ledger, Reply, failed


def observation(ledger: Ledger, account_id: str, column: str) -> object:
    return ledger.value(f"SELECT {column} FROM sync.observation WHERE account_id = :id", id=account_id)


@pytest.mark.parametrize(
    "amount",
    [
        "1234567890123456.78", "0.30", "-0.01", "0", "12345678901234567890123456789012345678",
        "0.12345678901234567890123456789012345678",
    ],
)  # fmt: skip
def test_amounts_are_exact_to_the_last_digit(ledger: Ledger, amount: str) -> None:
    run_no = ledger.plan(only=["a"])
    ledger.fetch(
        run_no, [Reply(account_id="a", available_balance=Decimal(amount), ledger_balance=Decimal(amount))]
    )
    assert str(observation(ledger, "a", "ledger_balance::text")) == amount
    assert observation(ledger, "a", "available_balance") == Decimal(amount)


@pytest.mark.parametrize("payload", ['{"a": "\t\\n\\\\ \r\n"}', "", r"\N", r"\.", "é—\u2028", None])
def test_a_payload_is_kept_as_received(ledger: Ledger, payload: str | None) -> None:
    run_no = ledger.plan(only=["a"])
    ledger.fetch(run_no, [Reply(account_id="a", payload=payload)])
    assert ledger.rows("SELECT account_id, payload FROM sync.payload") == [("a", payload)]


def test_the_first_answer_stands(ledger: Ledger) -> None:
    run_no = ledger.plan(only=["a"])
    ledger.fetch(run_no)
    assert ledger.fetch(run_no, [Reply(account_id="a", ledger_balance=Decimal(9))]) == 0, "nothing is missing"

    with ledger.engine.connect() as connection:
        clock = Clock.read(connection)
    store_answers(ledger.engine, run_no, [Reply(account_id="a", ledger_balance=Decimal(9))], clock)
    assert observation(ledger, "a", "ledger_balance") == Decimal("120.50"), "a twin adds nothing"


def test_a_retry_asks_for_what_failed_and_counts_the_attempts(ledger: Ledger) -> None:
    run_no = ledger.plan()
    asked: list[str] = []

    def first(id_: str) -> Reply:
        return failed(id_, "timeout", attempts=5) if id_ == "b" else Reply(account_id=id_)

    def second(id_: str) -> Reply:
        asked.append(id_)
        return Reply(account_id=id_, attempts=2)

    ledger.fetch(run_no, first)
    ledger.fetch(run_no, second)
    assert asked == ["b"]
    assert ledger.rows("SELECT state, reason, attempts FROM sync.observation WHERE account_id = 'b'") == [
        ("answered", None, 7)
    ]


def test_what_the_run_did_not_ask_for_is_not_taken(ledger: Ledger) -> None:
    run_no = ledger.plan(only=["a"])
    ledger.fetch(run_no, [Reply(account_id="a"), Reply(account_id="b"), Reply(account_id="zz")])
    assert ledger.rows("SELECT account_id FROM sync.observation") == [("a",)]


def test_a_killed_fetch_loses_a_chunk_at_most(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetch._CHUNK_S == 2
    monkeypatch.setattr(fetch, "_CHUNK_S", 0.5)  # longer than it takes to write 300
    ids = [f"a{n:04}" for n in range(500)]
    ledger.accounts(*ids)
    run_no = ledger.plan()

    def dying(account_ids: list[str], *, budget_s: float):  # type: ignore[no-untyped-def]
        for n, id_ in enumerate(account_ids):
            if n == 300:
                time.sleep(0.6)
            if n == 310:
                raise KeyboardInterrupt
            yield Reply(account_id=id_)

    with pytest.raises(KeyboardInterrupt):
        fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=60, get_balances=dying)
    assert ledger.value("SELECT count(*) FROM sync.observation") == 301
    assert ledger.fetch(run_no) == 199


def test_what_had_come_before_the_bank_refused_the_client_is_kept(ledger: Ledger) -> None:
    run_no = ledger.plan()

    def refused(account_ids: list[str], *, budget_s: float) -> Iterator[Reply]:
        yield Reply(account_id="a")
        yield Reply(account_id="b")
        raise QBankAuthError("The secret was rotated.")

    with pytest.raises(QBankAuthError):
        fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=60, get_balances=refused)
    assert ledger.rows("SELECT account_id FROM sync.observation ORDER BY 1") == [("a",), ("b",)]


def test_nobody_is_asked_any_more_once_an_answer_can_not_be_written(ledger: Ledger) -> None:
    run_no = ledger.plan()
    closed: list[bool] = []

    def asking(account_ids: list[str], *, budget_s: float) -> Iterator[Reply]:
        try:
            for _ in range(1000):
                yield Reply(account_id="a", attempts=-1)
        finally:
            closed.append(True)

    with pytest.raises(LedgerError) as caught:
        fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=60, get_balances=asking)
    assert closed == [True], caught.value


@pytest.mark.parametrize("times", [1, 2])
def test_each_time_that_it_is_cleared_a_run_gets_the_same_time(ledger: Ledger, times: int) -> None:
    run_no = ledger.quick_run(failed)
    for _ in range(times):
        days_later = (
            "SET started_at = started_at - interval '1 day', deadline_at = deadline_at - interval '1 day'"
        )
        ledger.rows(f"UPDATE sync.run {days_later}, finished_at = finished_at - interval '1 day'")
        ledger.fetch(run_no, failed)
        left = ledger.value("SELECT deadline_at - now() FROM sync.run")
        assert timedelta(minutes=59) < left <= timedelta(hours=1)
        ledger.close(run_no)


def test_a_run_past_its_deadline_is_asked_for_where_its_fetch_is_cleared(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.rows(
        "UPDATE sync.run SET started_at = now() - interval '2 hours', deadline_at = now() - interval '1 hour'"
    )
    budgets: list[float] = []

    def ask(account_ids: list[str], *, budget_s: float) -> list[Reply]:
        budgets.append(budget_s)
        return answered(account_ids, budget_s=budget_s)

    fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=60, get_balances=ask)
    assert budgets == [pytest.approx(60, abs=5)]


def test_hours_between_a_run_and_its_clearing_were_asked_for_by_nobody(ledger: Ledger) -> None:
    run_no = ledger.quick_run(failed)
    earlier = "interval '10 hours'"
    ledger.rows(
        f"UPDATE sync.run SET started_at = started_at - {earlier}, deadline_at = deadline_at - {earlier},"
        f" finished_at = finished_at - {earlier};"
        f"UPDATE sync.batch SET fetch_started_at = fetch_started_at - {earlier};"
        f"UPDATE ledger.missing_hour_reason SET as_of_hour = as_of_hour - {earlier}"
    )
    ledger.fetch(run_no, failed)
    ledger.close(run_no)
    hours = ledger.rows(
        "SELECT DISTINCT round(extract(epoch FROM date_trunc('hour', now(), 'UTC') - as_of_hour) / 3600)::integer"
        " FROM ledger.missing_hour_reason ORDER BY 1"
    )
    assert hours == [(0,), (10,)]


def test_a_fetch_that_was_cleared_opens_its_run_again(ledger: Ledger) -> None:
    run_no = ledger.quick_run(lambda id_: failed(id_) if id_ == "a" else Reply(account_id=id_))
    assert ledger.value("SELECT state FROM sync.run") == "partial"
    ledger.fetch(run_no)
    assert ledger.rows("SELECT DISTINCT outcome FROM sync.outcome") == [(None,)]
    ledger.quick_audit(run_no)
    assert ledger.publish(run_no) == 3
    assert ledger.close(run_no) == "complete"
    assert ledger.value("SELECT deadline_at > now() + interval '59 minutes' FROM sync.run")


@pytest.mark.parametrize("when", ["changed since the plan", "of an accepted host"])
def test_a_task_asks_no_host_that_the_ledger_takes_no_balances_from(ledger: Ledger, when: str) -> None:
    run_no = ledger.plan()
    if when == "of an accepted host":
        ledger.rows("INSERT INTO ledger.accepted_host (api_host, accepted_by) VALUES ('other', 'test')")
        fetch_batch(ledger.engine, run_no, 0, api_host="other", budget_s=60, get_balances=answered)
        assert ledger.value("SELECT count(*) FROM sync.observation") == 3
        return
    with pytest.raises(RunRefusedError, match="points to other, from which this ledger takes no balances"):
        fetch_batch(ledger.engine, run_no, 0, api_host="other", budget_s=60, get_balances=answered)
    assert ledger.value("SELECT count(*) FROM sync.observation") == 0


def answered(account_ids: list[str], *, budget_s: float) -> list[Reply]:
    return [Reply(account_id=id_) for id_ in account_ids]


def test_tries_share_one_budget_and_leave_the_later_rooms_their_time(ledger: Ledger) -> None:
    budgets: list[float] = []

    def ask(account_ids: list[str], *, budget_s: float) -> list[Reply]:
        budgets.append(budget_s)
        return [failed(id_) for id_ in account_ids]

    run_no = ledger.plan()
    # A connection may say more than the DAG's task has.
    fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=2400, get_balances=ask)
    ledger.rows("UPDATE sync.batch SET fetch_started_at = now() - interval '1000 seconds'")
    fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=1500, get_balances=ask)
    ledger.rows(
        "UPDATE sync.batch SET fetch_started_at = now() + interval '1 hour'"
    )  # the clock was set back
    fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=1500, get_balances=ask)
    ledger.rows("UPDATE sync.run SET deadline_at = now() + interval '1000 seconds'")
    fetch_batch(ledger.engine, run_no, 0, api_host="bank", budget_s=1500, get_balances=ask)
    assert budgets == [pytest.approx(1500, abs=5), pytest.approx(500, abs=5), 1500, pytest.approx(100, abs=5)]


def test_time_is_the_databases_whatever_the_workers_clock_says() -> None:
    read = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    connection = Mock(**{"execute.return_value.scalar_one.return_value": read})
    clock = replace(Clock.read(connection), monotonic=5000.0)
    assert clock.at(5002.5) == read + timedelta(seconds=2.5)


@pytest.mark.parametrize("hours", [-2, 2])
def test_what_came_while_the_clocks_went_apart_has_no_hour(ledger: Ledger, hours: int) -> None:
    """The monotonic clock stands still while a machine sleeps; a database's clock may be set."""
    run_no = ledger.plan()
    with ledger.engine.connect() as connection:
        clock = Clock.read(connection)
    store_answers(ledger.engine, run_no, [Reply(account_id="a")], clock)
    moved = replace(clock, database=clock.database - timedelta(hours=hours))
    with pytest.raises(ClockMovedError, match="7200 s apart") as caught:
        store_answers(ledger.engine, run_no, [Reply(account_id="b")], moved)
    assert caught.value.retryable
    assert ledger.rows("SELECT account_id FROM sync.observation") == [("a",)]
    ledger.fetch(run_no)
    assert (
        ledger.value(
            "SELECT count(*) FROM sync.observation WHERE observed_at > clock_timestamp() - interval '1 minute'"
        )
        == 3
    ), "a retry asks again"
