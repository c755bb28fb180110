"""Reconciliation: a date's accounts at the bank beside the books, to be looked into and signed off."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator

from qbank_page.frame.action import Asked, Typed
from qbank_page.frame.answer import show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.host import Visitor
from qbank_page.frame.pages import Pages
from qbank_page.frame.rights import rights_of
from qbank_page.frame.threads import OwnThreads
from qbank_page.frame.tones import STATUSES
from qbank_page.reconciliation import tables
from qbank_page.reconciliation.signing import Done, Seen, Verb, sign, verbs_of
from qbank_page.reconciliation.sql import execute

router = APIRouter(route_class=OwnThreads)
_MOST_DATES = 14
_LONGEST = 2_000
# An empty field of a form is none.
AnyDate = Annotated[date | None, BeforeValidator(lambda text: text or None)]


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
                self.status in ("", row.status)
                or (self.status == "unmatched" and row.status not in tables.FITTING)
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
    comment: Annotated[Typed, Form(max_length=_LONGEST)] = "",
    chosen: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI's
    shown: Annotated[list[str], Form()] = [],  # noqa: B006
    all_: Annotated[bool, Form(alias="all")] = False,
) -> Response:
    """Prepare, approve or reject what was chosen, or shown; the page again, with what became of it."""
    if asked.date is None:
        raise HTTPException(422, "The request is not valid: look at date.")
    done = sign(action, verb, asked.date, comment, [Seen.parse(text) for text in (shown if all_ else chosen)])
    return _page(request, action.visitor, asked, done)


def _page(request: Request, visitor: Visitor, asked: Filter, done: Sequence[Done] | None = None) -> Response:
    base = request.scope["root_path"]
    whole = request.url.path.endswith(".csv")
    with desk_of(request).ledger.reading() as connection:
        later = timedelta(days=_MOST_DATES // 2)
        until = asked.date and asked.date + min(later, date.max - asked.date)
        dates = execute(connection, "compared_dates", most=_MOST_DATES, until=until).all()
        on = asked.date or (dates[0].as_of_date if dates else None)
        all_rows = execute(connection, "compared", as_of_date=on).all() if on else []
        found = [row for row in all_rows if asked.takes(row)]
        pages = Pages(asked.page, len(found))
        rights = rights_of(connection, visitor)
        accounts = tables.account_rows(connection, found if whole else pages.of(found), on, rights, base)
    return show(
        request,
        visitor,
        "reconciliation/page.html.j2",
        tables=[
            tables.accounts(accounts, _empty(on, all_rows)),
            tables.totals(found),
            tables.dates(dates, base),
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
        return "Nothing has been reconciled yet: load the books for a date, then reconcile."
    if all_rows:
        return "No account matches: widen the filter."
    return f"{on} has not been reconciled: load the books for that date, or choose another."
