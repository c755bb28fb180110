"""Connections to the ledger: how one is made, and what PostgreSQL's errors mean, as sentences.

What each transaction on it runs with: session.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg2
from sqlalchemy import Connection, Engine, create_engine, exc
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool, Pool

from qbank_ledger.db.session import LedgerConnection, settings_of
from qbank_ledger.errors import (
    LedgerConnectionError,
    LedgerError,
    LedgerUnavailableError,
    LockedError,
    NotMigratedError,
    RefusedError,
)

LOADER = "qbank_loader"
ANALYST = "qbank_analyst"
# Who has the wheel alone has no make; where the package is the older of the two, migrating says so.
MIGRATE = "run `make migrate` or `qbank-ledger migrate`"
READ_ONLY = "25006"  # SQLSTATE read_only_sql_transaction
# With what the ledger's functions refuse: a right that lacks, a state that does not allow it, a value that
# can't be, an identity that is somebody else's.
_REFUSALS = ("42501", "55000", "22023", "23505")

# What libpq keeps to itself: a dead server is noticed.
_CONNECT = {
    "application_name": "qbank_ledger",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}


@dataclass(frozen=True, slots=True)
class Login:
    """A login, for what is said against it: the connection that has it, and the role that it needs."""

    connection: str = "ledger_default"
    role: str = LOADER


_LOGIN = "ledger_login"  # the option of an engine


def engine_for(
    url: URL,
    role: str | None = LOADER,
    *,
    login: Login = Login(),
    poolclass: type[Pool] = NullPool,
    **pool: Any,
) -> Engine:
    """An engine whose every transaction is ``role``'s, READ COMMITTED, within limits: see session.py.

    ``role`` None: the login's own. Without a pool of its own, unless another ``poolclass`` is given;
    ``pool``: what SQLAlchemy makes that one with, such as ``pool_timeout``. Errors name the ``login``.
    """
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    settings = settings_of(role, options, connection=login.connection)
    # No options at the start, not those of PGOPTIONS either: PgBouncer refuses them.
    query = {**_CONNECT, **url.query, "options": "", "client_encoding": "UTF8"}
    return create_engine(
        url.set(query=query),
        connect_args={"connection_factory": partial(LedgerConnection, settings=settings)},
        # Whatever the database has as its default: who waited for a lock must see what its holder wrote.
        isolation_level="READ COMMITTED",
        use_native_hstore=False,
        execution_options={_LOGIN: login},
        poolclass=poolclass,
        **pool,
    )


def reader_of(url: URL) -> Engine:
    """An engine for what only reads, as an analyst, whom each of the ledger's roles may act as."""
    return engine_for(url, ANALYST, login=Login(role=ANALYST))


@contextmanager
def translated_errors(of: Engine | Connection) -> Iterator[None]:
    """Turn PostgreSQL's errors into LedgerError, once, at the boundary; ``of`` whose login they are.

    Raised ``from None``: the causes hold statements and parameters, which nobody needs to read.
    """
    login = of.get_execution_options().get(_LOGIN, Login())
    try:
        yield
    except LedgerError:
        raise
    except exc.DBAPIError as error:
        raise _translated(error.orig, login, is_lost=error.connection_invalidated) from None
    except exc.TimeoutError:  # of the pool
        raise LedgerUnavailableError(
            "Every connection that this server may open to the ledger is in use: try again in a minute."
        ) from None
    except psycopg2.Error as error:  # of a COPY, which psycopg2 runs by itself
        raise _translated(error, login) from None


def _is_said(error: BaseException | None) -> bool:
    """Whether a function of the ledger raised it, in a sentence of its own."""
    return isinstance(error, psycopg2.Error) and error.diag.source_function == "exec_stmt_raise"


def _translated(error: BaseException | None, login: Login, *, is_lost: bool = False) -> LedgerError:
    said = str(error).strip().splitlines()
    first = said[0] if said else type(error).__name__
    code = getattr(error, "pgcode", None) or ""
    missing_role = 'role "qbank_' in first and "does not exist" in first
    kind: type[LedgerError] = LedgerError
    sentence = f"The ledger database refused a statement ({first})."
    if code in _REFUSALS and _is_said(error):
        kind = RefusedError
        sentence = first
    elif code in ("3F000", "42P01", "42883") or missing_role:
        kind = NotMigratedError
        sentence = f"The ledger database is not migrated ({first}): {MIGRATE}."
    elif code == "42501" or "permission denied to set role" in first or 'set parameter "role"' in first:
        kind = LedgerConnectionError
        sentence = (
            f"The ledger login lacks a right ({first}): grant it {login.role}, as `make migrate` shows."
        )
    elif "authentication method requirement" in first:
        kind = LedgerConnectionError
        sentence = (
            f"The ledger's server asks for a login method that is not allowed ({first}): make it use "
            "scram-sha-256 for this login, or ask whoever deploys to allow the method with QBANK_LEDGER_AUTH."
        )
    elif any(words in first for words in ("authentication failed", "does not exist", "no pg_hba.conf")):
        kind = LedgerConnectionError
        sentence = (
            f"The ledger database refused the connection ({first}): check the connection {login.connection}."
        )
    elif code == READ_ONLY or "recovery is in progress" in first:
        kind = LedgerUnavailableError
        sentence = (
            f"The ledger database is read only ({first}), because it is a replica, or after a failover or a "
            f"full disk: point the connection {login.connection} to the server that takes writes."
        )
    elif code == "55P03":
        kind = LockedError
        # A wait for a turn names the holder itself (ledger.acquire_lock); any other was watched.
        held = first if "held by" in first else "; ".join([first, *getattr(error, "__notes__", [])])
        sentence = (
            f"The ledger gave up waiting for a lock ({held}): let that session end, or end it with "
            "SELECT pg_terminate_backend(pid)."
        )
    elif code == "53100":
        kind = LedgerUnavailableError
        sentence = f"The ledger database's disk is full ({first}): free some space."
    elif code == "57014" and "timeout" in first:
        kind = LedgerUnavailableError
        sentence = f"The ledger took too long to answer ({first}): it is busy, so try again in a minute."
    elif isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) or is_lost:
        kind = LedgerUnavailableError
        sentence = (
            f"The ledger database did not answer ({first}): check that it is up and that the connection "
            f"{login.connection} points to it."
        )
    return kind(sentence)
