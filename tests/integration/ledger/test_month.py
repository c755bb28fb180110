"""A month of hours, with all that happens in one: every account-hour is a balance or a reason.

720 simulated hours through the real SQL, over a leap day, a spring and an autumn change of clocks. The
database's clock is moved by functions that stand before PostgreSQL's own in the search path.
"""

import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db import session
from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import RunRefusedError
from qbank_ledger.seals.verify import verify
from qbank_ledger.sync import audit, plan
from qbank_ledger.sync.rules import RULES

from .conftest import Ledger, Reply, failed

START = datetime(2024, 2, 24, tzinfo=UTC)
HOURS = 720
HOUR = timedelta(hours=1)
ZONES = {
    "york": ("America/New_York", "USD", time(17, 30)),  # clocks forward on 10 March
    "asun": ("America/Asuncion", "EUR", None),  # clocks back at the end of 23 March
    "delhi": ("Asia/Kolkata", "INR", time(17, 0)),
    "tokyo": ("Asia/Tokyo", "JPY", None),
    "utc": ("UTC", "EUR", time(12, 5)),
    "old": ("Europe/Berlin", "EUR", None),
    "new": ("Europe/Berlin", "EUR", time(18, 0)),
}
CLOCK = """
CREATE SCHEMA sim;
CREATE TABLE sim.clock (shift interval NOT NULL);
INSERT INTO sim.clock VALUES ('0');
CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT pg_catalog.clock_timestamp() + shift FROM sim.clock';
CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT pg_catalog.now() + shift FROM sim.clock';
GRANT USAGE ON SCHEMA sim TO PUBLIC;
GRANT SELECT ON sim.clock TO PUBLIC;
SELECT ledger.ensure_partitions('2024-02-10'), ledger.ensure_partitions('2024-03-10');
"""
# Those that a run of this month can break: the others have tests of their own.
BREAKABLE = [rule for rule in RULES if rule.name in (
    "unreadable", "too_precise", "stale", "answers_mixed_up", "another_accounts_balance")]  # fmt: skip


class Month(Ledger):
    """The month as it is played, and what the ledger must say of it afterwards."""

    def __init__(self, url: URL, folder: Path) -> None:
        self.active: list[str] = []
        super().__init__(url, folder)
        with patch.dict(session.PINNED, search_path="sim, pg_catalog"):
            hurried = url.update_query_dict({"options": "-c synchronous_commit=off"})
            self.engine = engine_for(hurried, poolclass=QueuePool)
        self.random = random.Random(29)
        self.versions: dict[tuple[str, datetime], list[Decimal]] = defaultdict(list)
        self.reasons: dict[tuple[str, datetime], str] = {}
        self.expected: set[tuple[str, datetime]] = set()
        self.twins: dict[tuple[datetime, str], Decimal] = {}
        self.outcomes = 0
        self.late = 0

    def accounts(self, *ids: str, **_: str) -> None:
        """Write the accounts file of these of the month's accounts."""
        self.active = [id_ for id_ in ids if id_ in ZONES]
        lines = ""
        for id_ in self.active:
            zone, currency, cut_off = ZONES[id_]
            until = f", cut_off: '{cut_off:%H:%M}'" if cut_off else ""
            lines += f"  - {{account_id: {id_}, currency: {currency}, entity: QB01, gl_account: '1', time_zone: {zone}{until}}}\n"
        self.file.write_text(f"accounts:\n{lines}" if lines else "")

    def at(self, moment: datetime) -> None:
        """Move the database's clock there."""
        with self.owner.begin() as connection:
            connection.execute(text("UPDATE sim.clock SET shift = :at - clock_timestamp()"), {"at": moment})

    def answer(self, hour: datetime, run: str) -> Callable[[str], Reply]:
        """The bank's answers in a run of that hour; what must come of them is written down."""

        def reply(id_: str) -> Reply:
            self.outcomes += 1
            key = (id_, hour)
            kind = self.fault(id_, hour, run)
            if kind in ("http_503", "connection"):
                self.reasons[key] = kind
                return failed(id_, kind)
            amount = self.amount(id_, hour, run)
            if kind == "too_precise":
                self.reasons[key] = "quarantined: too_precise"
                return Reply(
                    account_id=id_, available_balance=amount, ledger_balance=amount + Decimal("0.001")
                )
            if kind == "stale":
                self.reasons[key] = "quarantined: stale"
                return Reply(
                    account_id=id_,
                    available_balance=amount,
                    ledger_balance=amount,
                    bank_as_of=hour - timedelta(days=1),
                    echoed_as_of="then",
                )
            if run != "dry":
                self.versions[key].append(amount)
            return Reply(account_id=id_, available_balance=amount, ledger_balance=amount)

        return reply

    def amount(self, id_: str, hour: datetime, run: str) -> Decimal:
        """A balance as accounts have them: mostly any, some round, some empty; one is listed twice, as old and new."""
        if id_ == "asun" and run == "first" and self.random.random() < 0.5:
            return Decimal(0)
        if id_ == "delhi":
            return Decimal(self.random.randrange(1, 10**5) * 10**6)
        amount = Decimal(self.random.randrange(-(10**9), 10**12))
        return self.twins.setdefault((hour, run), amount) if id_ in ("old", "new") else amount

    def fault(self, id_: str, hour: datetime, run: str) -> str | None:
        number = int((hour - START) / HOUR)
        if run != "first":
            return None
        if 200 <= number < 206:
            return "connection"
        if id_ == "tokyo" and number % 50 == 7:
            return "too_precise"
        if id_ == "utc" and number % 60 == 11:
            return "stale"
        return "http_503" if self.random.random() < 0.02 else None


def configure(month: Month, number: int) -> None:
    """The accounts file, as it changes in the month."""
    if number == 0:
        month.accounts("york", "asun", "delhi", "tokyo", "utc", "old")
    if number == 240:
        month.accounts(*month.active, "new")
    if number == 480:
        month.accounts(*(id_ for id_ in month.active if id_ != "old"))
    if number == 600:
        month.accounts(*month.active, "old")


def go_wrong(month: Month, number: int, hour: datetime) -> bool:
    """An hour without a run that ends as it should; False: it is another hour."""
    if number == 400:  # the wrong file
        kept = month.active
        month.accounts("utc")
        with pytest.raises(RunRefusedError):
            month.plan()
        month.accounts(*kept)
    elif number == 300:  # killed after its fetch; the next plan closes it
        month.fetch(month.plan(timeout=timedelta(minutes=50)), month.answer(hour, "lost"))
        for id_ in month.active:
            month.versions.pop((id_, hour))
            month.reasons[id_, hour] = "audit_error"
    elif number == 350:  # published three hours late, under its own hour
        month.late = month.plan(timeout=timedelta(hours=6))
        month.fetch(month.late, month.answer(hour, "late"))
    else:
        return number in range(100, 112)  # nothing runs at all
    return True


def play(month: Month) -> None:
    """The hours, one after the other."""
    for number in range(HOURS):
        hour = START + number * HOUR
        configure(month, number)
        month.expected |= {(id_, hour) for id_ in month.active}
        month.at(hour + timedelta(minutes=2))
        if go_wrong(month, number, hour):
            continue
        month.quick_run(month.answer(hour, "first"))
        if number == 353:
            month.audit(month.late)
            month.publish(month.late)
            month.close(month.late)
        if number % 24 == 5:  # asked again, and restated
            month.at(hour + timedelta(minutes=40))
            month.quick_run(month.answer(hour, "again"))
        if number % 100 == 50:
            month.quick_run(month.answer(hour, "dry"), dry_run=True)
        if number % 100 == 60:
            month.quick_run(month.answer(hour, "subset"), only=["york"])


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
        zone, _, cut_off = ZONES[row.account_id]
        local = row.observed_at.astimezone(ZoneInfo(zone))
        if cut_off is None or local.time() < cut_off:
            closings[row.account_id, local.date()] = row.ledger_balance
    found = month.rows("SELECT account_id, as_of_date, ledger_balance FROM ledger.daily_balance")
    assert {(row.account_id, row.as_of_date): row.ledger_balance for row in found} == closings
    assert len(found) == len(closings) > 170
