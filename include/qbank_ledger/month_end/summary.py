"""What the workbook's first sheet and the page begin with: lines about the pack, and short tables."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from sqlalchemy import Connection

from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.table import Cell, Table
from qbank_ledger.month_end.tally import Items, Tally

_STATUSES = (
    "matched",
    "within_tolerance",
    "break",
    "missing_bank",
    "missing_gl",
    "stale_bank",
    "not compared",
)
_STATES = ("open", "prepared", "approved", "rejected", "decertified")


def about(month: Month, scope: Any, connection: Connection) -> Iterator[tuple[str, str]]:
    """What to know of the pack before its numbers."""
    yield "Month", f"{month.first_date} to {month.last_date}"
    yield "Balances and open items on", f"{scope.close_date}"
    yield "Made at", f"{scope.made_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, from one state of the ledger"
    yield "Ledger", f"database {scope.database} at {connection.engine.url.host or 'a local socket'}"
    yield (
        "Amounts",
        "Exact, in the account's currency. Amounts of more than 15 digits are text in the workbook.",
    )
    yield "Workbook", f"{month}.xlsx lists every account, hour, sign-off and seal."


def tables(scope: Any, tally: Tally) -> list[Table]:
    """Totals, statuses, open items, sign-off, coverage and seals, each short."""
    return [
        _totals(scope, tally),
        _statuses(scope, tally),
        _by_age(scope, tally),
        _by_cause(scope, tally),
        _signed(scope, tally),
        _actions(tally),
        _coverage(tally),
        _reasons(tally),
        _seals(scope, tally),
    ]


def _totals(scope: Any, tally: Tally) -> Table:
    rows = [
        (
            *key, sums.accounts, sums.accounts - sums.closing.count, sums.closing.amount, sums.groups,
            sums.groups - sums.difference.count, sums.bank.amount, sums.gl.amount, sums.difference.amount,
            sums.unexplained.amount,
        )
        for key, sums in sorted(tally.balances.items())
    ]  # fmt: skip
    return Table(
        f"Balances on {scope.close_date}",
        ("Entity", "Currency", "Accounts", "Without closing", "Bank closing", "GL accounts compared",
         "Not comparable", "Compared: bank", "Compared: GL", "Difference", "Unexplained"),
        rows,
        "Amounts are never added across currencies. Bank closing covers all accounts. Compared covers the GL "
        "accounts with both a bank and a GL balance. Each counts once, even if several bank accounts are "
        "compared with it as one sum.",
    )  # fmt: skip


def _statuses(scope: Any, tally: Tally) -> Table:
    rows = [
        (status, tally.groups_by_status[status] if status != "not compared" else None, count)
        for status in _STATUSES
        if (count := tally.accounts_by_status[status])
    ]
    return Table(f"Status on {scope.close_date}", ("Status", "GL accounts", "Bank accounts"), rows)


def _by_age(scope: Any, tally: Tally) -> Table:
    ranked = sorted(tally.items_by_age.items(), key=lambda item: (*item[0][:2], item[1].oldest_days))
    return Table(
        f"Open items on {scope.close_date} by age",
        ("Entity", "Currency", "Days open", *_ITEM_HEADS),
        [(*key, *_items(items)) for key, items in ranked],
        "Accounts compared as one sum are one item. Its age is counted to the last date compared.",
    )


def _by_cause(scope: Any, tally: Tally) -> Table:
    return Table(
        f"Open items on {scope.close_date} by cause",
        ("Cause", "Entity", "Currency", *_ITEM_HEADS),
        [(*key, *_items(items)) for key, items in sorted(tally.items_by_cause.items())],
        "Causes are inferred from the numbers. They are not the result of an investigation.",
    )


_ITEM_HEADS = ("Items", "With an amount", "Unexplained", "Unexplained, gross", "Oldest (days)")


def _items(items: Items) -> Iterator[Cell]:
    yield from (items.count, items.unexplained.count, items.unexplained.amount, items.gross.amount)
    yield items.oldest_days


def _signed(scope: Any, tally: Tally) -> Table:
    month = {state: sum(getattr(row, state) for row in tally.dates) for state in _STATES}
    month["not compared"] = sum(row.not_compared for row in tally.dates)
    return Table(
        "Sign-off",
        ("State", f"Accounts on {scope.close_date}", "Account-dates of the month"),
        [(state, tally.states_at_close[state], count) for state, count in month.items()],
    )


def _actions(tally: Tally) -> Table:
    return Table(
        "Sign-off by person",
        ("By", "Action", "Times"),
        [(*key, times) for key, times in sorted(tally.actions.items())],
        "Actions on the month's dates, whenever they were taken. Decertified: withdrawn by a run that found "
        "different numbers.",
    )


def _coverage(tally: Tally) -> Table:
    hours, accounts = tally.hours_by_state, tally.account_hours
    return Table(
        "Coverage of the month's hours (UTC)",
        ("Hours", "Complete", "Partial", "Missing", "Account-hours expected", "Present", "Missing "),
        [
            (
                hours.total(), hours["complete"], hours["partial"], hours["missing"],
                accounts["expected"], accounts["present"], accounts["missing"],
            )
        ],
        "Hours are those of the calendar month in UTC. Closings follow each account's own time zone.",
    )  # fmt: skip


def _reasons(tally: Tally) -> Table:
    ranked: Iterable[tuple[str, Any]] = sorted(
        tally.missing.items(), key=lambda item: (-item[1].hours, item[0])
    )
    return Table(
        "Missing account-hours by reason",
        ("Reason", "Account-hours", "Accounts", "First hour (UTC)", "Last hour (UTC)"),
        [(reason, found.hours, found.accounts, found.first, found.last) for reason, found in ranked],
    )


def _seals(scope: Any, tally: Tally) -> Table:
    named = zip(("First of the month", "Last of the month"), tally.seals, strict=False)
    rows: list[tuple[Cell, ...]] = [
        (which, seal.seal_no, seal.sealed_at, seal.row_count, seal.sha256) for which, seal in named
    ]
    if scope.seal_no is not None:
        rows.append(("Newest", scope.seal_no, scope.sealed_at, scope.row_count, scope.sha256))
    return Table(
        f"Seals: {tally.seal_count} of the month's publishes, {tally.sealed_rows} rows",
        ("Seal", "Number", "Sealed (UTC)", "Rows", "SHA-256"),
        rows,
        "As stored in the ledger: the pack does not recompute the chain, qbank-ledger verify does. Keep a "
        "copy of the newest seal elsewhere: it proves later that no seal was removed from the end.",
    )
