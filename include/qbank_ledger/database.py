"""Connections to the ledger: their limits, their role, and what their errors mean.

Owns how a connection is made and how PostgreSQL's errors become sentences. Functions elsewhere
take an open connection; who opened it owns the transaction.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib import resources
from itertools import count
from typing import Any, TypeVar

import psycopg2
from sqlalchemy import Connection, Engine, TextClause, create_engine, exc, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool, Pool

from qbank_ledger.errors import (
    LedgerConnectionError,
    LedgerError,
    LedgerUnavailableError,
    LockedError,
    NotMigratedError,
)
from qbank_ledger.session import LedgerConnection, settings_of
from qbank_ledger.waits import watched

log = logging.getLogger(__name__)

T = TypeVar("T")

LOADER = "qbank_loader"
READ_ONLY = "25006"  # SQLSTATE read_only_sql_transaction

# How long a room waits for a server that is away: a restart or a failover takes less.
PATIENCE_S = 240.0
_LONGEST_WAIT_S = 3.0
_XID = text("SELECT pg_current_xact_id()::text")
_XACT_STATUS = text("SELECT pg_xact_status(CAST(:xid AS xid8))")

# What libpq keeps to itself: a dead server is noticed.
_CONNECT = {
    "application_name": "qbank_ledger",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}


def engine_for(url: URL, role: str | None = LOADER, *, poolclass: type[Pool] = NullPool) -> Engine:
    """An engine whose every transaction is ``role``'s, READ COMMITTED, within limits: see session.py.

    ``role`` None: the login's own. Without a pool of its own: a task opens one connection, or two, and ends.
    """
    given = url.query.get("options", "")
    settings = settings_of(role, given if isinstance(given, str) else " ".join(given))
    # No options at the start, not those of PGOPTIONS either: PgBouncer refuses them.
    query = {**_CONNECT, **url.query, "options": "", "client_encoding": "UTF8"}
    return create_engine(
        url.set(query=query),
        connect_args={"connection_factory": partial(LedgerConnection, settings=settings)},
        # Whatever the database has as its default: who waited for a lock must see what its holder wrote.
        isolation_level="READ COMMITTED",
        use_native_hstore=False,
        poolclass=poolclass,
    )


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
        raise _translated(error.orig, is_lost=error.connection_invalidated) from None
    except psycopg2.Error as error:  # of a COPY, which psycopg2 runs by itself
        raise _translated(error) from None


def _translated(error: BaseException | None, *, is_lost: bool = False) -> LedgerError:
    said = str(error).strip().splitlines()
    first = said[0] if said else type(error).__name__
    code = getattr(error, "pgcode", None) or ""
    missing_role = 'role "qbank_' in first and "does not exist" in first
    kind: type[LedgerError] = LedgerError
    sentence = f"The ledger database refused a statement ({first})."
    if code in ("3F000", "42P01", "42883") or missing_role:
        kind = NotMigratedError
        sentence = f"The ledger database is not migrated ({first}): run `make migrate`."
    elif code == "42501" or "permission denied to set role" in first or 'set parameter "role"' in first:
        kind = LedgerConnectionError
        sentence = (
            f"The ledger login lacks a right ({first}): grant it qbank_loader, as `make migrate` shows."
        )
    elif "authentication method requirement" in first:
        kind = LedgerConnectionError
        sentence = (
            f"The ledger's server asks for another login method than is allowed ({first}): let it use "
            "scram-sha-256 for this login, or let whoever deploys allow the method with QBANK_LEDGER_AUTH."
        )
    elif any(words in first for words in ("authentication failed", "does not exist", "no pg_hba.conf")):
        kind = LedgerConnectionError
        sentence = (
            f"The ledger database refused the connection ({first}): check the connection ledger_default."
        )
    elif code == READ_ONLY or "recovery is in progress" in first:
        kind = LedgerUnavailableError
        sentence = (
            f"The ledger database is read only ({first}): it is a replica, or a failover or a full disk made "
            "it so; point the connection ledger_default to the server that takes writes."
        )
    elif code == "55P03":
        kind = LockedError
        # A wait for a turn names the holder itself (ledger.take_turn); any other was watched.
        held = first if "held by" in first else "; ".join([first, *getattr(error, "__notes__", [])])
        sentence = (
            f"The ledger waited for a lock in vain ({held}): let that session end, or end it with "
            "SELECT pg_terminate_backend(pid)."
        )
    elif code == "53100":
        kind = LedgerUnavailableError
        sentence = f"The ledger database's disk is full ({first}): give it space."
    elif isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) or is_lost:
        kind = LedgerUnavailableError
        sentence = (
            f"The ledger database did not answer ({first}): check that it is up and that the connection "
            "ledger_default points to it."
        )
    return kind(sentence)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction on one connection; errors come out as LedgerError."""
    with translated_errors(), engine.begin() as connection, watched(engine, connection, execute):
        yield connection


def in_transaction(engine: Engine, work: Callable[[Connection], T], *, until: float = -math.inf) -> T:
    """``work`` in one transaction, which happens once, also where the server goes away in its midst.

    A server that is restarted, fails over or is out of reach is waited for, PATIENCE_S seconds or until an
    instant of ``time.monotonic()``, whichever is later, and the transaction is made again, unless its commit
    had arrived: that is read back. So is one that met a deadlock, or that PostgreSQL asks to try again.
    Raises what ``transaction`` does, LedgerUnavailableError after the wait.
    """
    made: tuple[str, T] | None = None

    def once() -> T:
        nonlocal made
        with translated_errors(), engine.connect() as connection:
            if made and _is_committed(connection, made[0]):
                return made[1]
            made = None
            with connection.begin(), watched(engine, connection, execute):
                xid = connection.execute(_XID).scalar_one()
                result = work(connection)
                made = xid, result
            return result

    return patiently(once, max(PATIENCE_S, until - time.monotonic()))


def patiently(work: Callable[[], T], patience_s: float | None = None) -> T:
    """``work``, again while the ledger's server is away, for ``patience_s`` seconds (PATIENCE_S) at most.

    Raises LedgerUnavailableError after that, and what else ``work`` raises at once.
    """
    ends = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    for attempt in count():
        try:
            return work()
        except LedgerUnavailableError as error:
            wait = min(_LONGEST_WAIT_S, 0.1 * 2**attempt)
            if time.monotonic() + wait >= ends:
                raise
            log.warning("%s Waiting for it, %.0f s at most.", error, ends - time.monotonic())
            time.sleep(wait)
    raise AssertionError("unreachable")


def _is_committed(connection: Connection, xid: str) -> bool:
    """How a transaction ended whose answer was lost; the server may still be at it."""
    with connection.begin():
        while (status := connection.execute(_XACT_STATUS, {"xid": xid}).scalar()) == "in progress":
            time.sleep(0.1)
    return status == "committed"


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
