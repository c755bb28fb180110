"""A run as a whole: how it is closed, by settle, or by the next plan where settle did not come to it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from qbank_ledger.db.transaction import plan_for_sets
from qbank_ledger.errors import RunRefusedError
from qbank_ledger.sync.sql import execute


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """How a closed run ended: its state, and its accounts by outcome (they add up to expected)."""

    run_no: int
    state: str
    expected: int
    published: int
    quarantined: int
    failed: int


def lock_run(connection: Connection, run_no: int) -> Any:
    """Hold a run to the end of the transaction; returns its state, start and expected accounts.

    Raises RunRefusedError where its accounts are no longer kept.
    """
    run = execute(connection, "lock_run", run_no=run_no).one()
    if run.accounts_dropped_at:
        raise RunRefusedError(
            f"The accounts of run {run_no} are no longer kept (QBANK_SYNC_DAYS): trigger a new run."
        )
    return run


def close_run(connection: Connection, run_no: int) -> RunCounts:
    """Close a run by what it published, and keep why it left account-hours missing.

    The reasons are in ``ledger.missing_hour_reason`` for ever.

    Waits for who is publishing it at this moment, and counts what that published.
    """
    lock_run(connection, run_no)
    plan_for_sets(connection)
    row = execute(connection, "close_run", run_no=run_no).one()
    execute(connection, "record_missing_hours", run_no=run_no)
    return RunCounts(**row._mapping)
