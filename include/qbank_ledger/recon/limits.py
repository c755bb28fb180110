"""The limits above which a break needs a person now."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import Engine

from qbank_ledger.db.open_breaks import open_breaks
from qbank_ledger.db.transaction import in_transaction
from qbank_ledger.errors import BreakAboveLimitError

_MOST_NAMED = 20


def require_within_limits(engine: Engine, limits: Mapping[str, Decimal]) -> None:
    """Raise BreakAboveLimitError where a break of ``limits``' currencies is above its limit.

    Not for a provisional one, nor once its sign-off is prepared: somebody has looked.
    """
    if not limits:
        return
    breaks = in_transaction(engine, lambda connection: open_breaks(connection, limits))
    above = sorted((row for row in breaks if row.is_above), key=lambda row: -row.age_days)
    if above:
        named = ", ".join(
            f"{row.account_id} ({row.currency}, {row.as_of_date})" for row in above[:_MOST_NAMED]
        )
        more = f" and {len(above) - _MOST_NAMED} more" if len(above) > _MOST_NAMED else ""
        raise BreakAboveLimitError(
            f"{len(above)} unassigned break(s) above the limit: {named}{more}. See recon.open_break, then "
            "correct the books or prepare the sign-off."
        )
