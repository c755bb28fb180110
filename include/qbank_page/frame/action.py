"""What a visitor asks for by a form: once, from this page, in their own name."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request
from pydantic import BeforeValidator
from sqlalchemy import Connection

from qbank_ledger.db.acting import act_as
from qbank_ledger.db.transaction import transaction
from qbank_page.frame.desk import Desk, SignedIn, desk_of
from qbank_page.frame.host import Visitor
from qbank_page.frame.security import require_own_origin, require_token
from qbank_page.frame.sql import execute


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
