"""What an export writes of an account, and the texts of its amounts and times.

Amounts go from numeric to text digit by digit: Decimal's own arithmetic would round to 28 digits.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from qbank_ledger.errors import LedgerError


class ExportError(LedgerError):
    """A file can't be written, or lacks accounts that it should have."""


class UnfitError(Exception):
    """A balance that a format can't hold; ``str()`` is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An active account with its newest balance; money is in ``currency``, exact; times are UTC.

    From ``ledger.account`` and ``ledger.latest_balance`` (``sql/export_balances.sql``).
    """

    account_id: str
    name: str
    entity: str
    gl_account: str
    bank_id: str | None
    bank_account: str | None
    currency: str
    minor_units: int
    ledger_balance: Decimal
    available_balance: Decimal
    as_of_hour: datetime
    observed_at: datetime
    is_stale: bool
    seal_no: int


def plain(amount: Decimal, decimals: int) -> str:
    """Every digit, with a point and a leading minus; zeros at the end only up to ``decimals``."""
    whole, _, fraction = f"{amount:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def utc(at: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond: ``2026-10-31T16:05:09.123456Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
