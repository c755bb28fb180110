"""Fetch: the answers of a batch of accounts go to ``sync.observation`` in chunks, as they come.

A killed task loses a chunk at most, its retry asks only for what is missing, and a twin that was
thought dead adds nothing: the first answer to an account stands.
"""

import io
import logging
import math
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, text

from qbank_ledger.db.copying import copy_into, copy_text
from qbank_ledger.db.transaction import in_transaction, plan_for_sets
from qbank_ledger.errors import ClockMovedError, RunRefusedError
from qbank_ledger.sync.answer_shape import KEPT, Answer
from qbank_ledger.sync.run import lock_run
from qbank_ledger.sync.sql import execute

log = logging.getLogger(__name__)

# Whichever comes first closes a chunk: what a kill may lose is bounded in answers and in time.
_CHUNK_ROWS = 500
_CHUNK_S = 2.0
# What audit, publish and settle need before the run's deadline: a fetch leaves them this much.
RESERVE_S = 900.0
# A task has 27 minutes (the DAG): one that ran into that would be red in place of naming what it lacks.
MOST_BUDGET_S = 1500.0

# Seconds that the database's clock and this machine's may go apart in a fetch: drift and a failover are less.
MOST_APART_S = 10.0

_COLUMNS = (*KEPT, "observed_at")
_kept = attrgetter(*KEPT)


class GetBalances(Protocol):
    """Asks the bank: yields an answer an account, within a budget in seconds."""

    def __call__(self, account_ids: list[str], *, budget_s: float) -> Iterable[Answer]: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """The ledger database's clock, carried on by this machine's monotonic one.

    A worker's own clock may be minutes off; the hour of a balance must not be.
    """

    database: datetime
    monotonic: float

    @classmethod
    def read(cls, connection: Connection) -> "Clock":
        """Read both clocks now."""
        now = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return cls(now, time.monotonic())

    def at(self, monotonic: float) -> datetime:
        """The database's time (UTC) at a moment of ``time.monotonic()``."""
        return self.database + timedelta(seconds=monotonic - self.monotonic)

    def check(self, connection: Connection) -> None:
        """Raises ClockMovedError where the two went apart: it is not known when what came since was seen."""
        apart = (Clock.read(connection).database - self.at(time.monotonic())).total_seconds()
        if abs(apart) > MOST_APART_S:
            raise ClockMovedError(
                f"The ledger database's clock and this worker's went {abs(apart):.0f} s apart in this task: "
                "one was set, or the worker slept. The hour of the newest answers can't be told, so they are "
                "not kept, and a retry asks again."
            )


def batch_connection(engine: Engine, run_no: int, batch_no: int) -> str | None:
    """The QBank connection by which a batch is asked for, as its plan wrote it down in ``sync.batch``.

    None where the plan was made by a version that kept none.
    """

    def read(connection: Connection) -> str | None:
        found: str | None = execute(connection, "batch_connection", run_no=run_no, batch_no=batch_no).scalar()
        return found

    return in_transaction(engine, read)


def fetch_batch(
    engine: Engine,
    run_no: int,
    batch_no: int,
    *,
    api_host: str,
    budget_s: float,
    get_balances: GetBalances,
    timeout: timedelta = timedelta(hours=1),
) -> int:
    """Ask ``get_balances`` for what a batch lacks and keep what comes; returns how many came.

    ``get_balances`` yields an answer an account; ``api_host`` is the host that it asks. The budget is the
    task's own over all its tries, and ends early enough for the rooms after it. A run that is closed, or past
    its deadline, is opened again for ``timeout``: somebody cleared its fetch. Raises RunRefusedError, before
    anything is asked, where the ledger takes no balances from that host: the connection was changed since the
    plan, or is of another bank.
    """

    def begin(connection: Connection) -> tuple[Any, list[str], Clock]:
        lock_run(connection, run_no)
        execute(connection, "reopen_run", run_no=run_no, timeout_s=timeout.total_seconds())
        time_ = execute(connection, "begin_batch", run_no=run_no, batch_no=batch_no, api_host=api_host).one()
        if not time_.takes_host:
            raise RunRefusedError(
                f"The QBank connection of this task points to {api_host}, from which this ledger takes no "
                "balances. If that is the same bank, an operator accepts it with "
                f"SELECT ledger.accept_host('{api_host}'); otherwise set the connection right."
            )
        # Nothing is known yet of what other tasks of the run have written a moment ago.
        plan_for_sets(connection)
        missing = list(execute(connection, "unanswered", run_no=run_no, batch_no=batch_no).scalars())
        return time_, missing, Clock.read(connection)

    time_, missing, clock = in_transaction(engine, begin)
    used = max(0.0, time_.used_s)  # below nought where the database's clock was set back
    left = max(0.0, min(min(budget_s, MOST_BUDGET_S) - used, time_.left_s - RESERVE_S))
    log.info(
        "fetch: run %s batch %s asks for %s accounts in %.0f s",
        run_no,
        batch_no,
        len(missing),
        left,
    )
    ends = time.monotonic() + left
    came = store_answers(engine, run_no, get_balances(missing, budget_s=left), clock, ends) if missing else 0
    log.info("fetch: run %s batch %s has %s answers", run_no, batch_no, came)
    return came


def store_answers(
    engine: Engine, run_no: int, answers: Iterable[Answer], clock: Clock, ends: float = -math.inf
) -> int:
    """Write the answers of a run to ``sync.observation`` as they come; returns how many came.

    A server that goes away is waited for until ``ends`` (of ``time.monotonic()``), and at least for a while;
    the answers that have come are kept meanwhile. What ends them is raised once what had come is written.
    """
    count = 0
    chunk: list[Answer] = []
    failures: list[Exception] = []
    began = time.monotonic()
    # Closed at once where an answer can't be written: nobody may go on asking.
    with closing(_until_failure(answers, failures)) as coming:
        for answer in coming:
            chunk.append(answer)
            if len(chunk) >= _CHUNK_ROWS or time.monotonic() - began >= _CHUNK_S:
                count += _write(engine, run_no, chunk, clock, ends)
                chunk, began = [], time.monotonic()
    count += _write(engine, run_no, chunk, clock, ends)
    if failures:
        raise failures[0]
    return count


def _until_failure(answers: Iterable[Answer], failures: list[Exception]) -> Generator[Answer]:
    """The answers until their end, or until an error, which goes to ``failures``."""
    try:
        yield from answers
    except Exception as error:  # noqa: BLE001 - raised again by whom it was asked for
        failures.append(error)


def _write(engine: Engine, run_no: int, chunk: list[Answer], clock: Clock, ends: float) -> int:
    def merge(connection: Connection) -> None:
        clock.check(connection)
        execute(connection, "make_incoming")
        copy_into(connection, "incoming", _COLUMNS, _rows(chunk, clock))
        execute(connection, "add_answers", run_no=run_no)

    if chunk:
        in_transaction(engine, merge, until=ends)
    return len(chunk)


def _rows(chunk: list[Answer], clock: Clock) -> io.StringIO:
    """The chunk as COPY reads it, a line an answer."""
    return copy_text((*_kept(answer), clock.at(answer.arrived)) for answer in chunk)
