"""Loading a file of the ERP through the page: previewed, then loaded as it was previewed.

Nothing is kept in between: the file comes again with what tells whether it is the same. A browser without
JavaScript, which loses it as the page is made anew, gets a small one back in the page, to send it from there.
"""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, UploadFile
from fastapi.responses import Response
from sqlalchemy import Connection

from qbank_ledger.errors import GLFileError
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.profile import Given, Profile
from qbank_ledger.recon.profile_file import PLAIN
from qbank_page.books.page import Asked as Whole
from qbank_page.books.page import Sent, books_page
from qbank_page.books.reading import (
    Read,
    fingerprint,
    mirrors_of,
    previewed,
    proposed,
    received,
    sent_back,
    to_carry,
)
from qbank_page.books.sql import execute
from qbank_page.frame.action import Action, Asked
from qbank_page.frame.answer import back
from qbank_page.frame.rights import rights_of
from qbank_page.frame.threads import OwnThreads
from qbank_page.frame.view import HTMX

router = APIRouter(route_class=OwnThreads)
Short = Annotated[str, Form(max_length=140)]


@dataclass(frozen=True, slots=True)
class Filled:
    """The form: a file, and how it is to be read."""

    file: UploadFile
    profile: str
    given: Given
    sheet: str

    @property
    def fields(self) -> dict[str, str]:
        """What it said, to be said again; a browser sends no file twice."""
        date, entity, currency = (self.given.date, self.given.entity, self.given.currency)
        return {
            "profile": self.profile, "date": date or "", "entity": entity or "", "currency": currency or "",
            "sheet": self.sheet,
        }  # fmt: skip


def _filled(
    file: UploadFile | None = None,
    *,
    carried: Annotated[str, Form()] = "",
    name: Short = "",
    profile: Short = PLAIN,
    date: Short = "",
    entity: Short = "",
    currency: Short = "",
    sheet: Short = "",
) -> Filled:
    file = file or sent_back(carried, name)
    return Filled(file, profile, Given(date or None, entity or None, currency or None), sheet)


TheForm = Annotated[Filled, Depends(_filled)]


@router.post("/books/preview")
def preview_file(request: Request, action: Asked, filled: TheForm) -> Response:
    """What the file would become; nothing is loaded."""
    _require_right(action)
    profile = _profile(action, filled)
    with action.desk.ledger.reading() as connection:
        mirrors = mirrors_of(connection)
    # A file is read for longer than a transaction may stand idle.
    with received(filled.file) as file:
        read = previewed(file, profile, filled.given, mirrors)
        carried = to_carry(file) if read.fingerprint and HTMX not in request.headers else ""
    return books_page(request, action.visitor, Whole(), Sent(filled.fields, read, carried))


@router.post("/books/draft")
def propose_profile(request: Request, action: Asked, filled: TheForm) -> Response:
    """A profile for the file, to look over."""
    _require_right(action)
    with received(filled.file) as file:
        read = proposed(file, filled.sheet or None)
    return books_page(request, action.visitor, Whole(), Sent(filled.fields, read))


@router.post("/books/load")
def load(
    request: Request, action: Asked, filled: TheForm, seen: Annotated[str, Form(alias="previewed")] = ""
) -> Response:
    """Load the file that was previewed, in the visitor's name, and have it compared."""
    _require_right(action)
    profile = _profile(action, filled)
    with received(filled.file) as file:
        if fingerprint(file, profile, filled.given) != seen:
            read = Read(file.name, refused=_OTHER)
            return books_page(request, action.visitor, Whole(), Sent(filled.fields, read), status=409)
        try:
            done = load_file(
                action.desk.ledger.desk,
                file,
                profile.kind,
                profile,
                given=filled.given,
                begin=partial(_begin, action),
                waits=False,
            )
        except GLFileError as error:
            read = Read(file.name, refused=str(error))
            return books_page(request, action.visitor, Whole(), Sent(filled.fields, read), status=422)
    if not done.is_new:
        said = f"{file} was loaded before, as load {done.load_no}: nothing is new. {done.stays_replaced}"
        return back(request, "books", said.strip(), tone="bad" if done.replaced else "good")
    is_compared = profile.kind != "rates"
    converts = "The Position page now converts with these rates."
    what_next = action.desk.host.reconcile(action.visitor) if is_compared else converts
    return back(request, "books", f"{file} is load {done.load_no}, {done.rows:,} rows. {what_next}")


_OTHER = (
    "Nothing was loaded: the file, its profile or your entries have changed since the preview. Preview it "
    "again, then load it."
)


def _require_right(action: Action) -> None:
    """Reading a file takes the server's time: it is for who may load it."""
    with action.desk.ledger.reading() as connection:
        may = rights_of(connection, action.visitor).may("load")
    if not may:
        raise HTTPException(
            403,
            f"{action.visitor.identity} may not load for any entity: ask an operator to grant it with "
            "recon.grant_signatory.",
        )


def _begin(action: Action, connection: Connection) -> None:
    """What a load begins with: it stands idle while rows are read that bring nothing, as skipped ones do."""
    execute(connection, "while_reading")
    action.begin(connection)


def _profile(action: Action, filled: Filled) -> Profile:
    return action.desk.host.gl_sources().profile(filled.profile)
