"""The limits above which a break needs a person now."""

import json
from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import Engine

from qbank_ledger.db.transaction import in_transaction
from qbank_ledger.errors import BreakAboveLimitError
from qbank_ledger.recon.sql import execute

_MOST_NAMED = 20


def require_within_limits(engine: Engine, limits: Mapping[str, Decimal]) -> None:
    """Raise BreakAboveLimitError where a break of ``limits``' currencies is above its limit.

    Not for a provisional one, nor once its sign-off is prepared: somebody has looked.
    """
    if not limits:
        return
    given = json.dumps({currency: str(most) for currency, most in limits.items()})
    above = in_transaction(engine, lambda c: execute(c, "breaks_above_limit", limits=given).all())
    if above:
        named = ", ".join(
            f"{row.account_id} ({row.currency}, {row.as_of_date})" for row in above[:_MOST_NAMED]
        )
        more = f" and {len(above) - _MOST_NAMED} more" if len(above) > _MOST_NAMED else ""
        raise BreakAboveLimitError(
            f"{len(above)} unassigned break(s) above the limit: {named}{more}. Look at "
            "recon.open_break; correct the books, or prepare the sign-off."
        )
