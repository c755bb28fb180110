"""What a month is not ready for: sentences with a number, what it is of, and what to do."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection

from qbank_ledger.month_end import sheets
from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.reading import Rows
from qbank_ledger.month_end.tally import Tally

_MOST_NAMES = 5
# What is not ready is told by these and by the totals of balances and hours; why account-hours are missing
# takes longest, and changes nothing.
_TOLD_BY = (sheets.OPEN_ITEMS, sheets.DATES)

About = Literal[
    "time", "closings", "books", "comparison", "restated", "unmapped", "provisional", "sign_off", "open",
    "hours", "beginning",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the month lacks: what it is about, the first date that lacks it, and the sentence."""

    about: About
    says: str
    on: date | None = None

    def __str__(self) -> str:
        return self.says


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far a month is: its last date, whether that is over, its dates, its gaps."""

    close_date: date
    provisional: bool
    dates: Sequence[Any]
    gaps: Sequence[Gap]


def readiness(connection: Connection, month: Month) -> Readiness:
    """How far a month is, without its pack. Raises CloseError for one to come, or one without any data."""
    rows = Rows(connection, month)
    for sheet in _TOLD_BY:
        deque(rows.of(sheet), maxlen=0)
    rows.count_balances()
    rows.count_hours()
    gaps = not_ready(month, rows.scope, rows.tally)
    return Readiness(rows.scope.close_date, rows.scope.provisional, rows.tally.dates, gaps)


def not_ready(month: Month, scope: Any, tally: Tally) -> list[Gap]:
    """What the month still lacks; empty: nothing."""
    return [
        *_time(month, scope),
        *_close_date(scope, tally),
        *_dates(scope, tally),
        *_open(scope, tally),
        *_hours(month, scope, tally),
    ]


def _time(month: Month, scope: Any) -> Iterator[Gap]:
    if scope.provisional:
        yield Gap("time", f"{month} has not ended: make the pack again after the month's last cut-off.")


def _close_date(scope: Any, tally: Tally) -> Iterator[Gap]:
    on, accounts = scope.close_date, tally.accounts
    without = accounts - tally.closings
    if without:
        yield Gap("closings", f"No closing balance on {on}: {without:,} of {accounts:,} accounts.", on)
    entities = +tally.not_compared_by_entity
    if entities:
        yield Gap(
            "books",
            f"Not compared on {on}: {entities.total():,} of {accounts:,} accounts ({_most(entities)}). Load "
            "the general ledger for that date, then reconcile.",
            on,
        )
    if tally.restated:
        yield Gap(
            "restated",
            f"Restated by the bank or in the GL since the reconciliation of {on}: {tally.restated:,} of "
            f"{accounts:,} accounts. Reconcile again.",
            on,
        )
    if scope.unmapped_gl:
        says = f"GL balances on {on} without a bank account: {scope.unmapped_gl:,}. See recon.unmapped_gl."
        yield Gap("unmapped", says, on)


def _dates(scope: Any, tally: Tally) -> Iterator[Gap]:
    earlier = [row for row in tally.dates if row.not_compared and row.as_of_date != scope.close_date]
    if earlier:
        yield Gap(
            "comparison",
            f"Not compared earlier: {sum(row.not_compared for row in earlier):,} account-dates, on "
            f"{len(earlier)} dates from {earlier[0].as_of_date} to {earlier[-1].as_of_date}.",
            earlier[0].as_of_date,
        )
    provisional = [row for row in tally.dates if row.provisional]
    if provisional:
        count = sum(row.provisional for row in provisional)
        says = f"Compared before the cut-off: {count:,} account-dates. Reconcile them again."
        yield Gap("provisional", says, provisional[0].as_of_date)
    compared = sum(row.compared for row in tally.dates)
    states = ("open", "prepared", "rejected", "decertified")
    left = {state: count for state in states if (count := sum(getattr(row, state) for row in tally.dates))}
    if left:
        yield Gap(
            "sign_off",
            f"Not approved: {sum(left.values()):,} of {compared:,} compared account-dates "
            f"({', '.join(f'{state}: {count:,}' for state, count in left.items())}).",
            next(row.as_of_date for row in tally.dates if row.approved < row.compared),
        )


def _open(scope: Any, tally: Tally) -> Iterator[Gap]:
    count = sum(items.count for items in tally.items_by_age.values())
    old = sum(items.count for (*_, bucket), items in tally.items_by_age.items() if bucket == "over 90")
    if count:
        says = f"Open items on {scope.close_date}: {count:,}, of which {old:,} for more than 90 days."
        yield Gap("open", says, scope.close_date)


def _hours(month: Month, scope: Any, tally: Tally) -> Iterator[Gap]:
    hours, account_hours = tally.hours, tally.account_hours
    if account_hours["missing"]:
        reasons = {reason: found.hours for reason, found in tally.missing.items()}
        why = f" ({_most(reasons)})" if reasons else ""
        yield Gap(
            "hours",
            f"Missing balances: {account_hours['missing']:,} of {account_hours['expected']:,} "
            f"account-hours{why}.",
        )
    if hours < month.hours and not scope.provisional:
        yield Gap(
            "beginning",
            f"Before the ledger's first account: {month.hours - hours} of the month's {month.hours} hours.",
        )


def _most(counts: Mapping[str, int]) -> str:
    """The biggest of them by name."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    more = f", and {len(ranked) - _MOST_NAMES} more" if len(ranked) > _MOST_NAMES else ""
    return ", ".join(f"{name}: {count:,}" for name, count in ranked[:_MOST_NAMES]) + more
