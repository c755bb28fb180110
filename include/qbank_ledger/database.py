"""Connections to the ledger: their limits, their role, and what their errors mean.

Owns how a connection is made and how PostgreSQL's errors become sentences. Functions elsewhere
take an open connection; who opened it owns the transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, create_engine, exc, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from qbank_ledger.errors import (
    LedgerConnectionError,
    LedgerError,
    LedgerUnavailableError,
    NotMigratedError,
)

LOADER = "qbank_loader"

# No wait is for ever: a dead server, a forgotten lock and a hung transaction each end by themselves.
_LIMITS = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_SESSION = {
    "timezone": "UTC",
    # Whatever the database has as its default: who waited for a lock must see what its holder wrote.
    "default_transaction_isolation": r"read\ committed",
    "statement_timeout": "600s",
    "lock_timeout": "120s",
    "idle_in_transaction_session_timeout": "600s",
}


def session_url(url: URL, role: str | None = LOADER) -> URL:
    """The URL with the session's limits and, by ``role``, SET ROLE before the first statement.

    Settings that the connection itself gives win over the limits.
    """
    settings = _SESSION if role is None else {**_SESSION, "role": role}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = url.query.get("options")
    query = {**_LIMITS, "application_name": "qbank_ledger", **url.query}
    query["options"] = f"{options} {given}" if isinstance(given, str) else options
    return url.set(query=query)


def engine_for(url: URL, role: str | None = LOADER) -> Engine:
    """An engine without a pool: a task opens one connection, or two, and ends."""
    return create_engine(session_url(url, role), poolclass=NullPool)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn PostgreSQL's errors into LedgerError, once, at the boundary.

    Raised ``from None``: the causes hold statements and parameters, which nobody needs to read.
    """
    try:
        yield
    except LedgerError:
        raise
    except exc.DBAPIError as error:
        raise _translated(error) from None


def _translated(error: exc.DBAPIError) -> LedgerError:
    said = str(error.orig).strip().splitlines()
    first = said[0] if said else type(error.orig).__name__
    code = getattr(error.orig, "pgcode", None) or ""
    missing_role = 'role "qbank_' in first and "does not exist" in first
    if code in ("3F000", "42P01", "42883") or missing_role:
        return NotMigratedError(f"The ledger database is not migrated ({first}): run `make migrate`.")
    if code == "42501" or "permission denied to set role" in first or 'set parameter "role"' in first:
        return LedgerConnectionError(
            f"The ledger login lacks a right ({first}): grant it qbank_loader, as `make migrate` shows."
        )
    if any(words in first for words in ("authentication failed", "does not exist", "no pg_hba.conf")):
        return LedgerConnectionError(
            f"The ledger database refused the connection ({first}): check the connection ledger_default."
        )
    if isinstance(error, exc.OperationalError | exc.InterfaceError):
        return LedgerUnavailableError(
            f"The ledger database did not answer ({first}): check that it is up and that the connection "
            "ledger_default points to it; the task tries again by itself."
        )
    return LedgerError(f"The ledger database refused a statement ({first}).")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction on one connection; errors come out as LedgerError."""
    with translated_errors(), engine.begin() as connection:
        yield connection


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """One REPEATABLE READ, READ ONLY transaction, which joins sets whole: one state of the ledger."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with transaction(engine.execution_options(**options)) as connection:
        execute(connection, "plan_for_sets")
        yield connection


@cache
def statement(name: str) -> TextClause:
    """The statement that ``sql/<name>.sql`` holds."""
    return text(statement_text(name))


def statement_text(name: str) -> str:
    """The text of ``sql/<name>.sql``."""
    return resources.files("qbank_ledger").joinpath("sql", f"{name}.sql").read_text("utf-8")


def execute(connection: Connection, name: str, **parameters: Any) -> Any:
    """Run ``sql/<name>.sql`` with bind parameters; returns SQLAlchemy's result."""
    return connection.execute(statement(name), parameters)
