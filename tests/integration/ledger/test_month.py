"""A month of hours, with all that happens in one: every account-hour is a balance or a reason."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import URL

from qbank_ledger.seals.verify import verify
from qbank_ledger.sync import audit, plan
from tests.words.ledger import Ledger
from tests.words.month import BREAKABLE, CLOCK, HOUR, HOURS, START, ZONES, Month, play

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def month(
    new_database: Callable[[str], URL], migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Month]:
    """The month, played; at its end an operator releases the first half of what was stale."""
    ledger = Month(new_database(migrated), tmp_path_factory.mktemp("month"))
    ledger.rows(CLOCK)
    with (
        patch.object(audit, "RULES", BREAKABLE),
        patch.object(plan, "require_newest"),
        patch.object(audit, "evaluate", ledger._count_broken),
        patch.object(Ledger, "quick_run", Ledger.run),
        # What drops runs goes by PostgreSQL's own clock, and the month is long ago by it.
        patch.dict(os.environ, QBANK_PAYLOAD_DAYS="99999", QBANK_SYNC_DAYS="99999"),
    ):
        play(ledger)
    held = ledger.rows("SELECT run_no, account_id, observed_at, ledger_balance FROM sync.quarantine"
                       " WHERE reasons = '{stale}' ORDER BY run_no")  # fmt: skip
    for row in held[: len(held) // 2]:
        ledger.rows(
            "SELECT ledger.release(:n, :id, 'the bank confirmed it')", n=row.run_no, id=row.account_id
        )
        hour = row.observed_at.replace(minute=0, second=0, microsecond=0)
        assert (row.account_id, hour) not in ledger.versions or ledger.versions[row.account_id, hour]
        if not ledger.versions[row.account_id, hour]:
            ledger.versions[row.account_id, hour].append(row.ledger_balance)
    yield ledger
    ledger.engine.dispose()
    ledger.owner.dispose()


def window() -> dict[str, datetime]:
    return {"first": START, "last": START + (HOURS - 1) * HOUR}


IN_WINDOW = "as_of_hour BETWEEN :first AND :last"


def test_every_account_hour_is_a_balance_or_a_reason(month: Month) -> None:
    present = {
        (row.account_id, row.as_of_hour): row.ledger_balance
        for row in month.rows(f"SELECT * FROM ledger.balance WHERE {IN_WINDOW}", **window())
    }
    missing = {
        (row.account_id, row.as_of_hour): row.reason
        for row in month.rows(f"SELECT * FROM ledger.missing_hour WHERE {IN_WINDOW}", **window())
    }
    published = {key: versions[-1] for key, versions in month.versions.items() if versions}
    assert present == published
    assert set(present) | set(missing) == month.expected
    assert not set(present) & set(missing)
    assert missing == {key: month.reasons.get(key, "no run") for key in month.expected - set(published)}
    assert {
        "no run",
        "audit_error",
        "connection",
        "http_503",
        "quarantined: too_precise",
        "quarantined: stale",
    } == set(missing.values())


def test_coverage_has_every_hour_and_counts_right(month: Month) -> None:
    rows = month.rows(f"SELECT * FROM ledger.coverage WHERE {IN_WINDOW} ORDER BY as_of_hour", **window())
    assert [row.as_of_hour for row in rows] == [START + n * HOUR for n in range(HOURS)]
    expected = defaultdict(set)
    for id_, hour in month.expected:
        expected[hour].add(id_)
    for row in rows:
        accounts = expected[row.as_of_hour]
        present = {id_ for id_ in accounts if month.versions.get((id_, row.as_of_hour))}
        assert (row.expected, row.present, row.missing) == (
            len(accounts),
            len(present),
            len(accounts) - len(present),
        )
        assert row.state == ("complete" if accounts == present else "partial" if present else "missing")


def test_every_restatement_is_findable(month: Month) -> None:
    history = defaultdict(list)
    for row in month.rows("SELECT * FROM ledger.balance_history ORDER BY recorded_at"):
        history[row.account_id, row.as_of_hour].append(row)
    restated = {key: versions for key, versions in month.versions.items() if len(versions) > 1}
    assert len(restated) > 150
    assert {key: [row.ledger_balance for row in rows] for key, rows in history.items()} == {
        key: versions[:-1] for key, versions in restated.items()
    }
    for (account, hour), rows in list(history.items())[::10]:
        known = "SELECT ledger_balance FROM ledger.balance_as_known(:at) WHERE account_id = :id AND as_of_hour = :hour"
        for row in rows:
            before = row.superseded_at - timedelta(microseconds=1)
            assert month.value(known, at=before, id=account, hour=hour) == row.ledger_balance
            assert month.value(known, at=row.superseded_at, id=account, hour=hour) != row.ledger_balance


def test_no_answer_was_taken_for_another_accounts(month: Month) -> None:
    assert month.value("SELECT count(*) FROM ledger.balance WHERE ledger_balance = 0") > 100
    twins = (
        "SELECT count(*) FROM ledger.balance AS a JOIN ledger.balance AS b USING (as_of_hour, ledger_balance)"
    )
    assert month.value(f"{twins} WHERE a.account_id = 'old' AND b.account_id = 'new'") > 200
    assert month.rows("SELECT * FROM sync.lookalike") == []


def test_every_seal_verifies(month: Month) -> None:
    rows = sum(len(versions) for versions in month.versions.values())
    assert f"seals cover its {rows} rows" in verify(month.owner)


def test_every_account_of_every_run_has_one_outcome(month: Month) -> None:
    assert month.value("SELECT count(*) FROM sync.outcome WHERE outcome IS NOT NULL") == month.outcomes
    assert month.value("SELECT count(DISTINCT (run_no, account_id)) FROM sync.outcome") == month.outcomes


def test_days_close_by_the_accounts_own_clock(month: Month) -> None:
    versions = month.rows(
        "SELECT account_id, observed_at, ledger_balance FROM ledger.balance UNION ALL"
        " SELECT account_id, observed_at, ledger_balance FROM ledger.balance_history ORDER BY observed_at"
    )
    closings = {}
    for row in versions:
        name, _, cut_off = ZONES[row.account_id]
        zone, grace = ZoneInfo(name), timedelta(minutes=5)
        local = row.observed_at.astimezone(zone)
        if cut_off is None:
            closings[row.account_id, (row.observed_at - grace).astimezone(zone).date()] = row.ledger_balance
        elif local.time() <= (datetime.combine(local, cut_off) + grace).time():
            closings[row.account_id, local.date()] = row.ledger_balance
    found = month.rows("SELECT account_id, as_of_date, ledger_balance FROM ledger.daily_balance")
    assert {(row.account_id, row.as_of_date): row.ledger_balance for row in found} == closings
    assert len(found) == len(closings) > 170
