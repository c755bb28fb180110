"""What the long tables come to, counted and summed as their rows go by.

Money is summed exactly and per currency; accounts that were compared as one sum count once.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from qbank_ledger.month_end.table import Amount, plus


@dataclass(slots=True)
class Sum:
    """An exact sum in one currency, and how many values are in it."""

    value: Decimal = Decimal(0)
    count: int = 0
    minor_units: int = 0

    def add(self, value: Decimal | None, minor_units: int) -> None:
        """Add a value; None is none."""
        if value is not None:
            self.value, self.count = plus(self.value, value), self.count + 1
            self.minor_units = max(self.minor_units, minor_units)

    @property
    def amount(self) -> Amount | None:
        """The sum; None: nothing was added."""
        return Amount(self.value, self.minor_units) if self.count else None


@dataclass(slots=True)
class Balances:
    """The closings of an entity in a currency, and what its compared GL accounts come to."""

    accounts: int = 0
    closing: Sum = field(default_factory=Sum)
    groups: int = 0
    bank: Sum = field(default_factory=Sum)
    gl: Sum = field(default_factory=Sum)
    difference: Sum = field(default_factory=Sum)
    unexplained: Sum = field(default_factory=Sum)

    def add(self, row: Any) -> None:
        """An account's row."""
        self.accounts += 1
        self.closing.add(row.closing, row.minor_units)
        if row.leads_group:
            self.groups += 1
            if row.difference is not None:
                self.bank.add(row.compared_bank, row.minor_units)
                self.gl.add(row.gl_balance, row.minor_units)
                self.difference.add(row.difference, row.minor_units)
                self.unexplained.add(row.unexplained, row.minor_units)


@dataclass(slots=True)
class Items:
    """Open items: how many, what is unexplained of those that have an amount, the oldest's age."""

    count: int = 0
    unexplained: Sum = field(default_factory=Sum)
    gross: Sum = field(default_factory=Sum)
    oldest_days: int = 0

    def add(self, row: Any) -> None:
        """An open item's row."""
        self.count += 1
        self.unexplained.add(row.unexplained, row.minor_units)
        self.gross.add(row.gross_unexplained, row.minor_units)
        self.oldest_days = max(self.oldest_days, row.age_days)


@dataclass(slots=True)
class Missing:
    """Account-hours that are missing for one reason."""

    hours: int = 0
    accounts: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, row: Any) -> None:
        """An account's row."""
        self.hours += row.hours
        self.accounts += 1
        self.first = min(self.first or row.first_hour, row.first_hour)
        self.last = max(self.last or row.last_hour, row.last_hour)


Key = tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """All that is counted; the methods take the rows of the sheet that they are named after."""

    accounts: int = 0
    closings: int = 0
    balances: defaultdict[Key, Balances] = field(default_factory=lambda: defaultdict(Balances))
    accounts_by_status: Counter[str] = field(default_factory=Counter)
    groups_by_status: Counter[str] = field(default_factory=Counter)
    states_at_close: Counter[str] = field(default_factory=Counter)
    not_compared_by_entity: Counter[str] = field(default_factory=Counter)
    restated: int = 0
    items_by_age: defaultdict[Key, Items] = field(default_factory=lambda: defaultdict(Items))
    items_by_cause: defaultdict[Key, Items] = field(default_factory=lambda: defaultdict(Items))
    dates: list[Any] = field(default_factory=list)
    hours: int = 0
    hours_by_state: Counter[str] = field(default_factory=Counter)
    account_hours: Counter[str] = field(default_factory=Counter)
    missing: defaultdict[str, Missing] = field(default_factory=lambda: defaultdict(Missing))
    actions: Counter[Key] = field(default_factory=Counter)
    seals: list[Any] = field(default_factory=list)
    seal_count: int = 0
    sealed_rows: int = 0

    def balance(self, row: Any) -> None:
        self.accounts += 1
        self.closings += row.closing is not None
        self.balances[row.entity, row.currency].add(row)
        self.accounts_by_status[row.status] += 1
        self.groups_by_status[row.status] += row.leads_group
        self.states_at_close[row.sign_off or "not compared"] += 1
        self.not_compared_by_entity[row.entity] += row.version is None and row.was_active
        self.restated += row.restated

    def balances_of(self, row: Any) -> None:
        """What tells whether a month is ready, of an entity's balances at once (balances_total.sql)."""
        self.accounts += row.accounts
        self.closings += row.closings
        self.restated += row.restated
        self.not_compared_by_entity[row.entity] += row.not_compared

    def open_item(self, row: Any) -> None:
        self.items_by_age[row.entity, row.currency, row.age_bucket].add(row)
        self.items_by_cause[row.cause, row.entity, row.currency].add(row)

    def date(self, row: Any) -> None:
        self.dates.append(row)

    def hour(self, row: Any) -> None:
        self.hours += 1
        self.hours_by_state[row.state] += 1
        self.account_hours.update(expected=row.expected, present=row.present, missing=row.missing)

    def all_hours(self, row: Any) -> None:
        """What ``hour`` counts of all of them but their states, at once (coverage_total.sql)."""
        self.hours += row.hours
        missing = row.expected - row.present
        self.account_hours.update(expected=row.expected, present=row.present, missing=missing)

    def missing_hours(self, row: Any) -> None:
        self.missing[row.reason].add(row)

    def sign_off(self, row: Any) -> None:
        self.actions[row.actor, row.state] += 1

    def seal(self, row: Any) -> None:
        if self.seals and self.seals[-1].seal_no == row.seal_no:
            return
        self.seal_count += 1
        self.sealed_rows += row.row_count
        self.seals = [*self.seals[:1], row]  # the first and the last
