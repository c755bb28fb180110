"""The tables of a date's reconciliations: its accounts, their totals, and the dates near it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection

from qbank_ledger.month_end.table import Amount, total
from qbank_ledger.terminal import visible
from qbank_page.frame.finding import by_entity_and_currency
from qbank_page.frame.rights import Rights
from qbank_page.frame.table import Column, Link, Table, amount, date_link
from qbank_page.frame.tones import SIGN_OFFS, STATUSES, mark
from qbank_page.reconciliation.signing import Seen, verbs_of
from qbank_page.reconciliation.sql import execute

FITTING = ("matched", "within_tolerance")
_DATES = (
    Column("as_of_date", "Date"),
    Column("accounts", "Accounts", number=True),
    Column("matched", "Matched", number=True),
    Column("within_tolerance", "Within tolerance", number=True),
    Column("breaks", "Breaks", number=True),
    Column("lacking", "Missing or stale", number=True),
    Column("provisional", "Provisional", number=True),
    Column("open", "Open", number=True),
    Column("prepared", "Prepared", number=True),
    Column("approved", "Approved", number=True),
    Column("sent_back", "Sent back", number=True),
)
_TOTALS = (
    Column("entity", "Entity"),
    Column("currency", "Currency"),
    Column("accounts", "Accounts", number=True),
    Column("unmatched", "Not matched", number=True),
    Column("unsigned", "Not approved", number=True),
    Column("unexplained", "Unexplained", number=True),
    Column("gross", "Unexplained, gross", number=True),
)
_ACCOUNTS = (
    Column("name", "Account"),
    Column("chosen", "Sign", drawn=True),
    Column("account_id", "Id", aside=True),
    Column("entity", "Entity"),
    Column("gl_account", "GL account"),
    Column("currency", "Currency"),
    Column("bank_balance", "Bank", number=True),
    Column("gl_balance", "GL", number=True),
    Column("difference", "Difference", number=True),
    Column("items", "Items", number=True),
    Column("unexplained", "Unexplained", number=True),
    Column("tolerance", "Tolerance", number=True, aside=True),
    Column("status", "Status"),
    Column("cause", "Cause"),
    Column("age_days", "Days open", number=True),
    Column("assignee", "Owner"),
    Column("state", "Sign-off"),
    Column("prepared_by", "Prepared by"),
    Column("approved_by", "Approved by"),
    Column("comment", "Comment"),
    Column("version", "Version", number=True),
)
_AS_THEY_ARE = (
    "account_id", "entity", "gl_account", "currency", "cause", "age_days", "prepared_by", "approved_by",
    "comment", "version",
)  # fmt: skip
_AMOUNTS = ("bank_balance", "gl_balance", "difference", "items", "unexplained", "tolerance")


def accounts(rows: Sequence[Mapping[str, Any]], empty: str) -> Table:
    """The accounts of a date."""
    return Table(
        name="accounts",
        caption="Accounts",
        columns=_ACCOUNTS,
        rows=rows,
        empty=empty,
        note="Difference is bank minus GL. Unexplained is the difference after outstanding items. Accounts "
        "compared as one sum each show the group's amounts.",
    )


def totals(rows: Sequence[Any]) -> Table:
    """What they come to."""
    return Table(
        name="totals",
        caption="Totals by entity and currency",
        columns=_TOTALS,
        rows=_totals(rows),
        empty="No totals to show.",
        note="The amounts count accounts that are compared as one sum only once.",
    )


def dates(rows: Sequence[Any], base: str) -> Table:
    """The dates near it, each with how far it is."""
    return Table(
        name="dates",
        caption="Dates reconciled",
        columns=_DATES,
        rows=[_date(row, base) for row in rows],
        empty="Nothing has been reconciled yet: load the books for a date, then reconcile.",
    )


def _date(row: Any, base: str) -> dict[str, Any]:
    return {**row._mapping, "as_of_date": date_link(row.as_of_date, base)}


def _totals(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "entity": entity,
            "currency": currency,
            "accounts": len(group),
            "unmatched": sum(row.status not in FITTING for row in group),
            "unsigned": sum(row.state != "approved" for row in group),
            **_unexplained(group),
        }
        for entity, currency, group in by_entity_and_currency(rows)
    ]


def _unexplained(rows: Sequence[Any]) -> dict[str, Amount | None]:
    once = {(row.gl_account): row for row in rows if row.unexplained is not None}.values()
    amounts = [row.unexplained for row in once]
    units = max((row.minor_units for row in once), default=0)
    return {
        "unexplained": Amount(total(amounts), units) if amounts else None,
        "gross": Amount(total(each.copy_abs() for each in amounts), units) if amounts else None,
    }


def account_rows(
    connection: Connection, rows: Sequence[Any], on: date | None, rights: Rights, base: str
) -> list[dict[str, Any]]:
    """The rows of ``accounts``, each with its owner, and a box to tick where the visitor may sign it."""
    ids = [row.account_id for row in rows if row.status not in FITTING]
    notes = (
        {row.account_id: row for row in execute(connection, "break_notes", account_ids=ids)} if ids else {}
    )
    return [_account(row, notes, on, rights, base) for row in rows]


def _account(
    row: Any, notes: Mapping[str, Any], on: date | None, rights: Rights, base: str
) -> dict[str, Any]:
    note = notes.get(row.account_id)
    return {
        **{key: getattr(row, key) for key in _AS_THEY_ARE},
        **{key: amount(getattr(row, key), row.minor_units) for key in _AMOUNTS},
        "name": Link(row.name, f"{base}/reconciliation/{row.account_id}?date={on}"),
        "chosen": _choice(row, rights),
        "status": mark(row.status, STATUSES),
        "state": mark(row.state, SIGN_OFFS),
        "assignee": note.assignee if note and on and note.opened_on <= on <= note.as_of_date else None,
    }  # fmt: skip


def _choice(row: Any, rights: Rights) -> Markup | None:
    """A box to tick where the visitor may do something to it."""
    if row.provisional or not verbs_of(rights, [(row.entity, row.state)]):
        return None
    return Markup(
        '<input type="checkbox" form="signing" name="chosen" value="{seen}" aria-label="Sign {name}">'
        '<input type="hidden" form="signing" name="shown" value="{seen}">'
    ).format(seen=Seen(row.account_id, row.version), name=visible(row.name))
