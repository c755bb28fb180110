"""A run as a whole: how it is closed, by settle, or by the next plan where settle did not come to it."""

from dataclasses import dataclass

from sqlalchemy import Connection

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


def close_run(connection: Connection, run_no: int) -> RunCounts:
    """Close a run by what it published, and keep the reasons of its missing account-hours in ``ledger.gap``.

    Waits for who is publishing it at this moment, and counts what that published.
    """
    execute(connection, "hold_run", run_no=run_no)
    row = execute(connection, "close_run", run_no=run_no).one()
    execute(connection, "keep_gaps", run_no=run_no)
    return RunCounts(**row._mapping)
