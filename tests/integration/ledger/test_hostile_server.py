"""Servers and schemas of somebody else: no password is given away, and no function of his is called."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from local.postgres import Cluster
from sqlalchemy import create_engine, exc, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from qbank_ledger.config import postgres_url
from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import migrate
from qbank_ledger.db.transaction import transaction
from qbank_ledger.errors import LedgerConnectionError
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.seals.verify import verify
from tests.words.ledger import PASSWORD, Ledger

MD5 = b"R" + struct.pack("!ii", 12, 5) + b"salt"
NONE = b"R" + struct.pack("!ii", 8, 0)


@pytest.fixture(params=[b"R" + struct.pack("!ii", 8, 3), MD5, NONE], ids=["clear", "md5", "none"])
def thief(request: pytest.FixtureRequest) -> Iterator[tuple[int, bytearray]]:
    """A server that asks for the password its own way; what it has heard."""
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    client.settimeout(5)
                    with client, suppress(OSError):
                        if client.recv(8)[4:] == struct.pack("!i", 80877103):  # may it be TLS?
                            client.sendall(b"N")
                            client.recv(8)
                        client.recv(4096)
                        client.sendall(request.param)
                        heard.extend(client.recv(4096))

        threading.Thread(target=listen, daemon=True).start()
        yield listener.getsockname()[1], heard


def test_a_server_that_does_not_know_the_password_hears_nothing_of_it(thief: tuple[int, bytearray]) -> None:
    port, heard = thief
    url = postgres_url(
        conn_type="postgres", host="127.0.0.1", port=port, login="runs", password="hunter2", schema=None, extra={},
        environment={},
    )  # fmt: skip
    with (
        pytest.raises(LedgerConnectionError, match="a login method that is not allowed"),
        transaction(engine_for(url)) as connection,
    ):
        connection.execute(text("SELECT 1"))
    assert heard == b"", "not even a hash"


# What a run and a migration call, in the forms that fit better than PostgreSQL's own.
STOLEN = """
CREATE FUNCTION public.caught() RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'caught %% in the act', current_user; END $$;
CREATE FUNCTION public.hashtextextended(text, integer) RETURNS bigint LANGUAGE sql AS 'SELECT public.caught()::bigint';
CREATE FUNCTION public.lower(name) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.format(text, text, name) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.format(text, regprocedure) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.concat_ws(text, text, text, numeric, numeric, text, text, bigint, bigint, integer, text, text)
RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.concat_ws(text, bigint, bigint, bigint, text, text, text, text, text) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE FUNCTION public.alike(name, varchar) RETURNS boolean LANGUAGE sql AS 'SELECT public.caught() IS NULL';
CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = varchar, FUNCTION = public.alike);
CREATE FUNCTION public.same(varchar, text) RETURNS boolean LANGUAGE sql AS 'SELECT public.caught() IS NULL';
CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = text, FUNCTION = public.same);
CREATE FUNCTION public.joined(text, integer) RETURNS text LANGUAGE sql AS 'SELECT public.caught()';
CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = integer, FUNCTION = public.joined);
CREATE FUNCTION public.less(timestamptz, date) RETURNS boolean LANGUAGE sql AS 'SELECT public.caught() IS NULL';
CREATE OPERATOR public.< (LEFTARG = timestamptz, RIGHTARG = date, FUNCTION = public.less);
CREATE TYPE public.numeric AS ENUM ('stolen');
CREATE DOMAIN public.timestamptz AS text CHECK (public.caught() IS NULL);
"""


@pytest.fixture
def open_database(
    new_database: Callable[[], URL], cluster: Cluster, server: object
) -> Iterator[tuple[URL, URL]]:
    """An empty database with an open public, and a thief's things in it; URLs of the superuser and the thief."""
    url = new_database()
    thief = url.set(username=f"thief_{url.database}", password=PASSWORD)
    owner = create_engine(url, poolclass=NullPool)
    with owner.begin() as connection:
        connection.exec_driver_sql("GRANT CREATE ON SCHEMA public TO PUBLIC")
        connection.exec_driver_sql(f"CREATE ROLE {thief.username} LOGIN PASSWORD '{PASSWORD}'")
    with create_engine(thief, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql(STOLEN)
    yield url, thief
    with owner.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {thief.username} CASCADE; DROP ROLE {thief.username}")


def test_nothing_in_an_open_public_is_called_by_a_migration_a_run_or_a_reader(
    open_database: tuple[URL, URL], tmp_path: Path
) -> None:
    url, _ = open_database
    with (
        create_engine(url, poolclass=NullPool).connect() as connection,
        pytest.raises(exc.DBAPIError, match="caught postgres in the act"),
    ):
        connection.exec_driver_sql("SELECT hashtextextended('qbank ledger: migrate'::text, 0)")
    migrate(url)
    ledger = Ledger(url, tmp_path)
    ledger.run()
    reconcile(ledger.engine)
    assert verify(ledger.engine).startswith("The ledger is intact")
    # Who reads as a superuser, with the path that psql has.
    ledger.rows("SELECT * FROM ledger.daily_balance")
    ledger.rows("SELECT * FROM ledger.latest_balance")
    ledger.rows("SELECT * FROM ledger.closing('a', 'UTC', NULL, 5, current_date)")
    ledger.rows("SELECT * FROM ledger.balance_as_known(now())")
    ledger.rows(
        "SELECT ledger.row_sha256(account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at,"
        " run_no, seal_no, revision, recorded_at) FROM ledger.balance"
    )
    ledger.rows(
        "SELECT ledger.seal_sha256(seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sealed_at)"
        " FROM ledger.seal"
    )


@pytest.mark.parametrize(
    "role", ["qbank_analyst", "qbank_operator", "qbank_preparer", "qbank_approver", "qbank_loader"]
)
def test_who_may_read_writes_nothing_that_fills_the_disk(new_database: Callable[[], URL], role: str) -> None:
    url = new_database()
    migrate(url)
    engine = engine_for(url, role=None)
    statements = [
        "SELECT lo_from_bytea(0, 'x')", "SELECT lo_create(0)", "SELECT lo_creat(-1)", "SELECT lo_put(1, 0, 'x')",
        "SELECT lowrite(0, 'x')", "SELECT lo_import('/etc/hostname')", "CREATE SCHEMA mine",
        *(["CREATE TEMPORARY TABLE mine ()", "CREATE TEMPORARY VIEW mine AS SELECT 1"] if role != "qbank_loader" else []),
    ]  # fmt: skip
    login = f"{role}_{url.database}"
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}'; GRANT {role} TO {login}"
        )
    try:
        theirs = create_engine(url.set(username=login, password=PASSWORD), poolclass=NullPool)
        for statement in statements:
            with pytest.raises(exc.ProgrammingError, match="permission denied"), theirs.begin() as connection:
                connection.exec_driver_sql(statement)
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP ROLE {login}")
