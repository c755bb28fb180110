"""The columns of what the ERP's files become: closing balances and outstanding items.

Rows are read by a profile (reading.py). What the columns mean stands in the comments on ``recon.gl_balance``
and ``recon.item``.
"""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["gl", "items"]
# The columns that say which row it is, in the order of Row.key.
KEYS: Mapping[Kind, tuple[str, ...]] = {
    "gl": ("entity", "gl_account", "currency", "as_of_date"),
    "items": ("entity", "gl_account", "currency", "item_date", "side", "kind", "reference"),
}
AMOUNTS: Mapping[Kind, str] = {"gl": "balance", "items": "amount"}
NAMED: Mapping[Kind, str] = {"gl": "closing balances", "items": "outstanding items"}
SIDES = ("bank", "book")
DATES = frozenset({"as_of_date", "item_date", "cleared_date"})
MAY_BE_EMPTY = frozenset({"cleared_date", "reference"})
