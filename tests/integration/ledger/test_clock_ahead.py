"""A database clock that once ran ahead: nothing of it is newest, no run goes on over it, an operator sets it aside."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import exc

from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import LedgerAlteredError, RunRefusedError
from qbank_ledger.export.csv_table import CsvTable
from qbank_ledger.export.file import export_balances
from qbank_ledger.seals.verify import verify
from tests.words.ledger import Ledger, Reply, failed

AHEAD = timedelta(hours=26)
# What a run does whose clock is ahead by :ahead: the observations, the publish, its seal.
JUMPED = """
SELECT ledger.ensure_partitions(now() + CAST(:ahead AS interval));
INSERT INTO sync.run (dag_run_id, api_host, started_at, deadline_at, dry_run, subset, expected, state, finished_at, published, quarantined, failed)
SELECT 'jumped', 'bank', now() + :ahead, now() + :ahead + interval '1 hour', false, false, 1, s.state,
       CASE s.state WHEN 'complete' THEN now() + :ahead END, n.one, n.one - 1, n.one - 1
  FROM (VALUES (CAST(:state AS text))) AS s (state), LATERAL (VALUES (CASE s.state WHEN 'complete' THEN 1 END)) AS n (one);
INSERT INTO sync.run_account SELECT max(run_no), 'a', 0, 'EUR', 2, 90, NULL FROM sync.run;
INSERT INTO sync.observation (run_no, account_id, state, available_balance, ledger_balance, attempts, observed_at)
SELECT run_no, 'a', 'answered', 666, 666, 1, started_at FROM sync.run ORDER BY run_no DESC LIMIT 1;
INSERT INTO sync.verdict SELECT max(run_no), 'a', true, now() + :ahead FROM sync.run;
INSERT INTO ledger.balance AS b
SELECT 'a', date_trunc('hour', started_at, 'UTC'), 666, 666, 'EUR', started_at, run_no, nextval('ledger.seal_no'), 1, started_at
  FROM sync.run ORDER BY run_no DESC LIMIT 1
    ON CONFLICT (account_id, as_of_hour) DO UPDATE
   SET (observed_at, run_no, seal_no, revision, recorded_at)
     = (excluded.observed_at, excluded.run_no, excluded.seal_no, b.revision + 1, excluded.recorded_at);
SELECT ledger.write_seal(currval('ledger.seal_no'), run_no, started_at, started_at - interval '1 hour')
  FROM sync.run ORDER BY run_no DESC LIMIT 1
"""


def jump(ledger: Ledger, ahead: timedelta = AHEAD, state: str = "complete") -> int:
    """A run of account a by a clock that is so much ahead; returns its number."""
    for statement in JUMPED.split(";\n"):
        ledger.rows(statement, ahead=ahead, state=state)
    return int(ledger.value("SELECT max(run_no) FROM sync.run"))


@pytest.fixture
def operator(ledger: Ledger) -> Iterator[Any]:
    """Calls ledger.set_aside as qbank_operator."""
    engine = engine_for(ledger.url, role="qbank_operator")

    def set_aside(run_no: int, reason: str = "The clock ran 26 h ahead.") -> Any:
        with engine.begin() as connection:
            return connection.exec_driver_sql(
                "SELECT ledger.set_aside(%s, %s)", (run_no, reason)
            ).scalar_one()

    yield set_aside
    engine.dispose()


def latest(ledger: Ledger, account: str = "a") -> tuple[Decimal, bool]:
    [row] = ledger.rows(
        "SELECT ledger_balance, is_stale FROM ledger.latest_balance WHERE account_id = :a", a=account
    )
    return row.ledger_balance, row.is_stale


def test_a_balance_from_the_future_is_not_the_newest(ledger: Ledger) -> None:
    ledger.quick_run()
    jump(ledger)
    assert latest(ledger) == (Decimal("120.50"), False)
    assert ledger.value("SELECT sum(ledger_balance) FROM ledger.entity_total") == Decimal("361.50")
    assert ledger.value("SELECT max(as_of_hour) <= now() FROM ledger.coverage")


def test_where_there_is_no_other_it_is_stale(ledger: Ledger) -> None:
    ledger.quick_run(lambda id_: failed(id_) if id_ == "a" else Reply(account_id=id_))
    jump(ledger)
    assert latest(ledger) == (Decimal(666), True)


def test_an_export_has_the_last_true_one(ledger: Ledger) -> None:
    ledger.quick_run()
    jump(ledger)
    out = io.StringIO()
    done = export_balances(ledger.engine, CsvTable, out, lambda _: None)
    rows = {row["account_id"]: row for row in csv.DictReader(io.StringIO(out.getvalue()))}
    assert (rows["a"]["ledger_balance"], rows["a"]["is_stale"]) == ("120.50", "false")
    assert done.stale == 0


@pytest.mark.parametrize("minutes", [2, 59, 26 * 60, 400 * 24 * 60])
def test_no_run_begins_while_the_newest_balance_is_from_the_future(ledger: Ledger, minutes: int) -> None:
    ledger.quick_run()
    run_no = jump(ledger, timedelta(minutes=minutes))
    with pytest.raises(RunRefusedError) as caught:
        ledger.plan()
    said = str(caught.value)
    assert f"of run {run_no}, is from the future" in said
    assert f"{minutes // 60} h {minutes % 60} min ahead" in said
    assert f"SELECT ledger.set_aside({run_no}, 'why')" in said


def test_a_clock_that_is_set_back_by_half_a_minute_stops_nothing(ledger: Ledger) -> None:
    ledger.stay_in_one_hour()
    jump(ledger, timedelta(seconds=30))
    ledger.plan()


def test_what_is_set_aside_stays_as_it_was_sealed_and_runs_go_on(ledger: Ledger, operator: Any) -> None:
    ledger.quick_run()
    run_no = jump(ledger)
    assert operator(run_no) == 1
    [row] = ledger.rows("SELECT * FROM ledger.balance_set_aside")
    assert (row.account_id, row.run_no, row.reason) == ("a", run_no, "The clock ran 26 h ahead.")
    assert row.set_aside_by == ledger.url.username
    assert (
        ledger.value("SELECT ledger_balance FROM ledger.balance_history WHERE run_no = :n", n=run_no) == 666
    )
    assert verify(ledger.engine).startswith("The ledger is intact: 2 seals cover its 4 rows.")
    ledger.quick_run()
    assert latest(ledger) == (Decimal("120.50"), False)
    assert verify(ledger.engine).startswith("The ledger is intact: 3 seals cover its 7 rows.")


def test_what_was_set_aside_is_nothing_once_time_has_caught_up(ledger: Ledger, operator: Any) -> None:
    """As if no observation were ahead of the clock any more."""
    ledger.quick_run()
    first, second = jump(ledger, timedelta(minutes=70)), jump(ledger, timedelta(minutes=71))
    assert operator(second) == 1
    assert operator(first) == 1, "also what another one from the future had replaced"
    real = ledger.value("SELECT pg_get_functiondef('ledger.is_ahead(timestamptz)'::regprocedure)")
    ledger.rows(real.replace("RETURN (", "RETURN false AND ("))
    try:
        found = ledger.rows(
            "SELECT ledger_balance FROM generate_series(current_date - 1, current_date + 2, '1 day') AS d (day),"
            " ledger.closing('a', 'UTC', NULL, 5, day::date)"
        )
    finally:
        ledger.rows(real)
    assert {row.ledger_balance for row in found} == {Decimal("120.50")}
    assert ledger.value("SELECT reason FROM ledger.missing_hour_reason") == "set aside: the clock ran ahead"


def test_a_closing_is_none_from_the_future(ledger: Ledger) -> None:
    jump(ledger)
    day = ledger.value("SELECT ((now() + :ahead) AT TIME ZONE 'UTC')::date", ahead=AHEAD)
    assert ledger.rows("SELECT FROM ledger.closing('a', 'UTC', NULL, 5, :day)", day=day) == []


def test_a_run_that_is_open_in_the_future_is_closed_and_publishes_nothing_more(
    ledger: Ledger, operator: Any
) -> None:
    ledger.quick_run()
    run_no = jump(ledger, state="running")
    assert operator(run_no) == 1
    ledger.publish(run_no)
    assert ledger.value("SELECT count(*) FROM ledger.balance WHERE run_no = :n", n=run_no) == 0
    ledger.plan()
    assert ledger.value("SELECT state FROM sync.run WHERE run_no = :n", n=run_no) != "running"


def test_what_was_fetched_by_a_clock_that_ran_ahead_is_not_published_by_one_that_is_right(
    ledger: Ledger,
) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    ledger.rows("UPDATE sync.observation SET observed_at = observed_at + :d", d=AHEAD)
    assert ledger.publish(run_no) == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM ledger.balance WHERE run_no = 1 AND account_id = 'b'", "was removed"),
        ("UPDATE ledger.balance_history SET ledger_balance = 6", "was altered"),
        ("DELETE FROM ledger.balance_set_aside", "was removed"),
    ],
)
def test_setting_aside_hides_no_hand_behind_the_ledgers_back(
    ledger: Ledger, operator: Any, change: str, words: str
) -> None:
    ledger.quick_run()
    operator(jump(ledger))
    with ledger.owner.begin() as connection:
        if "history" in change or "aside" in change:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(change)
    with pytest.raises(LedgerAlteredError, match=words):
        verify(ledger.engine)


def test_only_what_is_ahead_is_set_aside_once_and_for_a_reason(ledger: Ledger, operator: Any) -> None:
    right = ledger.quick_run()
    jumped = jump(ledger)
    for nothing in ("", " ", "\t\n"):
        with pytest.raises(exc.DBAPIError, match="needs a reason"):
            operator(jumped, nothing)
    for run_no in (right, jumped + 1):
        with pytest.raises(exc.DBAPIError, match="has no balance that lies ahead of the clock"):
            operator(run_no)
    operator(jumped)
    with pytest.raises(exc.DBAPIError, match="all of them are set aside"):
        operator(jumped)
    for statement in (
        "UPDATE ledger.balance_set_aside SET reason = 'x'",
        "DELETE FROM ledger.balance_set_aside",
    ):
        with pytest.raises(exc.DBAPIError, match="is append-only"):
            ledger.rows(statement)


@pytest.mark.parametrize("role", ["qbank_loader", "qbank_analyst", "qbank_preparer", "qbank_approver"])
def test_nobody_but_an_operator_sets_aside(ledger: Ledger, role: str) -> None:
    run_no = jump(ledger)
    with (
        pytest.raises(exc.DBAPIError, match="permission denied"),
        engine_for(ledger.url, role).begin() as them,
    ):
        them.exec_driver_sql(f"SELECT ledger.set_aside({run_no}, 'x')")


def periods(ledger: Ledger, account: str) -> list[tuple[bool, bool | None]]:
    """Of each period of the account, in order, whether its beginning and its end are past."""
    return [
        tuple(row)
        for row in ledger.rows(
            "SELECT opened_at <= now(), closed_at <= now() FROM ledger.account_period"
            " WHERE account_id = :a ORDER BY opened_at",
            a=account,
        )
    ]


def test_an_account_that_was_opened_by_a_clock_that_ran_ahead_is_expected_now(ledger: Ledger) -> None:
    ledger.quick_run()
    ledger.rows(
        "UPDATE ledger.account_period SET opened_at = opened_at + :ahead WHERE account_id = 'c'", ahead=AHEAD
    )
    ledger.quick_run(lambda id_: failed(id_) if id_ == "c" else Reply(account_id=id_))
    assert periods(ledger, "c") == [(True, None)]
    assert ledger.value("SELECT max(expected) FROM ledger.coverage") == 3


@pytest.mark.parametrize("ahead", [timedelta(seconds=50), AHEAD])
def test_an_account_that_was_opened_by_a_clock_that_ran_ahead_can_be_closed(
    ledger: Ledger, ahead: timedelta
) -> None:
    ledger.quick_run()
    ledger.rows(
        "UPDATE ledger.account_period SET opened_at = now() + :ahead WHERE account_id = 'c'", ahead=ahead
    )
    ledger.accounts("a", "b")
    ledger.quick_run()
    assert ledger.rows("SELECT active FROM ledger.account WHERE account_id = 'c'") == [(False,)]
    ledger.accounts("a", "b", "c")
    ledger.quick_run()
    assert periods(ledger, "c")[-1 if ahead == AHEAD else 0] == (True, None)


def test_an_account_that_was_closed_by_a_clock_that_ran_ahead_is_expected_once(ledger: Ledger) -> None:
    ledger.quick_run()
    ledger.accounts("a", "b")
    ledger.quick_run()
    ledger.rows(
        "UPDATE ledger.account_period SET closed_at = closed_at + :ahead WHERE account_id = 'c'", ahead=AHEAD
    )
    ledger.accounts("a", "b", "c")
    ledger.quick_run()
    assert periods(ledger, "c") == [(True, True), (True, None)]
    assert ledger.value("SELECT max(expected) FROM ledger.coverage") == 3
