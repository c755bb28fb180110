"""What the tests share: a real PostgreSQL of their own, ledgers in it, and an Airflow of their own."""

import gc
import itertools
import os
import random
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import jinja2
import psycopg2
import pytest
from local.postgres import Cluster, version_of
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from xdist.scheduler import LoadFileScheduling

from qbank_ledger.db import transaction
from qbank_ledger.db.migrate import migrate

# What is imported and collected stays to the end, and the garbage collector would go through it again and again,
# for as long as all the rest of it takes.
gc.disable()

# Airflow reads its settings when it is imported, which a test module may do: they come first. Nothing
# of the machine's own Airflow, connections or proxies gets in. QBANK_TEST_… is for the tests, in every worker.
REPOSITORY = Path(__file__).parents[1]
_programs = os.environ.get("QBANK_TEST_POSTGRES")  # the folder with another PostgreSQL's initdb and postgres
for _name in list(os.environ):
    if _name.startswith(("AIRFLOW", "QBANK_")) and not _name.startswith("QBANK_TEST_"):
        del os.environ[_name]
os.environ |= {
    "AIRFLOW_HOME": tempfile.mkdtemp(prefix="airflow-"),
    "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}

# What takes longest, first: so begin workers, that none is at it long after the others are done.
LONGEST = (
    "tests/thirdparty/test_several_machines.py",
    "tests/thirdparty/test_page.py",
    "tests/e2e/test_stack.py",
    "tests/dags/",
    "tests/contract/test_bank_retries.py",
    "tests/e2e/",
    "tests/integration/ledger/test_month.py",
    "tests/unit/local/test_supervision.py",
    "tests/integration/ledger/test_outage.py",
    "tests/contract/",
    "tests/integration/export/",
    "tests/integration/ledger/test_lookalikes.py",
    "tests/integration/sandbox/",
    "tests/integration/ledger/test_locks.py",
    "tests/integration/",
    "tests/thirdparty/",
)

POSTGRES = 18  # PostgreSQL, of those in the wheel
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own in it, below

_numbers = itertools.count(1)
# Each once, below those that systems give to whoever asks for any, and in an order of this process's own.
_ports = iter(random.SystemRandom().sample(range(10_000, 32_000), 22_000))


class _ByFile(LoadFileScheduling):
    """A file's tests are one worker's, and so are all that run DAGs: they share a bank and Airflow's metadata."""

    def _split_scope(self, nodeid: str) -> str:
        return "dags" if nodeid.startswith("tests/dags/") else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _ByFile:
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((n for n, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST))

    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=place)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # Airflow and Great Expectations are imported yet
    gc.enable()


def free_port() -> int:
    """A port on 127.0.0.1 that nobody holds at this moment, and nobody is given who asks for any."""
    for port in _ports:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@contextmanager
def throwaway(version: int = POSTGRES, programs: Path | None = None) -> Iterator[Cluster]:
    """A PostgreSQL server on a free port. What is in it need not survive a power cut: that makes it quick."""
    if programs is None and _programs and version == POSTGRES:
        programs = Path(_programs)
    if programs:
        version = version_of(programs)
    # In memory, where there is plenty, a database is copied in a third of the time.
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 4 * 2**30
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=_MEMORY if roomy else None) as folder:
        # Servers before 16 go to their directory by its whole path, which must be open to whom they run as.
        Path(folder).chmod(0o755)
        server = Cluster(Path(folder), free_port(), version=version, programs=programs)
        server.prepare()
        with (server.data / "postgresql.auto.conf").open("a") as settings:
            settings.write("fsync = off\nfull_page_writes = off\n")
            # A login hashes its password 4096 times, on either side.
            settings.write("scram_iterations = 1\n" if version >= 16 else "")
        server.start()
        try:
            with closing(psycopg2.connect(server.url())) as connection, connection:
                password = connection.info.password
                connection.cursor().execute("ALTER ROLE postgres PASSWORD %s", [password])
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once() -> Iterator[None]:
    """Great Expectations would compile those of its Data Docs for every part of a page: half of an audit."""
    compiled: dict[tuple[str, str], Any] = {}
    real = jinja2.Environment.compile

    def compile_(self: Any, source: Any, name: Any = None, filename: Any = None, *options: Any) -> Any:
        if "great_expectations" not in str(filename):
            return real(self, source, name, filename, *options)
        if (source, filename) not in compiled:
            compiled[source, filename] = real(self, source, name, filename, *options)
        return compiled[source, filename]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_)
        yield


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that a test takes away is not coming back: rooms need not wait for it for minutes."""
    monkeypatch.setattr(transaction, "PATIENCE_S", 0.5)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server for this test session."""
    with throwaway() as server:
        yield server


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
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
            if template != "template0":
                # What a migration sets on a database is not copied with it.
                connection.execute(text(f"ALTER DATABASE {name} SET jit = off"))
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
def ledger_url(new_database: Callable[[str], URL], migrated: str, server: Engine) -> Iterator[URL]:
    """The superuser's URL of a fresh, migrated ledger, which is gone after the test."""
    url = new_database(migrated)
    yield url
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))


def _url(cluster: Cluster, database: str) -> URL:
    return make_url(cluster.url(database=database)).set(drivername="postgresql+psycopg2")
