"""What the embedded server holds: the databases ``airflow`` and ``ledger``, and who logs in to them."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import psycopg2
from psycopg2.sql import SQL, Identifier, Literal

from local.errors import StackError
from local.keys import LOGINS
from local.postgres import Cluster
from local.settings import LEDGER_CONNECTION
from qbank_ledger.config import ledger_url
from qbank_ledger.db.migrate import migrate
from qbank_ledger.errors import LedgerError

# Nothing of ours is found in a schema in which others may make functions.
_PATH = "-c search_path=pg_catalog,pg_temp"


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
