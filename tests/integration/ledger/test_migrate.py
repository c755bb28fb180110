"""Who migrates, and how: on PostgreSQL 16 and 18, from servers that have never seen the ledger."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from alembic import command
from local.postgres import Cluster
from sqlalchemy import Engine, create_engine, exc, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from qbank_ledger.db import migrate as module
from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import migrate, require_newest
from qbank_ledger.errors import LedgerError, MigrationNotAllowedError, NotMigratedError
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.seals.verify import verify
from tests.conftest import POSTGRES, throwaway

PASSWORD = "of-this-test-only"
NEWEST = "0012_day_end"


@dataclass
class Server:
    """A PostgreSQL server, and short words for it."""

    cluster: Cluster

    def url(self, database: str, login: str = "postgres") -> URL:
        url = make_url(self.cluster.url(database=database)).set(drivername="postgresql+psycopg2")
        return url if login == "postgres" else url.set(username=login, password=PASSWORD)

    def engine(self, database: str = "postgres") -> Engine:
        return create_engine(self.url(database), poolclass=NullPool, isolation_level="AUTOCOMMIT")

    def run(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with self.engine(database).connect() as connection:
            result = connection.exec_driver_sql(sql)
            return [tuple(row) for row in result.all()] if result.returns_rows else []

    def forget(self) -> None:
        """Drop every database, login and role that is not the server's own."""
        for (name,) in self.run(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        ):
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
        for (name,) in self.run(
            "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> 'postgres'"
        ):
            self.run(f"DROP OWNED BY {name}; DROP ROLE {name}")

    def psql(self, database: str, sql: str) -> None:
        url = self.url(database).set(drivername="postgresql")
        subprocess.run(
            [str(self.cluster.psql), "-X", "-q", "-v", "ON_ERROR_STOP=1", url.render_as_string(hide_password=False)],
            input=sql, text=True, check=True, capture_output=True, timeout=60,
        )  # fmt: skip

    def dump(self, database: str) -> str:
        url = self.url(database).set(drivername="postgresql").render_as_string(hide_password=False)
        return subprocess.run(
            [str(self.cluster.psql.with_name("pg_dump")), url], text=True, check=True, capture_output=True, timeout=60,
        ).stdout  # fmt: skip

    def schema(self, database: str) -> str:
        url = self.url(database).set(drivername="postgresql").render_as_string(hide_password=False)
        dump = subprocess.run(
            [str(self.cluster.psql.with_name("pg_dump")), "--schema-only", url],
            text=True, check=True, capture_output=True, timeout=60,
        ).stdout  # fmt: skip
        return re.sub(r"(?m)^\\(un)?restrict .*$", "", dump)


@pytest.fixture(scope="module", params=[16, POSTGRES])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with throwaway(tmp_path_factory.mktemp("postgres") / "data", request.param) as cluster:
        yield Server(cluster)


@pytest.fixture
def server(running: Server) -> Server:
    """A server that has never seen the ledger."""
    running.forget()
    return running


def database(server: Server, name: str, owner: str = "postgres", options: str = "") -> URL:
    """An empty database of a login that has these options; returns the login's URL."""
    if owner != "postgres":
        server.run(f"CREATE ROLE {owner} LOGIN {options} PASSWORD '{PASSWORD}'")
    server.run(f"CREATE DATABASE {name} OWNER {owner}")
    return server.url(name, owner)


def migrate_to(revision: str, url: URL) -> None:
    """As migrate does, but only to this revision."""
    with engine_for(url, role=None).begin() as connection:
        module._make_roles(connection)
        connection.execute(text("SET LOCAL ROLE qbank_owner"))
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS ledger"))
        config = module._alembic()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_a_superuser_migrates_once(server: Server) -> None:
    url = database(server, "one")
    assert migrate(url) == f"The ledger database went from nothing to {NEWEST}."
    before = server.schema("one")
    assert migrate(url) == f"The ledger database is at the newest schema ({NEWEST})."
    assert server.schema("one") == before


def test_an_owner_who_may_create_roles_migrates_to_the_same_schema_and_is_told_what_a_superuser_adds(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    url = database(server, "theirs", "chief", "CREATEROLE")
    assert migrate(url) == f"The ledger database went from nothing to {NEWEST}."
    with engine_for(url).connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "qbank_loader"
        require_newest(connection)
    [said] = [message for message in caplog.messages if "superuser" in message]  # alembic says something, too
    assert said.startswith("A superuser makes the ledger safer")
    server.psql("theirs", said.partition("\n")[2])
    migrate(database(server, "ours"))
    assert server.schema("theirs") == server.schema("ours")


def test_an_owner_who_may_not_is_told_what_a_dba_must_run_and_that_makes_the_same_schema(
    server: Server,
) -> None:
    url = database(server, "theirs", "chief")
    with pytest.raises(MigrationNotAllowedError, match="Let a DBA run the SQL on standard output") as caught:
        migrate(url)
    assert server.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'ledger'", "theirs") == [(0,)]
    server.psql("theirs", caught.value.sql + "GRANT qbank_loader TO chief;")
    assert migrate(url) == f"The ledger database is at the newest schema ({NEWEST})."
    migrate(database(server, "ours"))
    assert server.schema("theirs") == server.schema("ours")


def test_a_loaders_login_runs_and_does_not_migrate(server: Server) -> None:
    migrate_to("0001_ledger", database(server, "one"))
    server.run(f"CREATE ROLE runs LOGIN PASSWORD '{PASSWORD}'; GRANT qbank_loader TO runs")
    url = server.url("one", "runs")
    with engine_for(url).connect() as connection, pytest.raises(NotMigratedError, match="run `make migrate`"):
        require_newest(connection)
    with pytest.raises(MigrationNotAllowedError) as caught:
        migrate(url)
    assert "CREATE TABLE ledger.balance (" not in caught.value.sql, "only what is not there yet"
    server.psql("one", caught.value.sql)
    assert migrate(url) == f"The ledger database is at the newest schema ({NEWEST})."
    assert verify(engine_for(url)) == "The ledger is whole: it has no balance and no seal yet."


def at_once(*urls: URL) -> list[str]:
    """What migrating each in a process of its own says, in order."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "qbank_ledger", "migrate"],
            env={**os.environ, "AIRFLOW_CONN_LEDGER_DEFAULT": dsn.render_as_string(hide_password=False)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for dsn in (url.set(drivername="postgres") for url in urls)
    ]  # fmt: skip
    return sorted(process.communicate(timeout=60)[0].strip() for process in running)


def test_two_at_once_migrate_once(server: Server) -> None:
    url = database(server, "one")
    assert at_once(url, url) == [
        f"The ledger database is at the newest schema ({NEWEST}).",
        f"The ledger database went from nothing to {NEWEST}.",
    ]


def test_the_databases_of_a_server_may_be_migrated_at_once(server: Server) -> None:
    urls = [database(server, name) for name in ("one", "two", "three")]
    assert at_once(*urls) == [f"The ledger database went from nothing to {NEWEST}."] * 3


def test_a_login_that_lacks_a_role_is_told_what_a_dba_must_run(server: Server) -> None:
    url = database(server, "theirs", "chief")
    server.run("CREATE ROLE qbank_owner; CREATE ROLE qbank_loader; GRANT qbank_owner TO chief")
    server.run("GRANT CREATE ON DATABASE theirs TO qbank_owner")
    with pytest.raises(MigrationNotAllowedError):
        migrate(url)


def test_a_ledger_restored_without_its_roles_is_not_called_migrated(server: Server) -> None:
    url = database(server, "one")
    migrate(url)
    server.run("REASSIGN OWNED BY qbank_owner TO postgres", "one")
    with pytest.raises(LedgerError, match="restored without its roles"):
        migrate(url)


FILL = """
SELECT ledger.ensure_partitions('2026-10-15');
INSERT INTO ledger.account VALUES ('a', 'A', 'EUR', 2, 'QB01', '1100', 'UTC', NULL, 90, NULL, 0, NULL, NULL, true);
INSERT INTO ledger.account_period VALUES ('a', '2026-10-05 10:00+00');
INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected) VALUES ('d', 'bank', now(), false, false, 1);
INSERT INTO ledger.balance SELECT 'a', '2026-10-05 10:00+00', n, 123456789012345678901234567890.12, 'EUR', '2026-10-05 10:05+00', 1, 1, 1, '2026-10-05 10:06+00' FROM generate_series(1, 1) AS n;
INSERT INTO ledger.seal SELECT 1, 1, 1, '{"EUR": {"available": "1", "ledger": "123456789012345678901234567890.12"}}',
       r.sha, NULL, ledger.seal_sha256(1, 1, 1, '{"EUR": {"available": "1", "ledger": "123456789012345678901234567890.12"}}', r.sha, NULL, '2026-10-05 10:06+00'), '2026-10-05 10:06+00'
  FROM (SELECT encode(sha256(ledger.row_sha256(account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)), 'hex') AS sha FROM ledger.balance) AS r;
UPDATE ledger.balance SET available_balance = 2, observed_at = '2026-10-05 10:15+00', seal_no = 2, revision = 2, recorded_at = '2026-10-05 10:16+00';
INSERT INTO ledger.seal SELECT 2, 1, 1, '{"EUR": {"available": "2", "ledger": "123456789012345678901234567890.12"}}',
       r.sha, p.sha256, ledger.seal_sha256(2, 1, 1, '{"EUR": {"available": "2", "ledger": "123456789012345678901234567890.12"}}', r.sha, p.sha256, '2026-10-05 10:16+00'), '2026-10-05 10:16+00'
  FROM ledger.seal AS p, (SELECT encode(sha256(ledger.row_sha256(account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)), 'hex') AS sha FROM ledger.balance) AS r;
"""
# What revision 0003 brought; matched, then a break by a corrected file.
FILL_RECON = """
INSERT INTO recon.gl_load (kind, sha256, rows) SELECT k, repeat(n::text, 64), 1 FROM (VALUES (1, 'gl'), (2, 'gl'), (3, 'items')) AS f (n, k);
INSERT INTO recon.gl_balance VALUES (1, 'QB01', '1100', 'EUR', '2026-10-05', 123456789012345678901234567890.12), (2, 'QB01', '1100', 'EUR', '2026-10-05', 123456789012345678901234567891.12);
INSERT INTO recon.item VALUES (3, 'QB01', '1100', 'EUR', '2026-10-01', '2026-10-04', 'bank', 'deposit', 7, '');
INSERT INTO recon.reconciliation
SELECT 'a', '2026-10-05', n, 'QB01', '1100', 'EUR', b, '2026-10-05 10:15+00', b + n - 1, n, 1 - n, 0, 0, 1 - n, 0,
       CASE n WHEN 1 THEN 'matched' ELSE 'break' END, CASE n WHEN 2 THEN 'restatement' END, CASE n WHEN 2 THEN date '2026-10-05' END,
       CASE n WHEN 2 THEN 0 END, '{a}', false, now()
  FROM (VALUES (123456789012345678901234567890.12)) AS s (b), generate_series(1, 2) AS n;
"""
# What was loaded before amounts and dates were looked at: a thousandth, gold, a date typed as 1926.
FILL_BAD = """
INSERT INTO recon.gl_balance VALUES (2, 'QB01', '1200', 'EUR', '2026-10-05', -3.000), (2, 'QB01', '1200', 'XAU', '2026-10-05', 1),
       (2, 'QB01', '1100', 'EUR', '1926-10-05', 1);
INSERT INTO recon.item VALUES (3, 'QB01', '1100', 'JPY', '2026-10-01', NULL, 'bank', 'deposit', 1.5, '');
"""
KEPT = (
    "SELECT * FROM ledger.account", "SELECT * FROM ledger.account_period", "SELECT * FROM ledger.balance",
    "SELECT * FROM ledger.balance_history", "SELECT seal_no, sha256, sealed_at FROM ledger.seal ORDER BY 1",
    "SELECT run_no, dag_run_id, state FROM sync.run",
)  # fmt: skip


KEPT_RECON = (
    "SELECT * FROM recon.gl_load ORDER BY 1",
    "SELECT load_no, entity, gl_account, currency, as_of_date, balance FROM recon.gl_balance ORDER BY 1",
    "SELECT load_no, entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference FROM recon.item",
    "SELECT * FROM recon.reconciliation ORDER BY version", "SELECT * FROM recon.open_break",
)  # fmt: skip


@pytest.mark.parametrize(
    ("revision", "fill", "kept"),
    [
        ("0001_ledger", FILL, KEPT),
        ("0003_recon", FILL + FILL_RECON, KEPT + KEPT_RECON),
        ("0006_reading", FILL + FILL_RECON, KEPT + KEPT_RECON),
        ("0007_words", FILL + FILL_RECON + FILL_BAD, KEPT + KEPT_RECON),
    ],
    ids=["0001_ledger", "0003_recon", "0006_reading", "0007_words"],
)
def test_a_ledger_filled_at_an_earlier_revision_keeps_every_row_and_verifies(
    server: Server, revision: str, fill: str, kept: tuple[str, ...]
) -> None:
    url = database(server, "one")
    migrate_to(revision, url)
    server.run(fill, "one")
    before = [server.run(query, "one") for query in kept]
    assert all(before)
    assert migrate(url) == f"The ledger database went from {revision} to {NEWEST}."
    assert [server.run(query, "one") for query in kept] == before
    assert verify(engine_for(url)).startswith("The ledger is whole: 2 seals cover its 2 rows.")
    migrate(database(server, "fresh"))
    assert _relations(server, "one") == _relations(server, "fresh")


def test_what_was_loaded_with_too_many_decimals_stays_survives_a_restore_and_is_the_last_of_its_kind(
    server: Server,
) -> None:
    url = database(server, "one")
    migrate_to("0007_words", url)
    server.run(FILL + FILL_RECON + FILL_BAD, "one")
    migrate(url)
    database(server, "copy")
    server.psql("copy", server.dump("one"))
    for name in ("one", "copy"):
        assert server.run("SELECT balance::text FROM recon.gl_balance WHERE gl_account = '1200' ORDER BY currency", name) == [
            ("-3.000",), ("1",),
        ]  # fmt: skip
        with pytest.raises(exc.IntegrityError, match="balance_has_its_currencys_decimals"):
            server.run(
                "INSERT INTO recon.gl_balance VALUES (2, 'QB01', '1300', 'EUR', '2026-10-05', 1.234)", name
            )


def test_ages_that_came_of_a_date_typed_as_1926_are_reckoned_anew_once(server: Server) -> None:
    url = database(server, "one")
    migrate_to("0007_words", url)
    server.run(FILL + FILL_RECON + FILL_BAD, "one")
    reconcile_as_before = (
        "INSERT INTO recon.reconciliation SELECT account_id, '1926-10-05', 1, entity, gl_account, currency, NULL, NULL, 1, 2, NULL,"
        " 0, 0, NULL, 0, 'missing_bank', 'missing_bank_data', '1926-10-05', 0, members, false FROM recon.reconciliation WHERE version = 1;"
        "INSERT INTO recon.reconciliation SELECT account_id, as_of_date, 3, entity, gl_account, currency, bank_balance,"
        " bank_observed_at, gl_balance, gl_load_no, difference, bank_items, book_items, unexplained, tolerance, status, cause,"
        " '1926-10-05', as_of_date - date '1926-10-05', members, false FROM recon.reconciliation WHERE version = 2;"
        "DELETE FROM recon.changed"
    )
    server.run(reconcile_as_before, "one")
    assert server.run("SELECT age_days FROM recon.open_break", "one") == [(36_525,)]
    migrate(url)
    engine = engine_for(url)
    reconcile(engine)
    assert server.run("SELECT opened_on::text, age_days FROM recon.open_break", "one") == [("2026-10-05", 0)]
    assert reconcile(engine) == {}


def test_what_was_compared_before_there_was_sign_off_is_open_and_can_be_signed(server: Server) -> None:
    url = database(server, "one")
    migrate_to("0003_recon", url)
    server.run(FILL + FILL_RECON, "one")
    migrate(url)
    assert server.run("SELECT version, status, state FROM recon.sign_off_state", "one") == [
        (2, "break", "open")
    ]
    assert server.run("SELECT version, state FROM recon.prepare('a', '2026-10-05')", "one") == [
        (2, "prepared")
    ]


def _relations(server: Server, database: str) -> list[tuple[object, ...]]:
    return server.run(
        "SELECT c.oid::regclass::text, relkind, array_agg(attname::text || format_type(atttypid, atttypmod) ORDER BY attnum), relacl::text"
        " FROM pg_class AS c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped"
        " WHERE relnamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace) AND NOT relispartition"
        " GROUP BY 1, 2, 4 ORDER BY 1",
        database,
    )


def test_a_revision_that_fails_its_own_check_leaves_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database(server, "one")
    read: Callable[[str], str] = module._read
    monkeypatch.setattr(
        module, "_read", lambda name: "SELECT 'nothing fits'" if name.endswith("check.sql") else read(name)
    )
    with pytest.raises(LedgerError, match=r"Revision 0001_ledger was undone: nothing fits\."):
        migrate(url)
    assert server.run("SELECT count(*) FROM pg_namespace WHERE nspname IN ('ledger', 'sync')", "one") == [
        (0,)
    ]
