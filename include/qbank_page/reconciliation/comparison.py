"""A reconciliation opened to the numbers behind it, to be signed off and noted by itself."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import Response

from qbank_page.frame.action import Asked, Typed
from qbank_page.frame.answer import back, show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.rights import rights_of
from qbank_page.frame.threads import OwnThreads
from qbank_page.frame.tones import SIGN_OFFS, STATUSES, mark
from qbank_page.reconciliation import evidence
from qbank_page.reconciliation.signing import Seen, note, verbs_of
from qbank_page.reconciliation.sql import execute

router = APIRouter(route_class=OwnThreads)
AccountId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$")]


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
            evidence.closings(connection, newest, on, base),
            evidence.figures(connection, newest, on, base),
            evidence.items(connection, newest, on, base),
            evidence.versions(versions),
            evidence.sign_offs(signed),
            evidence.notes(connection, account_id),
            evidence.reckoned(newest),
        ]
    state = signed[0].state if signed else "open"
    return show(
        request,
        visitor,
        "reconciliation/comparison.html.j2",
        tables=tables,
        account_id=account_id,
        on=on,
        newest=newest,
        marks={"status": mark(newest.status, STATUSES), "state": mark(state, SIGN_OFFS)},
        open_item=open_item,
        verbs=[] if newest.provisional else verbs_of(rights, [(newest.entity, state)]),
        seen=Seen(account_id, newest.version),
        may_note=open_item is not None and any(rights.may(right, newest.entity) for right in rights.entities),
    )


@router.post("/reconciliation/{account_id}/note")
def note_break(
    request: Request,
    action: Asked,
    account_id: AccountId,
    *,
    on: Annotated[date, Form(alias="date")],
    opened_on: Annotated[date, Form()],
    assignee: Annotated[Typed, Form(max_length=200)] = "",
    was: Annotated[Typed, Form()] = "",
    text: Annotated[Typed, Form(alias="note", max_length=2_000)] = "",
) -> Response:
    """Keep who is to look into the open item that was seen, and what is known of it.

    Of whom the form showed, ``was``, nothing is said: somebody else may have been named since.
    """
    named = assignee.strip()
    note(action, account_id, opened_on, None if named == was.strip() else named, text)
    return back(request, f"reconciliation/{account_id}?date={on}", "The note is saved.")
