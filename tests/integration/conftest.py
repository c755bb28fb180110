"""A ledger that the tests of a module share, empty again for each of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db.connection import engine_for
from tests.words.ledger import Ledger

# Every table but Alembic's, and every sequence, whichever revision brought it.
EMPTY = """
DO $$
DECLARE
    name regclass;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no trigger that keeps what is append-only
    FOR name IN
        SELECT oid FROM pg_class
        WHERE relnamespace::regnamespace::text IN ('ledger', 'sync', 'recon')
            AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM %s', name);
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false)
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
    WHERE relnamespace::regnamespace::text IN ('ledger', 'sync', 'recon');
END $$
"""


@pytest.fixture(scope="module")
def _shared(
    new_database: Callable[[str], URL], migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Ledger:
    url = new_database(migrated)
    # A session that is new for every transaction, as a task's is, spends most of its time on getting to know the tables.
    return Ledger(url, tmp_path_factory.mktemp("ledger"), engine=engine_for(url, poolclass=QueuePool))


@pytest.fixture
def ledger(_shared: Ledger, tmp_path: Path) -> Ledger:
    """The module's ledger, empty as a new one, with three accounts: a, b and c; in an hour that lasts."""
    _shared.stay_in_one_hour()
    _shared.rows(EMPTY)
    return Ledger(_shared.url, tmp_path, _shared.owner, _shared.engine)
