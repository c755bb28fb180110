"""Open items of the reconciliation, and which are above their limit: one rule, for runs and the watch."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from qbank_ledger.db.sql import execute


def open_breaks(connection: Connection, limits: Mapping[str, Decimal]) -> Sequence[Any]:
    """The accounts with an open item, by their ids, as ``recon.open_break`` has them, with ``is_above``.

    That is whether a person must look at it now; ``limits``: by currency, the unexplained amount above which
    one must. Of accounts that compare as one sum, the first has it.
    """
    given = json.dumps({currency: str(most) for currency, most in limits.items()})
    return list(execute(connection, "open_breaks", limits=given))
