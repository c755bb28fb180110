"""Reconcile: the bank's closings beside the general ledger's, difference, cause and age.

One transaction, set at a time in SQL (``sql/recon_compare.sql``, ``sql/recon_write.sql``). What the
columns mean stands in the comments on ``recon.reconciliation``; the rules in docs/reconciliation.md.
"""

import json
import logging
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, Engine, text

from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import in_transaction, plan_for_sets
from qbank_ledger.errors import BreakAboveLimitError, LedgerError
from qbank_ledger.sql import execute

log = logging.getLogger(__name__)

# Two at once take turns: each version follows the newest one.
_LOCK = text("SELECT ledger.take_turn('reconcile')")
_MOST_NAMED = 20
_ANALYZE_ASKED, _ANALYZE_COMPARED = text("ANALYZE asked"), text("ANALYZE compared")


class DateAheadError(LedgerError, ValueError):
    """A date to compare has not begun anywhere."""


def reconcile(engine: Engine, as_of_date: date | None = None) -> dict[str, int]:
    """Compare a date, or every date whose inputs changed; returns the versions written by status.

    Without a date, those whose cut-off has passed; a date asked for before its cut-off is compared as
    it stands, as provisional. Dates for which an entity has no GL row have nothing to compare, nor have
    those outside an account's time (``recon.account_time``). Again, with the same inputs, writes nothing.

    Raises DateAheadError for a date that has begun nowhere.
    """

    def compare(connection: Connection) -> dict[str, int]:
        require_newest(connection)
        if as_of_date and as_of_date > execute(connection, "recon_latest_date").scalar_one():
            raise DateAheadError(f"{as_of_date} is ahead of today: name a date that has begun.")
        connection.execute(_LOCK)
        plan_for_sets(connection)
        execute(connection, "recon_pending", as_of_date=as_of_date)
        asked = execute(connection, "recon_asked").rowcount
        written = _compare(connection, as_of_date) if asked else {}
        execute(connection, "recon_compared")
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
    execute(connection, "recon_compare", as_of_date=as_of_date)
    connection.execute(_ANALYZE_COMPARED)
    return {row.status: row.versions for row in execute(connection, "recon_write")}


def require_within_limits(engine: Engine, limits: Mapping[str, Decimal]) -> None:
    """Raise BreakAboveLimitError where a break of ``limits``' currencies is above its limit.

    Not for a provisional one, nor once its sign-off is prepared: somebody has looked.
    """
    if not limits:
        return
    given = json.dumps({currency: str(most) for currency, most in limits.items()})
    above = in_transaction(engine, lambda c: execute(c, "recon_above_limit", limits=given).all())
    if above:
        named = ", ".join(
            f"{row.account_id} ({row.currency}, {row.as_of_date})" for row in above[:_MOST_NAMED]
        )
        more = f" and {len(above) - _MOST_NAMED} more" if len(above) > _MOST_NAMED else ""
        raise BreakAboveLimitError(
            f"{len(above)} unassigned break(s) above the limit: {named}{more}. Look at "
            "recon.open_break; correct the books, or prepare the sign-off."
        )
