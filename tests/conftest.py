"""What the tests share: a real PostgreSQL of their own, ledgers in it, and an Airflow of their own."""

import itertools
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local.postgres import Cluster
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from qbank_ledger.migrate import migrate

# Airflow reads its settings when it is imported, which a test module may do: they come first. Nothing
# of the machine's own Airflow, connections or proxies gets in.
REPOSITORY = Path(__file__).parents[1]
for _name in list(os.environ):
    if _name.startswith(("AIRFLOW", "QBANK_")):
        del os.environ[_name]
os.environ |= {
    "AIRFLOW_HOME": tempfile.mkdtemp(prefix="airflow-"),
    "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}

_numbers = itertools.count(1)


def free_port() -> int:
    """A port on 127.0.0.1 that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A PostgreSQL server for this test session, on a free port."""
    server = Cluster(tmp_path_factory.mktemp("postgres") / "data", free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(cluster: Cluster) -> Engine:
    """The superuser's engine on the server's own database, in autocommit."""
    return create_engine(_url(cluster, "postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")


@pytest.fixture(scope="session")
def new_database(cluster: Cluster, server: Engine) -> Callable[[str], URL]:
    """Make an empty database, or a copy of ``template``; returns the superuser's URL."""

    def make(template: str = "template0") -> URL:
        name = f"test_{next(_numbers)}"
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return _url(cluster, name)

    return make


@pytest.fixture(scope="session")
def migrated(new_database: Callable[..., URL]) -> str:
    """The name of a migrated database that nobody writes to: a template for the others."""
    url = new_database()
    migrate(url)
    assert url.database
    return url.database


@pytest.fixture
def ledger_url(new_database: Callable[[str], URL], migrated: str) -> URL:
    """The superuser's URL of a fresh, migrated ledger."""
    return new_database(migrated)


def _url(cluster: Cluster, database: str) -> URL:
    return make_url(cluster.url(database=database)).set(drivername="postgresql+psycopg2")
