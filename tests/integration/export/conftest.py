"""A ledger with newest balances, and exports of it."""

import pytest

from tests.words.desk import Desk
from tests.words.ledger import Ledger


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    """An empty ledger: the tests of a module share it."""
    return Desk(ledger)
