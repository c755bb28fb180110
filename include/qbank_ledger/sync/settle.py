"""Settle: close the run, keep the reasons of what is missing, and say how it ended."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from qbank_ledger.db.transaction import in_transaction
from qbank_ledger.errors import RunNotCompleteError
from qbank_ledger.sync.run import RunCounts, close_run
from qbank_ledger.sync.sql import execute

log = logging.getLogger(__name__)

_NAMED = 20


def settle_run(engine: Engine, run_no: int) -> RunCounts:
    """Close the run; again and again changes nothing.

    Raises RunNotCompleteError, naming the first 20 accounts and their reasons, when an account is
    not published; in a dry run, when one failed or would be held back.
    """

    def close(connection: Connection) -> tuple[RunCounts, Sequence[Any]]:
        return close_run(connection, run_no), execute(connection, "lost_accounts", run_no=run_no).all()

    counts, lost = in_transaction(engine, close)
    log.info(
        "settle: run %s is %s: %s of %s published, %s quarantined, %s failed",
        run_no, counts.state, counts.published, counts.expected, counts.quarantined, counts.failed,
    )  # fmt: skip
    if lost:
        raise RunNotCompleteError(_message(counts, lost))
    return counts


def _message(counts: RunCounts, lost: Sequence[Any]) -> str:
    """The counts, then the first 20 accounts, under what they share: outcome and reasons."""
    groups: dict[str, list[str]] = {}
    for row in lost[:_NAMED]:
        asked = f", the bank asks to wait {row.retry_after_s} s" if row.retry_after_s else ""
        groups.setdefault(f"{row.outcome} ({', '.join(row.reasons)}{asked})", []).append(row.account_id)
    named = "; ".join(f"{what}: {', '.join(ids)}" for what, ids in groups.items())
    by_reason = Counter(reason for row in lost for reason in row.reasons).most_common()
    counted = ", ".join(f"{reason} {count}" for reason, count in by_reason)
    more = f"; and {len(lost) - _NAMED} more, see sync.outcome" if len(lost) > _NAMED else ""
    done = "would be published" if counts.state == "dry_run" else "published"
    return (
        f"Run {counts.run_no} is {counts.state}: {counts.published} of {counts.expected} accounts {done}, "
        f"{counts.quarantined} quarantined, {counts.failed} failed ({counted}). {named}{more}."
    )
