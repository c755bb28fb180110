"""Reconciliation: a date's accounts at the bank beside the books, to be looked into and signed off."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import Response
from markupsafe import Markup
from pydantic import BaseModel, BeforeValidator
from sqlalchemy import Connection

from qbank_ledger.month_end.table import Amount, total
from qbank_page.desk import Asked, Rights, SignedIn, desk_of, rights_of, show
from qbank_page.host import Visitor
from qbank_page.pages import Pages
from qbank_page.signing import Done, Seen, Verb, sign, verbs_of
from qbank_page.sql import execute
from qbank_page.table import Column, Link, Mark, Table

router = APIRouter()
STATUSES = {
    "matched": "good", "within_tolerance": "good", "break": "bad",
    "missing_bank": "warn", "missing_gl": "warn", "stale_bank": "warn",
}  # fmt: skip
FITTING = ("matched", "within_tolerance")
STATES = {"open": "plain", "prepared": "warn", "approved": "good", "rejected": "bad", "decertified": "bad"}
_MOST_DATES = 14
_LONGEST = 2_000
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
    Column("account_id", "Id"),
    Column("entity", "Entity"),
    Column("gl_account", "GL account"),
    Column("currency", "Currency"),
    Column("bank_balance", "Bank", number=True),
    Column("gl_balance", "GL", number=True),
    Column("difference", "Difference", number=True),
    Column("items", "Items", number=True),
    Column("unexplained", "Unexplained", number=True),
    Column("tolerance", "Tolerance", number=True),
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


# An empty field of a form is none.
AnyDate = Annotated[date | None, BeforeValidator(lambda text: text or None)]

_AS_THEY_ARE = (
    "account_id", "entity", "gl_account", "currency", "cause", "age_days", "prepared_by", "approved_by",
    "comment", "version",
)  # fmt: skip
_AMOUNTS = ("bank_balance", "gl_balance", "difference", "items", "unexplained", "tolerance")


class Filter(BaseModel):
    """What the address asks for; empty: everything, of the newest date that was compared."""

    date: AnyDate = None
    entity: str = ""
    status: Literal[
        "", "unmatched", "matched", "within_tolerance", "break", "missing_bank", "missing_gl", "stale_bank"
    ] = ""
    state: Literal["", "open", "prepared", "approved", "rejected", "decertified", "unsigned"] = ""
    page: Annotated[int, Query(ge=1, le=100_000)] = 1

    def takes(self, row: Any) -> bool:
        """Whether a row is asked for; ``unmatched`` and ``unsigned`` are whatever is not."""
        return (
            self.entity in ("", row.entity)
            and (
                self.status in ("", row.status) or (self.status == "unmatched" and row.status not in FITTING)
            )
            and (self.state in ("", row.state) or (self.state == "unsigned" and row.state != "approved"))
        )

    def query(self, **other: Any) -> str:
        """The same as an address has it, but for ``other``."""
        return urlencode(
            {name: value for name, value in {**dict(self), **other}.items() if value not in ("", None)}
        )


@router.get("/reconciliation")
@router.get("/reconciliation.csv")
def reconciliation(request: Request, visitor: SignedIn, asked: Annotated[Filter, Query()]) -> Response:
    """The accounts of a date, and the dates that there are."""
    return _page(request, visitor, asked)


@router.post("/reconciliation/sign")
def sign_chosen(
    request: Request,
    action: Asked,
    asked: Annotated[Filter, Query()],
    *,
    verb: Annotated[Verb, Form()],
    comment: Annotated[str, Form(max_length=_LONGEST)] = "",
    chosen: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI's
    shown: Annotated[list[str], Form()] = [],  # noqa: B006
    all_: Annotated[bool, Form(alias="all")] = False,
) -> Response:
    """Prepare, approve or reject what was chosen, or shown; the page again, with what became of it."""
    if asked.date is None:
        raise HTTPException(422, "The request can't be read: look at date.")
    done = sign(action, verb, asked.date, comment, [Seen.parse(text) for text in (shown if all_ else chosen)])
    return _page(request, action.visitor, asked, done)


def _page(request: Request, visitor: Visitor, asked: Filter, done: Sequence[Done] | None = None) -> Response:
    base = request.scope["root_path"]
    whole = request.url.path.endswith(".csv")
    with desk_of(request).ledger.reading() as connection:
        until = asked.date + timedelta(days=_MOST_DATES // 2) if asked.date else None
        dates = execute(connection, "compared_dates", most=_MOST_DATES, until=until).all()
        on = asked.date or (dates[0].as_of_date if dates else None)
        all_rows = execute(connection, "compared", as_of_date=on).all() if on else []
        found = [row for row in all_rows if asked.takes(row)]
        pages = Pages(asked.page, len(found))
        rights = rights_of(connection, visitor)
        accounts = _accounts(connection, found if whole else pages.of(found), on, rights, base)
    return show(
        request,
        visitor,
        "reconciliation.html.j2",
        tables=[
            Table(
                name="accounts",
                caption="Accounts",
                columns=_ACCOUNTS,
                rows=accounts,
                empty=_empty(on, all_rows),
                note="Difference: bank less GL. Unexplained: difference and items. Accounts compared "
                "as one sum show it, each.",
            ),
            Table(
                name="totals",
                caption="Totals by entity and currency",
                columns=_TOTALS,
                rows=_totals(found),
                empty="Nothing to add up.",
                note="Accounts that are compared as one sum count once in the amounts.",
            ),
            Table(
                name="dates",
                caption="Dates that were compared",
                columns=_DATES,
                rows=[_date(row, base) for row in dates],
                empty="Nothing was compared yet: load the books of a date, and reconcile.",
            ),
        ],
        asked=asked,
        on=on,
        done=done,
        pages_of=pages,
        entities=sorted({row.entity for row in all_rows}),
        statuses=STATUSES,
        verbs=verbs_of(rights, {(row.entity, row.state) for row in found if not row.provisional}),
    )


def _empty(on: date | None, all_rows: Sequence[Any]) -> str:
    if on is None:
        return "Nothing was compared yet: load the books of a date, and reconcile."
    if all_rows:
        return "No account fits: widen the filter."
    return f"{on} was not compared: load the books of that date, or choose another."


def _date(row: Any, base: str) -> dict[str, Any]:
    address = f"{base}/reconciliation?date={row.as_of_date}"
    return {**row._mapping, "as_of_date": Link(f"{row.as_of_date}", address)}


def _totals(rows: Sequence[Any]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.entity, row.currency), []).append(row)
    return [
        {
            "entity": entity,
            "currency": currency,
            "accounts": len(group),
            "unmatched": sum(row.status not in FITTING for row in group),
            "unsigned": sum(row.state != "approved" for row in group),
            **_unexplained(group),
        }
        for (entity, currency), group in sorted(groups.items())
    ]


def _unexplained(rows: Sequence[Any]) -> dict[str, Amount | None]:
    once = {(row.gl_account): row for row in rows if row.unexplained is not None}.values()
    amounts = [row.unexplained for row in once]
    units = max((row.minor_units for row in once), default=0)
    return {
        "unexplained": Amount(total(amounts), units) if amounts else None,
        "gross": Amount(total(map(abs, amounts)), units) if amounts else None,
    }


def _accounts(
    connection: Connection, rows: Sequence[Any], on: date | None, rights: Rights, base: str
) -> list[dict[str, Any]]:
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
        **{key: amount(getattr(row, key), row) for key in _AMOUNTS},
        "name": Link(row.name, f"{base}/reconciliation/{row.account_id}?date={on}"),
        "chosen": _choice(row, rights),
        "status": Mark(row.status, STATUSES[row.status]),
        "state": Mark(row.state, STATES[row.state]),
        "assignee": note.assignee if note and on and note.opened_on <= on <= note.as_of_date else None,
    }  # fmt: skip


def _choice(row: Any, rights: Rights) -> Markup | None:
    """A box to tick where the visitor may do something to it."""
    if row.provisional or not verbs_of(rights, [(row.entity, row.state)]):
        return None
    return Markup(
        '<input type="checkbox" form="signing" name="chosen" value="{seen}" aria-label="Sign {name}">'
        '<input type="hidden" form="signing" name="shown" value="{seen}">'
    ).format(seen=Seen(row.account_id, row.version), name=row.name)


def amount(value: Any, row: Any) -> Amount | None:
    """An amount in the row's currency."""
    return None if value is None else Amount(value, row.minor_units)
