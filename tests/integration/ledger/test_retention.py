"""Retention: the bodies of answers go when their time has come, and nothing else ever does."""

import pytest
from sqlalchemy import exc

from qbank_ledger.config import payload_days
from qbank_ledger.errors import LedgerError
from qbank_ledger.seals.verify import verify

from .conftest import Ledger, Reply


def age(ledger: Ledger, run_no: int, days: float) -> None:
    """Make a run that many days older, in its own partition."""
    with ledger.owner.begin() as connection:
        connection.exec_driver_sql("SELECT ledger.ensure_partitions(now() - make_interval(days => 100))")
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table, column in (("sync.run", "started_at"), ("sync.observation", "run_started_at")):
            connection.exec_driver_sql(
                f"UPDATE {table} SET {column} = {column} - make_interval(secs => %s) WHERE run_no = %s",
                (days * 86400, run_no),
            )


def payloads(ledger: Ledger, run_no: int) -> list[str | None]:
    return [
        row[0]
        for row in ledger.rows(
            "SELECT payload FROM sync.observation WHERE run_no = :n ORDER BY account_id", n=run_no
        )
    ]


def held(id_: str) -> Reply:
    return Reply(account_id=id_, payload="{held}", echoed_currency="USD" if id_ == "a" else None)


def test_a_plan_drops_the_bodies_of_answers_after_90_days(ledger: Ledger) -> None:
    old, young = ledger.quick_run(held), ledger.quick_run(held)
    age(ledger, old, 90.01)
    age(ledger, young, 89.99)
    ledger.plan()
    assert payloads(ledger, old) == [None, None, None]
    assert payloads(ledger, young) == ["{held}"] * 3
    assert ledger.rows("SELECT run_no FROM sync.run WHERE payloads_dropped_at IS NOT NULL") == [(old,)]


def test_only_the_bodies_go(ledger: Ledger) -> None:
    run_no = ledger.quick_run(held)
    age(ledger, run_no, 91)
    kept = (
        "SELECT * FROM ledger.balance ORDER BY 1", "SELECT * FROM ledger.seal", "SELECT * FROM ledger.gap",
        "SELECT * FROM sync.outcome ORDER BY 1, 2", "SELECT * FROM sync.finding ORDER BY 1, 2, 3",
        "SELECT run_no, account_id, reasons, available_balance FROM sync.quarantine",
    )  # fmt: skip
    before = [ledger.rows(query) for query in kept]
    ledger.rows("SELECT sync.drop_payloads(interval '90 days')")
    assert [ledger.rows(query) for query in kept] == before
    assert verify(ledger.engine)


def test_an_open_run_keeps_its_bodies(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    age(ledger, run_no, 91)
    ledger.rows("SELECT sync.drop_payloads(interval '90 days')")
    assert payloads(ledger, run_no) == ["{}"] * 3


def test_how_long_is_a_setting(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    run_no = ledger.quick_run(held)
    age(ledger, run_no, 8)
    monkeypatch.setenv("QBANK_PAYLOAD_DAYS", "7")
    ledger.plan()
    assert payloads(ledger, run_no) == [None] * 3


@pytest.mark.parametrize("text", ["0", "-1", "7.5", "a week", "\u0667", "100000", "9" * 5000])
def test_a_setting_that_is_no_number_of_days_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(LedgerError, match=r"QBANK_PAYLOAD_DAYS is .* set it to a whole number of days"):
        payload_days({"QBANK_PAYLOAD_DAYS": text})


def test_without_a_setting_it_is_90_days() -> None:
    assert payload_days({}) == payload_days({"QBANK_PAYLOAD_DAYS": " "}) == 90
    assert payload_days({"QBANK_PAYLOAD_DAYS": "1"}) == 1


@pytest.mark.parametrize("keep", ["interval '23 hours'", "NULL"])
def test_the_database_keeps_a_day_at_least(ledger: Ledger, keep: str) -> None:
    with pytest.raises(exc.DBAPIError, match="kept for a day at least"):
        ledger.rows(f"SELECT sync.drop_payloads({keep})")


OLD_RUNS = """
INSERT INTO sync.run (dag_run_id, api_host, started_at, deadline_at, dry_run, subset, expected, state, finished_at, published, quarantined, failed)
SELECT 'old', 'bank', now() - interval '91 days' - n * interval '1 hour', now(), false, false, 1, 'failed', now(), 0, 0, 1
  FROM generate_series(1, 26) AS n
"""
LEFT = "SELECT run_no FROM sync.run WHERE payloads_dropped_at IS NULL ORDER BY run_no"


def test_what_has_piled_up_goes_a_day_of_runs_at_a_time_the_oldest_first(ledger: Ledger) -> None:
    ledger.rows(OLD_RUNS)
    ledger.rows("SELECT sync.drop_payloads(interval '90 days')")
    assert ledger.rows(LEFT) == [(1,), (2,)], "the youngest two of 26"
    once = ledger.rows("SELECT run_no, payloads_dropped_at FROM sync.run WHERE run_no > 2 ORDER BY 1")
    ledger.rows("SELECT sync.drop_payloads(interval '90 days')")
    assert ledger.rows(LEFT) == []
    again = ledger.rows("SELECT run_no, payloads_dropped_at FROM sync.run WHERE run_no > 2 ORDER BY 1")
    assert again == once, "what is gone does not go again"


def test_a_run_that_somebody_holds_is_passed_over(ledger: Ledger) -> None:
    ledger.rows(OLD_RUNS)
    with ledger.owner.begin() as holding:
        holding.exec_driver_sql("SELECT FROM sync.run WHERE run_no = 26 FOR UPDATE")
        ledger.rows("SET LOCAL lock_timeout = '1s'; SELECT sync.drop_payloads(interval '90 days')")
    assert ledger.rows(LEFT) == [(1,), (26,)]
