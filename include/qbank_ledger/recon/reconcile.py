"""Reconcile: the bank's closings beside the general ledger's, difference, cause and age.

One transaction, set at a time in SQL (``sql/compare.sql``, ``sql/write_versions.sql``). What the
columns mean stands in the comments on ``recon.reconciliation``; the rules in docs/reconciliation.md.
"""

import logging
from datetime import date

from sqlalchemy import Connection, Engine, text

from qbank_ledger.db.locks import acquire_lock
from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import in_transaction, plan_for_sets
from qbank_ledger.errors import DateAheadError
from qbank_ledger.recon.sql import execute

log = logging.getLogger(__name__)

_ANALYZE_ASKED, _ANALYZE_COMPARED = text("ANALYZE asked"), text("ANALYZE compared")


def reconcile(engine: Engine, as_of_date: date | None = None) -> dict[str, int]:
    """Compare a date, or every date whose inputs changed; returns the versions written by status.

    Without a date, those whose cut-off has passed; a date asked for before its cut-off is compared as
    it stands, as provisional. Dates for which an entity has no GL row have nothing to compare, nor have
    those outside an account's time (``recon.account_time``). Again, with the same inputs, writes nothing.

    Raises DateAheadError for a date that has begun nowhere.
    """

    def compare(connection: Connection) -> dict[str, int]:
        require_newest(connection)
        if as_of_date and as_of_date > execute(connection, "latest_date").scalar_one():
            raise DateAheadError(f"{as_of_date} is ahead of today: name a date that has begun.")
        acquire_lock(connection, "reconcile")  # each version follows the newest one
        plan_for_sets(connection)
        execute(connection, "pending", as_of_date=as_of_date)
        asked = execute(connection, "asked").rowcount
        written = _compare(connection, as_of_date) if asked else {}
        execute(connection, "forget_compared")
        return written

    written = in_transaction(engine, compare)
    log.info(
        "reconcile: %s: %s",
        as_of_date or "what changed",
        ", ".join(f"{count} {status}" for status, count in written.items()) or "nothing to write",
    )
    return written


def _compare(connection: Connection, as_of_date: date | None) -> dict[str, int]:
    connection.execute(_ANALYZE_ASKED)
    execute(connection, "compare", as_of_date=as_of_date)
    connection.execute(_ANALYZE_COMPARED)
    return {row.status: row.versions for row in execute(connection, "write_versions")}
