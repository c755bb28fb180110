"""Books, and those who sign them: a module's tests share a ledger, and the logins."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.words.books import Books
from tests.words.ledger import Ledger
from tests.words.register import ROLES as REGISTER_ROLES
from tests.words.register import Register
from tests.words.signers import ROLES, Signers


@pytest.fixture
def books(ledger: Ledger) -> Books:
    """Empty books: the tests of a module share a ledger."""
    return Books(ledger)


@pytest.fixture(scope="module")
def logins(_shared: Ledger) -> Iterator[dict[str, Engine]]:
    """People with a login each: jane prepares, joe and jim approve, kim may do both; the page, and an operator."""
    with _shared.people({**ROLES, **REGISTER_ROLES}) as engines:
        yield engines


@pytest.fixture
def signers(books: Books, logins: dict[str, Engine]) -> Signers:
    """Those who sign, over empty books."""
    return Signers(books, logins)


@pytest.fixture
def register(ledger: Ledger, logins: dict[str, Engine]) -> Register:
    """Who may act, and the page, over an empty register."""
    return Register(ledger, logins)
