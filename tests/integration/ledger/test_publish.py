"""Publish: all at once, exactly once, later wins, and whatever is replaced stays in the history."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import exc, text

from qbank_ledger.db import transaction
from qbank_ledger.db.transaction import snapshot
from qbank_ledger.errors import LedgerUnavailableError, RunRefusedError
from qbank_ledger.seals.verify import verify
from qbank_ledger.sync import publish
from tests.words.ledger import Ledger, Reply, failed


def balances(ledger: Ledger) -> list[tuple[str, Decimal, int, int]]:
    return [
        tuple(row)
        for row in ledger.rows(
            "SELECT account_id, ledger_balance, revision, run_no FROM ledger.balance ORDER BY 1"
        )
    ]


def giving(amount: str, **fields: object):  # type: ignore[no-untyped-def]
    return lambda id_: Reply(account_id=id_, ledger_balance=Decimal(amount), **fields)  # type: ignore[arg-type]


def test_the_later_observation_of_an_hour_wins_and_the_earlier_is_history(ledger: Ledger) -> None:
    first = ledger.quick_run(giving("121.00"))
    second = ledger.quick_run(giving("122.00"))
    assert balances(ledger) == [(id_, Decimal("122.00"), 2, second) for id_ in "abc"]
    assert ledger.rows("SELECT DISTINCT ledger_balance, revision, run_no FROM ledger.balance_history") == [
        (Decimal("121.00"), 1, first)
    ]
    assert ledger.value(
        "SELECT bool_and(h.superseded_at = b.recorded_at) FROM ledger.balance AS b"
        " JOIN ledger.balance_history AS h USING (account_id, as_of_hour)"
    ), "versions leave no gap and do not overlap"


def test_an_older_observation_never_overwrites_a_newer_one_and_counts_as_published(ledger: Ledger) -> None:
    older = ledger.plan()
    ledger.fetch(older, giving("121.00"))
    ledger.quick_audit(older)
    newer = ledger.quick_run(giving("122.00"))
    assert ledger.publish(older) == 0
    assert ledger.close(older) == "complete"
    assert balances(ledger) == [(id_, Decimal("122.00"), 1, newer) for id_ in "abc"]
    assert ledger.value("SELECT count(*) FROM ledger.balance_history") == 0


def test_publishing_again_changes_nothing(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    assert ledger.publish(run_no) == 3
    before = ledger.rows("SELECT * FROM ledger.balance ORDER BY 1"), ledger.rows("SELECT * FROM ledger.seal")
    assert ledger.publish(run_no) == 3
    assert (
        ledger.rows("SELECT * FROM ledger.balance ORDER BY 1"),
        ledger.rows("SELECT * FROM ledger.seal"),
    ) == before


def test_a_balance_stands_under_the_hour_of_its_observation(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.rows("UPDATE sync.run SET started_at = started_at - interval '3 hours'")
    ledger.rows(
        "UPDATE sync.observation"
        " SET observed_at = observed_at - CASE account_id WHEN 'a' THEN interval '2 hours' ELSE interval '0' END"
    )
    ledger.quick_audit(run_no)
    ledger.publish(run_no)
    assert ledger.rows(
        "SELECT account_id, date_trunc('hour', now(), 'UTC') - as_of_hour FROM ledger.balance ORDER BY 1"
    ) == [("a", timedelta(hours=2)), ("b", timedelta(0)), ("c", timedelta(0))]


def test_a_dry_run_publishes_nothing(ledger: Ledger) -> None:
    run_no = ledger.quick_run(dry_run=True)
    assert ledger.rows("SELECT state, published FROM sync.run WHERE run_no = :n", n=run_no) == [
        ("dry_run", 3)
    ]
    assert ledger.rows("SELECT DISTINCT outcome FROM sync.outcome") == [("would_publish",)]
    assert balances(ledger) == []
    assert ledger.value("SELECT count(*) FROM ledger.missing_hour_reason") == 0


def test_a_run_without_one_fit_answer_leaves_no_seal(ledger: Ledger) -> None:
    ledger.quick_run(failed)
    assert ledger.value("SELECT state FROM sync.run") == "failed"
    assert ledger.value("SELECT count(*) FROM ledger.seal") == 0


def test_a_closed_run_is_not_published(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    ledger.close(run_no)
    with pytest.raises(RunRefusedError, match="closed before it was published"):
        ledger.publish(run_no)
    assert ledger.rows("SELECT DISTINCT outcome, reasons FROM sync.outcome") == [
        ("failed", ["publish_error"])
    ]


def test_a_publish_that_breaks_off_leaves_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    real = publish.execute

    def cut(connection, name, **parameters):  # type: ignore[no-untyped-def]
        if name == "publish_seal":
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            ledger.rows("SELECT pg_terminate_backend(:pid, 5000)", pid=pid)
        return real(connection, name, **parameters)

    monkeypatch.setattr(publish, "execute", cut)
    with pytest.raises(LedgerUnavailableError):
        ledger.publish(run_no)
    assert balances(ledger) == []
    monkeypatch.undo()
    assert ledger.publish(run_no) == 3


def test_a_deadlock_is_tried_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    monkeypatch.setattr(transaction, "PATIENCE_S", 30.0)
    real, calls = publish._publish, []

    def once(connection, number):  # type: ignore[no-untyped-def]
        calls.append(number)
        if len(calls) < 3:
            connection.execute(
                text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$")
            )
        return real(connection, number)

    monkeypatch.setattr(publish, "_publish", once)
    assert ledger.publish(run_no) == 3
    assert len(calls) == 3


def test_seals_are_a_chain_over_what_each_publish_wrote(ledger: Ledger) -> None:
    ledger.quick_run(giving("121.00"))
    ledger.quick_run(giving("122.00"))
    ledger.quick_run(giving("123.00"))
    first, second, third = ledger.rows("SELECT * FROM ledger.seal ORDER BY seal_no")
    assert [seal.previous_sha256 for seal in (first, second, third)] == [None, first.sha256, second.sha256]
    assert first.control_totals == {"EUR": {"available": "300", "ledger": "363"}}
    assert [seal.row_count for seal in (first, second, third)] == [3, 3, 3]


# ── whatever hand ──────────────────────────────────────────────────────────────────────────────────


def partition(ledger: Ledger, parent: str) -> str:
    return str(ledger.value(f"SELECT tableoid::regclass FROM {parent} LIMIT 1"))


@pytest.mark.parametrize("relation", ["ledger.balance", "its partition"])
def test_a_change_by_hand_is_history_too(ledger: Ledger, relation: str) -> None:
    ledger.quick_run(giving("121.00"))
    name = partition(ledger, "ledger.balance") if relation == "its partition" else relation
    ledger.rows(f"UPDATE {name} SET ledger_balance = 0 WHERE account_id = 'a'")
    ledger.rows(f"DELETE FROM {name} WHERE account_id = 'b'")
    history = ledger.rows(
        "SELECT account_id, ledger_balance, superseded_at FROM ledger.balance_history ORDER BY 1"
    )
    assert [(id_, amount) for id_, amount, _ in history] == [
        ("a", Decimal("121.00")),
        ("b", Decimal("121.00")),
    ]
    assert ledger.rows(
        "SELECT revision, recorded_at = :at FROM ledger.balance WHERE account_id = 'a'", at=history[0][2]
    ) == [(2, True)]


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE ledger.balance",
        "TRUNCATE {balance}",
        "UPDATE ledger.balance SET account_id = 'z' WHERE account_id = 'a'",
        "UPDATE ledger.balance SET observed_at = observed_at - interval '1 microsecond'",
        "UPDATE ledger.balance_history SET ledger_balance = 0",
        "UPDATE {history} SET ledger_balance = 0",
        "DELETE FROM ledger.balance_history",
        "DELETE FROM {history}",
        "TRUNCATE ledger.balance_history",
        "TRUNCATE {history}",
        "UPDATE ledger.seal SET row_count = 1",
        "DELETE FROM ledger.seal",
        "TRUNCATE ledger.seal",
    ],
)
def test_what_is_kept_for_ever_refuses_to_be_changed(ledger: Ledger, statement: str) -> None:
    ledger.quick_run(giving("121.00"))
    ledger.quick_run(giving("122.00"))
    names = {
        "balance": partition(ledger, "ledger.balance"), "history": partition(ledger, "ledger.balance_history"),
    }  # fmt: skip
    with pytest.raises(exc.DBAPIError):
        ledger.rows(statement.format(**names))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("column", ["available_balance", "ledger_balance"])
def test_the_table_itself_refuses_what_is_not_finite(ledger: Ledger, column: str, amount: str) -> None:
    ledger.quick_run()
    with pytest.raises(exc.IntegrityError):
        ledger.rows(f"UPDATE ledger.balance SET {column} = '{amount}'")


def test_the_table_itself_refuses_another_hour_than_the_observations(ledger: Ledger) -> None:
    ledger.quick_run()
    with pytest.raises(exc.IntegrityError, match="hour_is_that_of_the_observation"):
        ledger.rows("INSERT INTO ledger.balance SELECT account_id, as_of_hour - interval '1 hour', available_balance,"
                    " ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at FROM ledger.balance")  # fmt: skip


# ── together ───────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def threads(*targets: object) -> Iterator[None]:
    running = [threading.Thread(target=target) for target in targets]  # type: ignore[arg-type]
    for thread in running:
        thread.start()
    yield
    for thread in running:
        thread.join(60)


def test_publishers_at_once_leave_one_order_of_versions(ledger: Ledger) -> None:
    runs = []
    for amount in range(8):
        run_no = ledger.plan()
        ledger.fetch(run_no, giving(f"{amount}.00"))
        ledger.quick_audit(run_no)
        runs.append(run_no)
    with threads(*(lambda run_no=run_no: ledger.publish(run_no) for run_no in reversed(runs))):
        pass
    assert {row[1] for row in balances(ledger)} == {Decimal("7.00")}, "the latest observation has won"
    assert ledger.value("SELECT count(*) FROM ledger.balance_history WHERE superseded_at <= recorded_at") == 0
    assert ledger.value(
        "SELECT count(*) FROM ledger.seal AS s WHERE previous_sha256 IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM ledger.seal AS p WHERE p.sha256 = s.previous_sha256)"
    ) == 0  # fmt: skip


def test_publishers_of_different_accounts_take_turns_too(ledger: Ledger) -> None:
    """No row of theirs is the same, yet their seals are one chain."""
    runs = []
    for account in ("a", "b"):
        runs.append(ledger.plan(only=[account]))
        ledger.fetch(runs[-1])
        ledger.quick_audit(runs[-1])
    with ledger.engine.begin() as first:
        assert publish._publish(first, runs[0]) == 1
        second = threading.Thread(target=ledger.publish, args=(runs[1],))
        second.start()
        second.join(0.5)
        assert second.is_alive(), "it waits for the first to end"
    second.join(60)
    assert verify(ledger.engine).startswith("The ledger is intact: 2 seals cover its 2 rows.")


def test_a_reader_sees_a_publish_whole_or_not_at_all(ledger: Ledger) -> None:
    ledger.accounts(*(f"a{n:04}" for n in range(400)))
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(ledger.value("SELECT count(*) FROM ledger.balance"))

    with threads(read):
        ledger.quick_run()
        done.set()
    assert seen <= {0, 400}


def test_who_waited_sees_what_its_holder_wrote_whatever_the_database_says(ledger: Ledger) -> None:
    name = ledger.url.database
    ledger.rows(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    try:
        with ledger.engine.connect() as connection:
            assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        with snapshot(ledger.engine) as connection:
            assert connection.scalar(text("SHOW transaction_isolation")) == "repeatable read"
    finally:
        ledger.rows(f"ALTER DATABASE {name} RESET default_transaction_isolation")
