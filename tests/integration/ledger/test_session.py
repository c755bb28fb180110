"""What each transaction runs with, whatever the login, the database or a pooler has; databases that won't do."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from local.postgres import SUPERUSER, Cluster
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import migrate, sql_for_dba
from qbank_ledger.db.session import settings_of
from qbank_ledger.db.transaction import snapshot, transaction
from qbank_ledger.errors import LedgerConnectionError, LedgerUnavailableError
from qbank_ledger.seals.verify import verify
from qbank_ledger.sync.settle import settle_run
from tests.conftest import _url, free_port, throwaway
from tests.words.ledger import PASSWORD, Ledger, Reply

# What somebody may have set for the login or the database, or left in a session that is lent again.
ODD = {
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "datestyle": "SQL, DMY",
    "default_transaction_isolation": "serializable",
    "idle_in_transaction_session_timeout": "0",
    "intervalstyle": "iso_8601",
    "jit": "on",
    "lock_timeout": "0",
    "search_path": "public, pg_catalog",
    "standard_conforming_strings": "off",
    "statement_timeout": "0",
    "timezone": "Asia/Tokyo",
}
KEPT = {
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "idle_in_transaction_session_timeout": "10min",
    "jit": "off",
    "lock_timeout": "2min",
    "search_path": "pg_catalog, pg_temp",
    "standard_conforming_strings": "on",
    "statement_timeout": "10min",
    "transaction_isolation": "read committed",
}
Psql = Callable[..., subprocess.CompletedProcess[str]]


def kept(connection: Connection, **besides: str) -> None:
    """Assert that the transaction has what each of ours has."""
    found = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in KEPT}
    assert found == {**KEPT, **besides}


def verb(name: str, url: URL) -> "subprocess.CompletedProcess[str]":
    """`python -m qbank_ledger NAME` on that database."""
    connection = url.set(drivername="postgres").render_as_string(hide_password=False)
    return subprocess.run(
        [sys.executable, "-m", "qbank_ledger", name],
        env={**os.environ, "AIRFLOW_CONN_LEDGER_DEFAULT": connection},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.fixture
def login(ledger: Ledger) -> Iterator[URL]:
    """The URL of a login of the runs for which everything is set otherwise."""
    name = f"odd_{ledger.url.database}"
    ledger.rows(f"CREATE ROLE {name} LOGIN NOINHERIT PASSWORD '{PASSWORD}' IN ROLE qbank_loader")
    for setting, value in ODD.items():
        listed = setting in ("search_path", "datestyle")
        ledger.rows(f"ALTER ROLE {name} SET {setting} = " + (value if listed else f"'{value}'"))
    yield ledger.url.set(username=name, password=PASSWORD)
    ledger.rows(f"DROP ROLE {name}")


# ── every transaction ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["qbank_loader", None])
def test_a_transaction_has_its_role_zone_path_and_limits_whatever_the_session_has(
    ledger: Ledger, role: str | None
) -> None:
    """A pooler lends one server session to many, by the transaction: what they set in it, the next one has."""
    engine = engine_for(ledger.url, role, poolclass=QueuePool)
    for _ in range(2):
        with engine.begin() as connection:
            server = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            kept(connection)
            assert connection.exec_driver_sql("SELECT current_user").scalar_one() == (role or SUPERUSER)
            for setting, value in {**ODD, "role": "qbank_analyst"}.items():
                left = {"setting": setting, "value": value}
                connection.execute(text("SELECT set_config(:setting, :value, false)"), left)
    with snapshot(engine) as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() == server
        kept(connection, transaction_isolation="repeatable read")
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on"
    engine.dispose()


def test_a_whole_run_for_a_login_with_odd_settings(ledger: Ledger, login: URL) -> None:
    ledger.engine = engine_for(login)
    run_no = ledger.run(lambda id_: Reply(account_id=id_, payload='{"in": "Kraków, 5 €, 東京"}'))
    assert settle_run(ledger.engine, run_no).state == "complete"
    assert ledger.rows(
        "SELECT DISTINCT payload, observed_at < now() FROM sync.observation JOIN sync.payload USING (run_no, account_id)"
    ) == [('{"in": "Kraków, 5 €, 東京"}', True)]
    assert verify(ledger.engine).startswith("The ledger is intact: 1 seals cover its 3 rows.")


def test_no_statement_comes_before_the_settings(ledger: Ledger, login: URL, cluster: Cluster) -> None:
    """Nor one of SQLAlchemy's, Alembic's or Great Expectations'; psycopg2 has one of its own, which names nothing."""
    ledger.rows(f"ALTER ROLE {login.username} SET log_statement = 'all'")
    ledger.engine = engine_for(login)
    ledger.run()
    verify(ledger.engine)
    said = re.compile(rf"\[(\d+)\] {login.username}@\S+ LOG:  statement: (.*)")
    by_session: dict[str, list[str]] = {}
    for session, statement in said.findall(cluster.log.read_text(errors="replace")):
        by_session.setdefault(session, []).append(statement)
    assert len(by_session) > 5
    for statements in by_session.values():
        for before, statement in zip(["COMMIT", *statements], statements, strict=False):
            if before in ("COMMIT", "ROLLBACK", "SET datestyle TO 'ISO'"):
                assert statement.startswith(("BEGIN", "SET datestyle TO 'ISO'")), statements
            if before.startswith("BEGIN"):
                assert statement.startswith("SELECT pg_catalog.set_config(E'search_path', "), statements


def test_what_would_run_in_no_transaction_does_not_run(ledger: Ledger) -> None:
    engine = ledger.engine.execution_options(isolation_level="AUTOCOMMIT")
    with (
        pytest.raises(LedgerConnectionError, match="make the pooler lend a session for a whole transaction"),
        transaction(engine) as connection,
    ):
        connection.exec_driver_sql("SELECT 1")


def test_a_connection_may_have_other_limits(ledger: Ledger) -> None:
    options = r"-c statement_timeout=5s -clock_timeout=7s --work-mem=8MB -c TimeZone=Asia/Tokyo -c role=none"
    with engine_for(ledger.url.update_query_dict({"options": options})).begin() as connection:
        kept(connection, statement_timeout="5s", lock_timeout="7s")
        assert connection.exec_driver_sql("SHOW work_mem").scalar_one() == "8MB"
        assert connection.exec_driver_sql("SELECT current_user").scalar_one() == "qbank_loader"


def test_a_value_in_the_options_may_have_blanks() -> None:
    assert settings_of(None, r"-c a.b=x\ y  --c-d=")["a.b"] == "x y"
    assert settings_of(None, r"-c a.b=x\ y  --c-d=")["c_d"] == ""


@pytest.mark.parametrize("options", ["-c", "-c work_mem", "-B 5", "-c work_mem=1 stray", "-c a='"])
def test_options_that_can_not_be_read_are_refused(ledger: Ledger, options: str) -> None:
    with pytest.raises(LedgerConnectionError, match="use only -c name=value"):
        engine_for(ledger.url.update_query_dict({"options": options}))


def test_a_zone_of_the_session_is_in_no_sentence_of_verify(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.quick_run()
    in_utc = verify(ledger.engine)
    monkeypatch.setitem(settings_of.__globals__["PINNED"], "timezone", "Asia/Tokyo")
    assert verify(engine_for(ledger.url)) == in_utc


# ── databases that won't do ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_an_encoding_that_can_not_hold_every_name_is_one_sentence(
    ledger: Ledger, server: Engine, encoding: str
) -> None:
    name = f"{ledger.url.database}_{encoding}".lower()
    with server.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
        )
    for name_ in ("migrate", "verify"):
        done = verb(name_, ledger.url.set(database=name))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"The ledger database has the encoding {encoding}, which can't hold everything a bank may send: make one with "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.\n"
        )


def rooms(ledger: Ledger, run_no: int) -> dict[str, Callable[[], Any]]:
    """Each room, on a run that is in the middle."""
    return {
        "plan": ledger.plan,
        "fetch": lambda: ledger.fetch(run_no),
        "audit": lambda: ledger.quick_audit(run_no),
        "publish": lambda: ledger.publish(run_no),
        "settle": lambda: settle_run(ledger.engine, run_no),
    }


def every_room_says_read_only(ledger: Ledger, run_no: int) -> None:
    for name, work in rooms(ledger, run_no).items():
        with pytest.raises(LedgerUnavailableError, match="is read only") as caught:
            work()
        assert caught.value.retryable, name
        assert len(str(caught.value).splitlines()) == 1


def test_a_read_only_database_is_said_and_tried_again(ledger: Ledger, server: Engine) -> None:
    ledger.quick_run()
    run_no = ledger.plan()
    ledger.fetch(run_no)
    database = ledger.url.database
    ledger.rows(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    ledger.engine.dispose()  # what a database has as its default, a new session has
    try:
        every_room_says_read_only(ledger, run_no)
        assert verify(ledger.engine).startswith("The ledger is intact")
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {database} RESET ALL")
        ledger.engine.dispose()
    ledger.quick_audit(run_no)
    assert ledger.publish(run_no) == 3


@pytest.mark.parametrize("login", [None, "somebody"])
def test_migrating_a_read_only_database_says_so(
    ledger: Ledger, new_database: Callable[[], URL], login: str | None
) -> None:
    url = new_database()
    ledger.rows(f"ALTER DATABASE {url.database} SET default_transaction_read_only = on")
    if login:
        login = f"{login}_{url.database}"
        ledger.rows(f"CREATE ROLE {login} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
        url = url.set(username=login, password=PASSWORD)
    with pytest.raises(LedgerUnavailableError, match="is read only"):
        migrate(url)


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[tuple[Ledger, int]]:
    """A ledger on a server in recovery, and a run that was in the middle; its primary is gone."""
    with throwaway() as primary:
        url = _url(primary, "postgres")
        migrate(url)
        ledger = Ledger(url, tmp_path)
        ledger.quick_run()
        run_no = ledger.plan()
        ledger.fetch(run_no)
        ledger.owner.dispose()
        primary.stop()
        subprocess.run(["cp", "-a", primary.directory, tmp_path / "replica"], check=True, timeout=60)
    (tmp_path / "replica" / "data" / "standby.signal").touch()
    server = Cluster(tmp_path / "replica", free_port(), {SUPERUSER: str(url.password)})
    server.start()
    yield Ledger(_url(server, "postgres"), tmp_path), run_no
    server.stop()


def test_a_replica_is_read_and_is_read_only(replica: tuple[Ledger, int]) -> None:
    ledger, run_no = replica
    assert ledger.value("SELECT pg_is_in_recovery()")
    every_room_says_read_only(ledger, run_no)
    assert verify(ledger.engine).startswith("The ledger is intact: 1 seals cover its 3 rows.")
    ledger.owner.dispose()


# ── other people's functions ───────────────────────────────────────────────────────────────────────

TRAP = """
CREATE FUNCTION public.hashtextextended(text, integer) RETURNS bigint LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'a function of a stranger ran as %', current_user; END $$
"""


def test_a_strangers_function_is_not_taken_for_postgresqls_own(
    ledger: Ledger, new_database: Callable[[], URL]
) -> None:
    """Where a schema is open to all, a function that fits better than PostgreSQL's own is taken before it."""
    for url, work in ((new_database(), migrate), (ledger.url, lambda _: ledger.quick_run())):
        stranger = Ledger(url, ledger.folder)
        stranger.rows(TRAP)
        with pytest.raises(Exception, match="ran as postgres"):
            stranger.rows("SELECT hashtextextended('x', 0)")
        work(url)
        stranger.owner.dispose()
    ledger.rows("DROP FUNCTION public.hashtextextended(text, integer)")


def test_the_sql_for_a_dba_calls_no_strangers_function(
    new_database: Callable[[], URL], cluster: Cluster, ledger: Ledger
) -> None:
    url = new_database()
    stranger = Ledger(url, ledger.folder)
    stranger.rows(TRAP)
    target = url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [str(cluster.psql), "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-q", target],
        input=sql_for_dba(None), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert migrate(url).startswith("The ledger database is at the newest schema")
    stranger.owner.dispose()
