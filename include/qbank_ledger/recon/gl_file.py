"""The columns of what files become: closing balances, outstanding items and exchange rates.

Rows are read by a profile (reading.py). What the columns mean stands in the comments on ``recon.gl_balance``,
``recon.item`` and ``ledger.fx_rate``.
"""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["gl", "items", "rates"]
# The columns that say which row it is, in the order of Row.key.
KEYS: Mapping[Kind, tuple[str, ...]] = {
    "gl": ("entity", "gl_account", "currency", "as_of_date"),
    "items": ("entity", "gl_account", "currency", "item_date", "side", "kind", "reference"),
    "rates": ("from_currency", "to_currency", "as_of_date"),
}
AMOUNTS: Mapping[Kind, str] = {"gl": "balance", "items": "amount", "rates": "rate"}
NAMED: Mapping[Kind, str] = {
    "gl": "closing balances",
    "items": "outstanding items",
    "rates": "exchange rates",
}
# Whose date today is.
WHERE: Mapping[Kind, str] = {
    "gl": " where the account is",
    "items": " where the account is",
    "rates": "",
}
SIDES = ("bank", "book")
CURRENCIES = frozenset({"currency", "from_currency", "to_currency"})
DATES = frozenset({"as_of_date", "item_date", "cleared_date"})
MAY_BE_EMPTY = frozenset({"cleared_date", "reference"})
