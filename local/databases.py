"""The databases ``airflow`` and ``ledger``: who logs in to them, their schemas, and Airflow's connections.

Run as ``python -m local.databases`` in Airflow's environment, with what :func:`migrate_airflow` sends on
standard input: importing Airflow takes seconds, and it reads its settings once.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2.sql import SQL, Identifier, Literal

from local import StackError
from local.postgres import Cluster
from local.settings import LEDGER_CONNECTION, ROOT
from local.state import LOGINS, USERS
from qbank_airflow.pool import make_pool
from qbank_ledger.config import ledger_url
from qbank_ledger.db.migrate import migrate
from qbank_ledger.errors import LedgerError

# Nothing of ours is found in a schema in which others may make functions.
_PATH = "-c search_path=pg_catalog,pg_temp"
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*: ")
# Who was entered once stays as somebody left it.
_GRANT_ONCE = """
SELECT recon.grant_signatory(%(person)s, %(identity)s, may) FROM unnest(%(rights)s::text[]) AS r (may)
 WHERE NOT EXISTS (SELECT FROM recon.signatory AS s WHERE s.identity = %(identity)s)
"""
Fields = dict[str, Any]  # of an Airflow connection


def make_databases(cluster: Cluster, keys: Mapping[str, str]) -> None:
    """Make both databases and Airflow's login; again and again changes nothing."""
    with _sentences(cluster), closing(psycopg2.connect(cluster.url(), options=_PATH)) as connection:
        connection.autocommit = True  # CREATE DATABASE runs in no transaction
        cursor = connection.cursor()
        _make_login(cursor, "airflow", keys["airflow"])
        cursor.execute("SELECT datname FROM pg_database")
        present = {name for (name,) in cursor.fetchall()}
        for database, owner in (("airflow", "airflow"), ("ledger", "postgres")):
            if database not in present:
                name = Identifier(database)
                cursor.execute(SQL("CREATE DATABASE {} OWNER {}").format(name, Identifier(owner)))
                cursor.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        # Nobody but the superuser has anything to do in the server's own.
        cursor.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")


def make_ledger(cluster: Cluster, keys: Mapping[str, str]) -> None:
    """Bring the embedded ledger to the newest schema, and let its logins in."""
    superuser = ledger_url({LEDGER_CONNECTION: cluster.url(database="ledger")})
    try:
        migrate(superuser)
    except LedgerError as error:
        raise StackError(str(error)) from error
    url = cluster.url(database="ledger")
    with _sentences(cluster), closing(psycopg2.connect(url, options=_PATH)) as connection, connection:
        cursor = connection.cursor()
        for login, role in LOGINS.items():
            _make_login(cursor, login, keys[login])
            cursor.execute(SQL("GRANT {} TO {}").format(Identifier(role), Identifier(login)))
        for user, (_, rights) in USERS.items():
            cursor.execute(
                _GRANT_ONCE, {"person": user, "identity": f"airflow:{user}", "rights": list(rights)}
            )


@contextmanager
def _sentences(cluster: Cluster) -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StackError(
            f"The embedded PostgreSQL refused a statement ({first}): see {cluster.log}."
        ) from None


def _make_login(cursor: "psycopg2.extensions.cursor", login: str, password: str) -> None:
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [login])
    if cursor.fetchone() is None:
        cursor.execute(SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(login), Literal(password)))


def migrate_airflow(environ: Mapping[str, str], connections: list[Fields]) -> None:
    """Bring the database that ``environ`` names up to date, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "local.databases"],
        input=json.dumps(connections),
        text=True,
        capture_output=True,
        env=environ,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise StackError(f"Airflow's database could not be brought up to date: {_reason(done.stderr)}")


def _reason(said: str) -> str:
    """The first line of the exception that ended it: SQLAlchemy's go on with the statement and a link."""
    lines = said.strip().splitlines() or ["no output"]
    return next((line for line in reversed(lines) if _EXCEPTION.match(line)), lines[-1])


def qbank_connection(sandbox_port: int, client_id: str, client_secret: str) -> Fields:
    """``qbank_default``: the sandbox as the bank."""
    return {
        "conn_id": "qbank_default",
        "conn_type": "qbank",
        "host": "http://127.0.0.1",
        "port": sandbox_port,  # apart: the UI tests no connection without one
        "login": client_id,
        "password": client_secret,
        "extra": json.dumps({"token_url": f"http://127.0.0.1:{sandbox_port}/token"}),
    }


def ledger_connection(conn_id: str, postgres_port: int, login: str, password: str) -> Fields:
    """The embedded server's ledger: ``ledger_default`` as the runs' login, ``ledger_desk`` as the page's."""
    return {
        "conn_id": conn_id,
        "conn_type": "postgres",
        "host": "127.0.0.1",
        "port": postgres_port,
        "schema": "ledger",
        "login": login,
        "password": password,
    }


def is_ours(found: Fields, wanted: Fields) -> bool:
    """Whether a connection is as the stack makes it, but for the ports: a user has not edited it."""
    ours = {name: found.get(name) for name in wanted}
    return _without_port(ours) == _without_port(wanted)


def _without_port(fields: Fields) -> Fields:
    port = fields.get("port") or str(fields["host"]).rpartition(":")[2]
    return {name: str(value).replace(f":{port}", "") for name, value in fields.items() if name != "port"}


def _migrate_airflow() -> None:
    from airflow.models import Connection  # noqa: PLC0415 - reads its settings when imported
    from airflow.utils.db import upgradedb  # noqa: PLC0415
    from airflow.utils.session import create_session  # noqa: PLC0415

    upgradedb()
    with create_session() as session:
        make_pool(session)
        for wanted in json.load(sys.stdin):
            found = session.query(Connection).filter_by(conn_id=wanted["conn_id"]).one_or_none()
            if found is None:
                session.add(Connection(**wanted))
            elif is_ours({name: getattr(found, name) for name in wanted}, wanted):
                for name, value in wanted.items():
                    setattr(found, name, value)


if __name__ == "__main__":
    _migrate_airflow()
