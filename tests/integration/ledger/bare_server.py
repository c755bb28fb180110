"""A PostgreSQL server that has never seen the ledger, as somebody else runs it."""

import re
import subprocess
from dataclasses import dataclass

from local.postgres import Cluster
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from tests.conftest import REPOSITORY

PASSWORD = "of-this-test-only"
_CATALOGUE = (REPOSITORY / "tests/integration/ledger/catalogue.sql").read_text("utf-8")


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

    def catalogue(self, database: str) -> set[tuple[object, ...]]:
        """All that PostgreSQL knows of the ledger's schemas in a database."""
        with self.engine(database).connect() as connection:
            connection.exec_driver_sql("SET search_path = pg_catalog")
            return {tuple(row) for row in connection.exec_driver_sql(_CATALOGUE.replace("%", "%%"))}


def database(server: Server, name: str, owner: str = "postgres", options: str = "") -> URL:
    """An empty database of a login that has these options; returns the login's URL."""
    if owner != "postgres":
        server.run(f"CREATE ROLE {owner} LOGIN {options} PASSWORD '{PASSWORD}'")
    server.run(f"CREATE DATABASE {name} OWNER {owner}")
    return server.url(name, owner)
