"""Transactions on the ledger: one that happens once, whatever the server does, and one that reads one state.

Functions elsewhere take an open connection; who opened it owns the transaction.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

from sqlalchemy import Connection, Engine, text

from qbank_ledger.db.connection import translated_errors
from qbank_ledger.db.locks import watched
from qbank_ledger.db.session import FOR_SETS
from qbank_ledger.errors import LedgerUnavailableError

log = logging.getLogger(__name__)

T = TypeVar("T")

# How long a room waits for a server that is away: a restart or a failover takes less.
PATIENCE_S = 240.0
_LONGEST_WAIT_S = 3.0
_XID = text("SELECT pg_current_xact_id()::text")
_FOR_SETS = text(
    "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in FOR_SETS.items())
)
# A server that took over without the transaction has not come to its number yet, and refuses to be asked: the
# number that asking gets is its newest.
_XACT_STATUS = text(
    "SELECT CASE WHEN CAST(:xid AS xid8) < pg_current_xact_id() THEN pg_xact_status(CAST(:xid AS xid8)) END"
)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction on one connection; errors come out as LedgerError."""
    with translated_errors(engine), engine.begin() as connection, watched(engine, connection):
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
        with translated_errors(engine), engine.connect() as connection:
            if made and _is_committed(connection, made[0]):
                return made[1]
            made = None
            with connection.begin(), watched(engine, connection):
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
    """One REPEATABLE READ, READ ONLY transaction: one state of the ledger, while runs go on publishing."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with transaction(engine.execution_options(**options)) as connection:
        yield connection


def plan_for_sets(connection: Connection) -> None:
    """Have the rest of the transaction join sets whole: for statements over many rows that are new to it."""
    connection.execute(_FOR_SETS)
