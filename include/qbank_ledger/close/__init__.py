"""Month-end close: the pack of a month, of one state of the ledger, for people without SQL."""

from qbank_ledger.close.month import CloseError
from qbank_ledger.close.pack import Pack, close_month

__all__ = ["CloseError", "Pack", "close_month"]
