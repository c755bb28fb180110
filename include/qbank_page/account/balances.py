"""An account's balances as tables: by hour or by day, and the hours that have none."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from qbank_page.frame.table import SHOWN, Column, Link, Local, Mark, Table, amount, run_link

_HOURS, _DAYS = 24, 31  # as many as the page shows where nobody asks for all: others follow


def _on(account: Any, day: date, base: str) -> str:
    return f"{base}/accounts/{account.account_id}?on={day}#versions"


def hours(rows: Iterable[Any], account: Any, base: str) -> Table:
    """The balances by hour; a gap has a reason."""
    zone = account.time_zone
    return Table(
        name="balances",
        caption="Balances by hour",
        columns=(
            Column("hour", "Hour"),
            Column("ledger_balance", "Ledger balance", number=True),
            Column("available_balance", "Available balance", number=True),
            Column("currency", "Currency"),
            Column("observed_at", "Observed"),
            Column("versions", "Version", number=True),
            Column("reason", "Why it is missing"),
        ),
        rows=[
            {
                "hour": Local(row.as_of_hour, zone),
                "ledger_balance": amount(row.ledger_balance, row.minor_units),
                "available_balance": amount(row.available_balance, row.minor_units),
                "currency": row.currency,
                "observed_at": row.observed_at and Local(row.observed_at, zone),
                "versions": row.revision
                and Link(str(row.revision), _on(account, Local(row.as_of_hour, zone).date, base)),
                "reason": row.reason,
            }
            for row in rows
        ],
        empty="The account has no hours in this range: choose other dates.",
        shown=_HOURS,
    )


def days(rows: Iterable[Any], account: Any, base: str) -> Table:
    """The closings by day, or of each month's last day; a gap has a reason."""
    return Table(
        name="balances",
        caption="Closings",
        columns=(
            Column("date", "Date"),
            Column("ledger_balance", "Ledger balance", number=True),
            Column("available_balance", "Available balance", number=True),
            Column("currency", "Currency"),
            Column("observed_at", "Observed"),
            Column("state", "State"),
            Column("reason", "Why it is missing"),
        ),
        rows=[
            {
                "date": Link(row.as_of_date.isoformat(), _on(account, row.as_of_date, base)),
                "ledger_balance": amount(row.ledger_balance, row.minor_units),
                "available_balance": amount(row.available_balance, row.minor_units),
                "currency": row.currency,
                "observed_at": row.observed_at and Local(row.observed_at, account.time_zone),
                "state": _day_state(row),
                "reason": row.reason,
            }
            for row in rows
        ],
        empty="The account has no dates in this range: choose other dates.",
        shown=_DAYS,
        note="A closing is the day's last observation, grace period included. Nothing is carried over.",
    )


def _day_state(row: Any) -> Mark | None:
    if row.is_provisional:
        return Mark("not over yet")
    return Mark("stale", "warn") if row.is_stale else None


def gaps(rows: Iterable[Any], account: Any, base: str) -> Table:
    """The hours without a balance."""
    zone = account.time_zone
    return Table(
        name="missing",
        caption="Missing hours",
        columns=(
            Column("first_hour", "From the hour"),
            Column("last_hour", "To the hour"),
            Column("hours", "Hours", number=True),
            Column("reason", "Reason"),
            Column("run_no", "Last run that tried", number=True),
        ),
        rows=[
            {
                "first_hour": Local(row.first_hour, zone),
                "last_hour": Local(row.last_hour, zone),
                "hours": row.hours,
                "reason": row.reason,
                "run_no": run_link(row.run_no, base),
            }
            for row in rows
        ],
        empty="None in this range: every past hour has a balance.",
        shown=SHOWN,
    )
