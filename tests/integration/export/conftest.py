"""A ledger with newest balances, and exports of it."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from qbank_ledger.db.connection import engine_for
from tests.words.desk import Desk
from tests.words.ledger import Ledger


@pytest.fixture(scope="module")
def _engine(_shared: Ledger) -> Engine:
    """The login's own, with sessions that know the tables by now."""
    return engine_for(_shared.url, None, poolclass=QueuePool)


@pytest.fixture
def desk(ledger: Ledger, _engine: Engine) -> Desk:
    """An empty ledger: the tests of a module share it."""
    return Desk(ledger, _engine)
