"""The numbers behind a reconciliation, table by table, each with the way to where it came from."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from qbank_ledger.month_end.table import total
from qbank_page.frame.table import Column, Link, Local, Table, amount, file_name, load_link, run_link
from qbank_page.frame.tones import SIGN_OFFS, STATUSES, mark
from qbank_page.reconciliation.sql import execute

# How many rows the page shows; the CSV has all.
_SHOWN_NOTES = 200
_SHOWN_ITEMS = 500
# The lines of the sum: the sign before each, its figure in recon.reconciliation, and what it is called.
_SUM = (
    ("", "bank_balance", "Closing at the bank"),
    ("\N{MINUS SIGN}", "gl_balance", "Closing in the books"),
    ("=", "difference", "Difference"),
    ("+", "bank_items", "Items not yet at the bank"),
    ("\N{MINUS SIGN}", "book_items", "Items not yet in the books"),
    ("=", "unexplained", "Unexplained"),
    ("", "tolerance", "Tolerance"),
)
_RECKONED = (
    Column("line", "Line"),
    Column("sign", "Sign", drawn=True),
    Column("amount", "Amount", number=True),
    Column("currency", "Currency"),
    Column("version", "Version", number=True),
)
_CLOSINGS = (
    Column("account_id", "Account"),
    Column("name", "Name"),
    Column("ledger_balance", "Closing", number=True),
    Column("currency", "Currency"),
    Column("observed_at", "Observed"),
    Column("run_no", "Run"),
    Column("revision", "Revision", number=True),
    Column("seal_no", "Seal", number=True),
)
_FIGURES = (
    Column("file_name", "File"),
    Column("line_no", "Line", number=True),
    Column("balance", "Balance", number=True),
    Column("currency", "Currency"),
    Column("counts", "Counts"),
    Column("load_no", "Load"),
    Column("profile", "Profile"),
    Column("source", "Source"),
    Column("loaded_at", "Loaded (UTC)"),
    Column("loaded_by", "By"),
)
_ITEMS = (
    Column("reference", "Reference"),
    Column("kind", "Kind"),
    Column("side", "Side"),
    Column("amount", "Amount", number=True),
    Column("item_date", "Date"),
    Column("cleared_date", "Cleared"),
    Column("counts", "Counts"),
    Column("hint", "Effect"),
    Column("file_name", "File"),
    Column("load_no", "Load"),
)
_VERSIONS = (
    Column("version", "Version", number=True),
    Column("compared_at", "Compared (UTC)"),
    Column("bank_balance", "Bank", number=True),
    Column("gl_balance", "GL", number=True),
    Column("bank_items", "Bank items", number=True),
    Column("book_items", "Book items", number=True),
    Column("unexplained", "Unexplained", number=True),
    Column("status", "Status"),
    Column("cause", "Cause"),
    Column("changed", "Changed since the previous version"),
)
_SIGN_OFFS = (
    Column("state", "Action"),
    Column("version", "Version", number=True),
    Column("actor", "By"),
    Column("via", "Login"),
    Column("at", "At (UTC)"),
    Column("comment", "Comment"),
)
_NOTES = (
    Column("at", "At (UTC)"),
    Column("actor", "By"),
    Column("assignee", "Assigned to"),
    Column("note", "Note"),
    Column("opened_on", "Item open since"),
)
# What may differ between two versions, and what it is called.
_COMPARED = {
    "bank_balance": "bank", "gl_balance": "GL", "bank_items": "bank items", "book_items": "book items",
    "tolerance": "tolerance", "status": "status", "cause": "cause", "opened_on": "open since",
    "members": "members", "entity": "entity", "gl_account": "GL account", "currency": "currency",
    "provisional": "provisional",
}  # fmt: skip


def reckoned(newest: Any) -> Table:
    """How the newest version comes to what is unexplained."""
    return Table(
        name="reckoned",
        caption=f"How the difference is calculated, version {newest.version}",
        columns=_RECKONED,
        rows=[
            {
                "line": line,
                "sign": sign,
                "amount": amount(getattr(newest, figure), newest.minor_units),
                "currency": newest.currency,
                "version": newest.version,
            }
            for sign, figure, line in _SUM
        ],
        empty="",
    )


def closings(connection: Connection, newest: Any, on: date, base: str) -> Table:
    """The bank's observations, as the ledger has them now."""
    found = execute(connection, "closings", account_ids=newest.members, as_of_date=on).all()
    now = [row.ledger_balance for row in found if row.currency == newest.currency]
    is_same = newest.bank_balance == (total(now) if len(now) == len(found) else None)
    return Table(
        name="bank",
        caption="At the bank",
        columns=_CLOSINGS,
        rows=[
            {
                **row._mapping,
                "account_id": Link(row.account_id, f"{base}/accounts/{row.account_id}"),
                "ledger_balance": amount(row.ledger_balance, row.minor_units),
                "observed_at": row.observed_at and Local(row.observed_at, row.time_zone),
                "run_no": run_link(row.run_no, base),
            }
            for row in found
        ],
        empty="None of the accounts compared is in the ledger any more.",
        note="The closing balance for this date, as the ledger has it now."
        + ("" if is_same else " It differs from the one that was compared: reconcile the date again."),
    )


def figures(connection: Connection, newest: Any, on: date, base: str) -> Table:
    """What the books say of the date, in every load."""
    key = {"entity": newest.entity, "gl_account": newest.gl_account}
    found = execute(connection, "gl_figures", as_of_date=on, **key).all()
    return Table(
        name="books",
        caption="In the books",
        columns=_FIGURES,
        rows=[
            {
                **row._mapping,
                "file_name": file_name(row.file_name),
                "balance": amount(row.balance, row.minor_units),
                "counts": (row.load_no, row.currency) == (newest.gl_load_no, newest.currency),
                "load_no": load_link(row.load_no, base),
            }
            for row in found
        ],
        empty=f"No file has GL account {newest.gl_account} of {newest.entity} on {on}: load one.",
        note="Every balance loaded for this date, newest first.",
    )


def items(connection: Connection, newest: Any, on: date, base: str) -> Table:
    """The items that count, and those that would explain what is left."""
    found = execute(
        connection,
        "items",
        entity=newest.entity,
        gl_account=newest.gl_account,
        currency=newest.currency,
        as_of_date=on,
        unexplained=newest.unexplained,
    ).all()
    hints = {True: "if left out, explains the rest", False: "if counted, explains the rest"}
    return Table(
        name="items",
        caption="Outstanding items",
        columns=_ITEMS,
        rows=[
            {
                **row._mapping,
                "amount": amount(row.amount, newest.minor_units),
                "hint": hints[row.counts] if row.would_explain else None,
                "file_name": row.file_name and file_name(row.file_name),
                "load_no": load_link(row.load_no, base),
            }
            for row in found
        ],
        empty="No item counts on this date, and none would explain the unexplained amount.",
        note="From the newest load: the items that count, and those that would explain the unexplained "
        "amount.",
        shown=_SHOWN_ITEMS,
    )


def versions(versions: Sequence[Any]) -> Table:
    """Every comparison of the date, and what changed from one to the next."""
    changes = ["; ".join(_changes(before, after)) for after, before in pairwise(versions)]
    return Table(
        name="versions",
        caption="Versions",
        columns=_VERSIONS,
        rows=[
            {
                **row._mapping,
                **{
                    key: amount(getattr(row, key), row.minor_units)
                    for key in ("bank_balance", "gl_balance", "bank_items", "book_items", "unexplained")
                },
                "status": mark(row.status, STATUSES),
                "changed": changed,
            }
            for row, changed in zip(versions, [*changes, "the first"], strict=True)
        ],
        empty="",
    )


def _changes(before: Any, after: Any) -> Iterator[str]:
    for key, name in _COMPARED.items():
        was, now = getattr(before, key), getattr(after, key)
        if was != now:
            yield f"{name}: {_plain(was)} → {_plain(now)}"


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "none" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def sign_offs(signed: Sequence[Any]) -> Table:
    """Who signed, and what took it back."""
    return Table(
        name="sign_offs",
        caption="Sign-off",
        columns=_SIGN_OFFS,
        rows=[{**row._mapping, "state": mark(row.state, SIGN_OFFS)} for row in signed],
        empty="Nobody has signed it yet. One person prepares it, and another approves it.",
        note="Decertified: the sign-off was withdrawn because the numbers changed after it.",
    )


def notes(connection: Connection, account_id: str) -> Table:
    """What people said of the account's open items."""
    return Table(
        name="notes",
        caption="Notes",
        columns=_NOTES,
        rows=[
            {**row._mapping, "assignee": "nobody" if row.assignee == "" else row.assignee}
            for row in execute(connection, "notes", account_id=account_id)
        ],
        empty="Nobody has added a note.",
        shown=_SHOWN_NOTES,
    )
