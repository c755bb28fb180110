"""What an export writes of an account, and the text of its times."""

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


def utc(at: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond: ``2026-10-31T16:05:09.123456Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
