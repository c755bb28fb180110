"""Retention: what runs did is dropped once its time has come, a block of runs at a time.

The bodies of the bank's answers go first, what else ``sync`` has for each account of a run later. Balances,
the reasons of missing hours and everything else in ``ledger`` stay for ever.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from qbank_ledger.config import payload_days, sync_days
from qbank_ledger.db.transaction import transaction
from qbank_ledger.errors import LedgerError
from qbank_ledger.sync.sql import execute

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the bodies of answers are kept, and how long the accounts of a run."""

    payloads: timedelta
    accounts: timedelta

    @classmethod
    def read(cls) -> "Retention":
        """As ``QBANK_PAYLOAD_DAYS`` and ``QBANK_SYNC_DAYS`` say; raises LedgerError."""
        return cls(timedelta(days=payload_days()), timedelta(days=sync_days()))


def drop_expired(engine: Engine, retention: Retention) -> None:
    """Drop the oldest block of runs of each kind that is past its retention.

    Waits for nobody for longer than a moment. That it can't drop one costs no run: it is a warning, and the
    next plan tries again.
    """
    for what, keep, payloads_only in (
        ("answers as received", retention.payloads, True),
        ("accounts", retention.accounts, False),
    ):
        try:
            with transaction(engine) as connection:
                last = execute(connection, "drop_expired", keep=keep, payloads_only=payloads_only).scalar()
        except LedgerError as error:
            log.warning(
                "plan: the %s of old runs were not dropped, the next plan tries again: %s", what, error
            )
        else:
            if last:
                log.info("plan: dropped the %s of the runs up to %s", what, last)
