"""A ledger that is watched, over books and those who sign them."""

import pytest

from tests.integration.recon.conftest import books, logins, signers
from tests.words.ledger import Ledger
from tests.words.watched import Watched

__all__ = ["books", "logins", "signers"]


@pytest.fixture
def watched(ledger: Ledger) -> Watched:
    """An empty ledger, and what is said of it."""
    return Watched(ledger)
