"""What each of the page's rooms works with: who asks, what they may do, and how an answer is given."""

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BeforeValidator
from sqlalchemy import Connection

from qbank_ledger.db.acting import act_as
from qbank_ledger.db.transaction import transaction
from qbank_page.frame.host import Host, Visitor
from qbank_page.frame.ledger import Ledger
from qbank_page.frame.security import new_token, require_own_origin, require_token
from qbank_page.frame.sql import execute
from qbank_page.frame.table import Table
from qbank_page.frame.view import SAID, render

_LONGEST = 1_500


@dataclass(frozen=True, slots=True)
class Desk:
    """The host and its ledger; one for the app."""

    host: Host
    ledger: Ledger


def desk_of(request: Request) -> Desk:
    """The app's."""
    desk: Desk = request.app.state.desk
    return desk


async def _visitor(request: Request) -> Visitor:
    return await desk_of(request).host.visitor(request)


SignedIn = Annotated[Visitor, Depends(_visitor)]


@dataclass(frozen=True, slots=True)
class Rights:
    """What the ledger's register lets a visitor do, each with the entities; None among them: all."""

    entities: dict[str, frozenset[str | None]]

    def may(self, action: str, entity: str | None = None) -> bool:
        """Whether it is theirs for the entity; without one: for any."""
        found = self.entities.get(action, frozenset())
        return bool(found) if entity is None else not found.isdisjoint({entity, None})


def rights_of(connection: Connection, visitor: Visitor) -> Rights:
    """The open rows of recon.signatory."""
    rows: dict[str, set[str | None]] = {}
    for row in execute(connection, "rights", identity=visitor.identity):
        rows.setdefault(row.may, set()).add(row.entity)
    return Rights({may: frozenset(entities) for may, entities in rows.items()})


@dataclass(slots=True)
class Action:
    """Something that a visitor has asked for by a form of this page, which acts once."""

    visitor: Visitor
    form_no: str
    desk: Desk
    _is_used: bool = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction in the visitor's name, or one of several.

        Raises LedgerError: RefusedError with what the ledger says against it, such as that the form was sent
        before. One that is refused leaves the form as it was.
        """
        with transaction(self.desk.ledger.desk) as connection:
            self.begin(connection)
            yield connection
        self._is_used = True

    def begin(self, connection: Connection) -> None:
        """Have an open transaction act in the visitor's name, and use up the form. Raises RefusedError."""
        act_as(connection, self.visitor.identity)
        if not self._is_used:
            execute(connection, "use_form", form_no=self.form_no)


def _action(request: Request, visitor: SignedIn, token: Annotated[str, Form()] = "") -> Action:
    desk = desk_of(request)
    require_own_origin(request, desk.host.origins())
    return Action(visitor, require_token(desk.host.secret(), visitor, token), desk)


Asked = Annotated[Action, Depends(_action)]


def _as_kept(text: str) -> str:
    r"""Without what PostgreSQL can't hold; lines end with \n, where a browser sends \r\n and counts one."""
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


# What somebody typed into a form, to be kept.
Typed = Annotated[str, BeforeValidator(_as_kept)]


def show(
    request: Request, visitor: Visitor, template: str, *, tables: Sequence[Table] = (), **values: Any
) -> Response:
    """The page; at an address that ends with .csv, its first table, or the one that ``?table=`` names."""
    if request.url.path.endswith(".csv"):
        return _csv(tables, request.query_params.get("table"))
    desk = desk_of(request)
    return render(
        request,
        template,
        visitor=visitor,
        tables={table.name: table for table in tables},
        new_token=lambda: new_token(desk.host.secret(), visitor),
        **values,
    )


def _csv(tables: Sequence[Table], name: str | None) -> Response:
    found = next((table for table in tables if name in (None, table.name)), None)
    if found is None:
        raise HTTPException(404, f"There is no such table; name one of {', '.join(t.name for t in tables)}.")
    named = {"Content-Disposition": f'attachment; filename="{found.name}.csv"'}
    return Response(found.as_csv(), media_type="text/csv; charset=utf-8", headers=named)


def back(request: Request, path: str, said: str, *, tone: str = "good") -> Response:
    """To a page below ours, after an action, with what it did."""
    response = RedirectResponse(f"{request.scope['root_path']}/{path}", status_code=303)
    message = base64.urlsafe_b64encode(json.dumps([tone, said[:_LONGEST]]).encode()).decode()
    response.set_cookie(
        SAID, message, max_age=60, path=request.scope["root_path"], httponly=True, samesite="strict"
    )
    return response
