"""A month of a ledger's hours, as it is played, and what the ledger must say of it afterwards.

720 simulated hours through the real SQL, over a leap day, a spring and an autumn change of clocks. The
database's clock is moved by functions that stand before PostgreSQL's own in the search path.
"""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db import session
from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import RunRefusedError
from qbank_ledger.sync.rules import RULES
from tests.words.ledger import Ledger, Reply, failed

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
