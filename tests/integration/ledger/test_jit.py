"""Nobody waits for PostgreSQL to compile a plan: not who reads, and not who calls a function of the ledger."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from qbank_ledger.db.migrate import migrate
from tests.words.ledger import Ledger

READ = [
    "SELECT * FROM ledger.daily_movement WHERE as_of_date > current_date - 28",
    "SELECT * FROM ledger.latest_balance",
    "SELECT * FROM ledger.coverage",
    "SELECT * FROM ledger.missing_hour",
    "SELECT * FROM sync.outcome",
    "SELECT * FROM recon.open_break",
    "SELECT * FROM reporting.daily",
    "SELECT * FROM reporting.hourly",
]


@pytest.fixture
def url(new_database: Callable[[], URL]) -> URL:
    """An empty database: one that is made from another has none of its settings."""
    return new_database()


@pytest.fixture(scope="module")
def reader(new_database: Callable[[], URL], tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The login of an analyst, as its own programs use it: without any settings."""
    url = new_database()
    migrate(url)
    ledger = Ledger(url, tmp_path_factory.mktemp("read"))
    ledger.quick_run()
    with ledger.people({"anna": "qbank_analyst"}) as people:
        yield people["anna"].url
    ledger.owner.dispose()


@pytest.mark.parametrize("query", READ)
def test_what_a_reader_asks_is_not_compiled(reader: URL, query: str) -> None:
    with create_engine(reader.set(query={}), poolclass=NullPool).begin() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"
        connection.execute(text("SET LOCAL jit_above_cost = 0"))
        plan = connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")).scalar_one()[0]
    assert "JIT" not in plan


def test_a_database_that_says_otherwise_keeps_what_it_says(url: URL) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {url.database} SET jit = on")
    migrate(url)
    with engine.begin() as connection:
        assert connection.scalar(text("SHOW jit")) == "on"


def test_a_function_with_a_plan_of_its_own_does_not_compile_it(ledger: Ledger) -> None:
    functions = """
        SELECT p.oid::regprocedure::text FROM pg_proc AS p
         WHERE p.pronamespace::regnamespace::text IN ('ledger', 'sync', 'recon') AND p.prosqlbody IS NULL
           AND p.provolatile <> 'i' AND NOT coalesce(p.proconfig @> ARRAY['jit=off'], false)
    """
    assert ledger.rows(functions) == []
    assert ledger.value("SELECT count(*) FROM pg_proc WHERE proconfig @> ARRAY['jit=off']") > 20
