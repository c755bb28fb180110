"""Books, and those who sign them: a module's tests share a ledger, and the logins."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.words.books import Books
from tests.words.ledger import Ledger
from tests.words.signers import ROLES, Signers


@pytest.fixture
def books(ledger: Ledger) -> Books:
    """Empty books: the tests of a module share a ledger."""
    return Books(ledger)


@pytest.fixture(scope="module")
def logins(_shared: Ledger) -> Iterator[dict[str, Engine]]:
    """People with a login each: jane prepares, joe and jim approve, kim may do both."""
    with _shared.people(ROLES) as engines:
        yield engines


@pytest.fixture
def signers(books: Books, logins: dict[str, Engine]) -> Signers:
    """Those who sign, over empty books."""
    return Signers(books, logins)
