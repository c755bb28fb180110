"""Who may act on the ledger, by an operator's grants, and the page that acts in their names."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine

from qbank_ledger.db.acting import act_as
from qbank_ledger.db.transaction import transaction
from tests.words.ledger import Ledger
from tests.words.signers import FIRST

PAGE, OPERATOR = "page", "otto"
ROLES = {PAGE: "qbank_desk", OPERATOR: "qbank_operator"}


@contextmanager
def acting(engine: Engine, identity: str) -> Iterator[Connection]:
    """One transaction of the page's login in the name of ``identity``, as the page makes them."""
    with transaction(engine) as connection:
        act_as(connection, identity)
        yield connection


class Register:
    """The register of a ledger, and the page's login over it: ``page`` and ``otto`` of ``logins``."""

    def __init__(self, ledger: Ledger, logins: dict[str, Engine]) -> None:
        self.ledger, self.logins = ledger, logins

    def grant(
        self, identity: str, *rights: str, person: str | None = None, entity: str | None = None
    ) -> None:
        """An operator lets an identity do this; without a person its name is one."""
        self._change("grant", identity, rights, person, entity)

    def revoke(
        self, identity: str, *rights: str, person: str | None = None, entity: str | None = None
    ) -> None:
        """An operator takes rights back."""
        self._change("revoke", identity, rights, person, entity)

    def _change(
        self, how: str, identity: str, rights: tuple[str, ...], person: str | None, entity: str | None
    ) -> None:
        with self.logins[OPERATOR].begin() as connection:
            for right in rights:
                connection.exec_driver_sql(
                    f"SELECT recon.{how}_signatory(%s, %s, %s, %s)",
                    (person or identity.partition(":")[2], identity, right, entity),
                )

    def act(self, identity: str, call: str, *arguments: object) -> Any:
        """The row of what the page does in somebody's name, such as ``recon.note_break(%s, %s)``."""
        with acting(self.logins[PAGE], identity) as connection:
            return connection.exec_driver_sql(f"SELECT * FROM {call}", arguments).one()

    def sign(
        self,
        identity: str,
        verb: str,
        comment: str | None = None,
        *,
        account_id: str = "x",
        on: date = FIRST,
    ) -> Any:
        """The row of an action on a date's reconciliation."""
        return self.act(identity, f"recon.{verb}(%s, %s, %s)", account_id, on, comment)


@contextmanager
def register(ledger: Ledger) -> Iterator[Register]:
    """The register, with a login for the page and one for an operator."""
    with ledger.people(ROLES) as logins:
        yield Register(ledger, logins)
