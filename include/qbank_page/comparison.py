"""The numbers behind a reconciliation: observation, line of the books, items, versions, sign-offs, notes."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from qbank_page.desk import Asked, SignedIn, back, desk_of, rights_of, show
from qbank_page.reconciliation import STATES, STATUSES, amount
from qbank_page.signing import Seen, note, verbs_of
from qbank_page.sql import execute
from qbank_page.table import Column, Link, Local, Mark, Table

router = APIRouter()
AccountId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")]
_MOST_NOTES = 200
_MOST_ITEMS = 500
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
    Column("hint", "What it explains"),
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
    Column("changed", "Changed since the version before"),
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
    Column("assignee", "Given to"),
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


@router.get("/reconciliation/{account_id}")
@router.get("/reconciliation/{account_id}.csv")  # the first to be tried
def comparison(
    request: Request, visitor: SignedIn, account_id: AccountId, on: Annotated[date, Query(alias="date")]
) -> Response:
    """The numbers behind an account's reconciliation."""
    base = request.scope["root_path"]
    with desk_of(request).ledger.reading() as connection:
        versions = execute(connection, "versions", account_id=account_id, as_of_date=on).all()
        if not versions:
            raise HTTPException(404, f"Account {account_id} was not compared on {on}.")
        newest = versions[0]
        signed = execute(connection, "sign_offs", account_id=account_id, as_of_date=on).all()
        open_item = next(iter(execute(connection, "break_notes", account_ids=[account_id])), None)
        rights = rights_of(connection, visitor)
        tables = [
            _closings(connection, newest, on, base),
            _figures(connection, newest, on, base),
            _items(connection, newest, on, base),
            _versions(versions),
            _sign_offs(signed),
            _notes(connection, account_id),
        ]
    state = signed[0].state if signed else "open"
    return show(
        request,
        visitor,
        "comparison.html.j2",
        tables=tables,
        account_id=account_id,
        on=on,
        newest=newest,
        marks={"status": Mark(newest.status, STATUSES[newest.status]), "state": Mark(state, STATES[state])},
        amounts={
            key: amount(getattr(newest, key), newest)
            for key in (
                "bank_balance", "gl_balance", "difference", "bank_items", "book_items", "unexplained",
                "tolerance",
            )
        },
        open_item=open_item,
        verbs=[] if newest.provisional else verbs_of(rights, [(newest.entity, state)]),
        seen=Seen(account_id, newest.version),
        may_note=open_item is not None and bool(rights.entities) and any(
            rights.may(right, newest.entity) for right in rights.entities
        ),
    )  # fmt: skip


@router.post("/reconciliation/{account_id}/note")
def note_break(
    request: Request,
    action: Asked,
    account_id: AccountId,
    *,
    on: Annotated[date, Form(alias="date")],
    assignee: Annotated[str, Form(max_length=200)] = "",
    text: Annotated[str, Form(alias="note", max_length=2_000)] = "",
) -> Response:
    """Keep who is to look into the account's open item, and what is known of it."""
    note(action, account_id, assignee, text)
    return back(request, f"reconciliation/{account_id}?date={on}", "It is noted.")


def _load(load_no: int | None, base: str) -> Link | None:
    return None if load_no is None else Link(str(load_no), f"{base}/books?load={load_no}")


def _closings(connection: Connection, newest: Any, on: date, base: str) -> Table:
    found = execute(connection, "closings", account_ids=newest.members, as_of_date=on).all()
    now = [row.ledger_balance for row in found if row.currency == newest.currency]
    is_same = newest.bank_balance == (sum(now, Decimal(0)) if len(now) == len(found) else None)
    return Table(
        name="bank",
        caption="At the bank",
        columns=_CLOSINGS,
        rows=[
            {
                **row._mapping,
                "account_id": Link(row.account_id, f"{base}/accounts/{row.account_id}"),
                "ledger_balance": amount(row.ledger_balance, row),
                "observed_at": row.observed_at and Local(row.observed_at, row.time_zone),
                "run_no": row.run_no and Link(str(row.run_no), f"{base}/runs/{row.run_no}"),
            }
            for row in found
        ],
        empty="No account is left of those that were compared.",
        note="The closing of the date as the ledger has it now."
        + ("" if is_same else " It is another than was compared: reconcile the date again."),
    )


def _figures(connection: Connection, newest: Any, on: date, base: str) -> Table:
    key = {"entity": newest.entity, "gl_account": newest.gl_account}
    found = execute(connection, "gl_figures", as_of_date=on, **key).all()
    return Table(
        name="books",
        caption="In the books",
        columns=_FIGURES,
        rows=[
            {
                **row._mapping,
                "file_name": row.file_name or "(its name was not kept)",
                "balance": amount(row.balance, row),
                "counts": (row.load_no, row.currency) == (newest.gl_load_no, newest.currency),
                "load_no": _load(row.load_no, base),
            }
            for row in found
        ],
        empty=f"No file has GL account {newest.gl_account} of {newest.entity} on {on}: load one.",
        note="Every balance that was loaded for the date, the newest first.",
    )


def _items(connection: Connection, newest: Any, on: date, base: str) -> Table:
    found = execute(
        connection,
        "items",
        entity=newest.entity,
        gl_account=newest.gl_account,
        currency=newest.currency,
        as_of_date=on,
        unexplained=newest.unexplained,
    ).all()
    hints = {True: "left out, nothing is unexplained", False: "counted, nothing is unexplained"}
    return Table(
        name="items",
        caption="Outstanding items",
        columns=_ITEMS,
        rows=[
            {
                **row._mapping,
                "amount": amount(row.amount, newest),
                "hint": hints[row.counts] if row.would_explain else None,
                "load_no": _load(row.load_no, base),
            }
            for row in found[:_MOST_ITEMS]
        ],
        empty="No item counts on this date, and none would explain what is left.",
        note="As their newest load has them: those that count, and those that would explain what is left."
        + (f" The first {_MOST_ITEMS:,} of {len(found):,}." if len(found) > _MOST_ITEMS else ""),
    )


def _versions(versions: Sequence[Any]) -> Table:
    changes = ["; ".join(_changes(before, after)) for after, before in pairwise(versions)]
    return Table(
        name="versions",
        caption="Versions",
        columns=_VERSIONS,
        rows=[
            {
                **row._mapping,
                **{
                    key: amount(getattr(row, key), row)
                    for key in ("bank_balance", "gl_balance", "bank_items", "book_items", "unexplained")
                },
                "status": Mark(row.status, STATUSES[row.status]),
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


def _sign_offs(signed: Sequence[Any]) -> Table:
    return Table(
        name="sign_offs",
        caption="Sign-off",
        columns=_SIGN_OFFS,
        rows=[{**row._mapping, "state": Mark(row.state, STATES[row.state])} for row in signed],
        empty="Nobody has signed it yet: somebody prepares it, somebody else approves it.",
        note="Decertified: taken back, as other numbers were found than those that were signed.",
    )


def _notes(connection: Connection, account_id: str) -> Table:
    return Table(
        name="notes",
        caption="Notes",
        columns=_NOTES,
        rows=[
            dict(row._mapping)
            for row in execute(connection, "notes", account_id=account_id, most=_MOST_NOTES)
        ],
        empty="Nobody has noted anything.",
    )
