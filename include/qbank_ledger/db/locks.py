"""Whom a transaction waits for: its turn; and whoever holds a lock, named, or made to give way.

PostgreSQL says nothing while a statement waits for a lock. So a thread looks, on a connection of its own, at
each transaction that takes longer than a moment.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Literal

import psycopg2
from sqlalchemy import Connection, Engine, exc

from qbank_ledger.db.session import LedgerConnection
from qbank_ledger.db.sql import execute
from qbank_ledger.errors import LedgerError

log = logging.getLogger(__name__)

# What one transaction at a time does; the database has a table ``ledger.lock_…`` for each.
LockName = Literal["plan", "publish", "reconcile", "watch"]

_LOOK_EVERY_S = 0.5
_WARN_AFTER_S = 3.0


def acquire_lock(connection: Connection, what: LockName) -> None:
    """Wait until nobody else is at it, and keep others off to the end of the transaction."""
    execute(connection, "acquire_lock", what=what)


@contextmanager
def watched(engine: Engine, connection: Connection) -> Iterator[None]:
    """Warn of a wait for a lock that lasts, and add to an error after it who held the lock.

    ``engine`` gives the connection that looks, as the same login.
    """
    session = connection.connection.dbapi_connection
    if not isinstance(session, LedgerConnection):  # of an engine that is not engine_for's
        yield
        return
    over, seen = Event(), list[str]()
    thread = Thread(target=_look, args=(engine, session, over, seen), name="ledger-lock-watch", daemon=True)
    thread.start()
    try:
        yield
    except (exc.DBAPIError, psycopg2.Error) as error:
        said = error.orig if isinstance(error, exc.DBAPIError) else error
        if seen and said:
            said.add_note(f"held by {seen[0]}")
        raise
    finally:
        over.set()
        # The connection is closed with the transaction, unless it is still being made.
        thread.join(1)


def _look(engine: Engine, session: LedgerConnection, over: Event, seen: list[str]) -> None:
    """Keep in ``seen`` the last holders, until it is over; a look that fails costs the names alone."""
    if over.wait(_LOOK_EVERY_S):
        return
    since: float | None = None
    with suppress(exc.SQLAlchemyError, LedgerError), engine.connect() as connection:
        while not over.is_set():
            with connection.begin():
                found = execute(connection, "lock_holders", pid=session.server_pid).all()
            holders = ", ".join(f"pid {row.pid} of {row.login}" for row in found)
            if not holders:
                since = None
            else:
                seen[:] = [holders]
                since = since or time.monotonic()
                _cancel_blocking_readers(connection, session)
                if time.monotonic() - since >= _WARN_AFTER_S:
                    log.warning("Waiting for a lock on the ledger, held by %s.", holders)
                    since = time.monotonic() + 10 * _WARN_AFTER_S
            over.wait(_LOOK_EVERY_S)


def _cancel_blocking_readers(connection: Connection, session: LedgerConnection) -> None:
    """Only runs may: for any other login it is refused, and readers stay where they are."""
    with suppress(exc.ProgrammingError), connection.begin():
        cancelled = execute(connection, "cancel_blocking_readers", pid=session.server_pid).scalars().all()
        if cancelled:
            log.warning(
                "Cancelled readers' statements that blocked the ledger: pid %s.",
                ", ".join(map(str, cancelled)),
            )
