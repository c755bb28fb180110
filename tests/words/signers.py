"""Those who prepare and approve, each by a login of his own, over books with one account and date to sign."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, exc

from tests.words.books import Books, day

FIRST = day(1)
ROLES = {
    "jane": "qbank_preparer",
    "joe": "qbank_approver",
    "jim": "qbank_approver",
    "kim": "qbank_preparer, qbank_approver",
}


class Signers:
    """Books with one account and date to sign, and the people who sign."""

    def __init__(self, books: Books, logins: dict[str, Engine]) -> None:
        self.books, self.logins = books, logins

    def login(self, name: str) -> str:
        """Somebody's login: the name with that of the database, as logins are the whole server's."""
        return f"{name}_{self.books.ledger.url.database}"

    def compared(self, bank: str = "100.00", gl: str = "100.00", **account: Any) -> None:
        """Account x, compared on the first day."""
        self.books.account(**account)
        self.books.bank(day(1), bank)
        self.books.gl((day(1), gl))
        self.books.reconcile()

    def sign(
        self,
        name: str,
        verb: str,
        comment: str | None = None,
        *,
        version: int | None = None,
        account_id: str | None = "x",
        on: date | None = FIRST,
    ) -> Any:
        """The row of the action that somebody takes."""
        with self.logins[name].begin() as connection:
            return connection.exec_driver_sql(
                f"SELECT * FROM recon.{verb}(%s, %s, %s, %s)", (account_id, on, comment, version)
            ).one()

    def written(
        self,
        bank: str = "s.bank_balance",
        gl: str = "s.gl_balance",
        *,
        currency: str = "s.currency",
        versions: int = 1,
    ) -> None:
        """New versions, in one statement and by another hand than reconcile's: the first with these in it."""
        self.books.rows(
            "INSERT INTO recon.reconciliation (account_id, as_of_date, version, entity, gl_account, currency,"
            " bank_balance, gl_balance, difference, bank_items, book_items, unexplained, tolerance, status, members, provisional)"
            f" SELECT account_id, as_of_date, version + n.n, entity, gl_account, {currency}, {bank}, {gl}, difference,"
            " bank_items, book_items, unexplained, tolerance, status, members, provisional"
            f" FROM recon.reconciliation AS s, generate_series(1, {versions}) AS n (n) WHERE version = 1"
        )

    def approved(self, comment: str | None = None) -> None:
        """What jane prepares and joe approves."""
        self.sign("jane", "prepare")
        self.sign("joe", "approve", comment)

    def state(self, account_id: str = "x", on: date = FIRST) -> Any:
        (row,) = self.books.rows(
            "SELECT * FROM recon.sign_off_state WHERE account_id = :id AND as_of_date = :on",
            id=account_id,
            on=on,
        )
        return row

    def log(self) -> list[tuple[str, int, str]]:
        """Every action: state, version, and who by first name."""
        rows = self.books.rows("SELECT state, version, actor FROM recon.sign_off ORDER BY sign_off_no")
        return [(row.state, row.version, row.actor.split("_")[0]) for row in rows]

    def why(self) -> str:
        """What the newest action says."""
        return str(self.books.value("SELECT comment FROM recon.sign_off ORDER BY sign_off_no DESC LIMIT 1"))


@contextmanager
def refused(words: str, code: str) -> Iterator[None]:
    with pytest.raises(exc.DBAPIError) as caught:
        yield
    said = str(caught.value.orig)
    assert words in said.splitlines()[0], said
    assert getattr(caught.value.orig, "pgcode", None) == code, said


def bank_restated(books: Books) -> None:
    books.bank(day(1), "101.00", at="13:00")


def gl_corrected(books: Books) -> None:
    books.gl((day(1), "99.50"))
