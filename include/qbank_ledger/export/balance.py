"""What an export writes of an account, and the text of its times."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal


class NotExportableError(Exception):
    """A balance that a format can't hold; ``str()`` is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An active account with its newest balance or a date's closing; money is in ``currency``, exact.

    From ``ledger.account`` and ``ledger.latest_balance`` (``sql/newest_balances.sql``), or, where
    ``closing_of`` is a date (by the account's time zone), ``ledger.closing`` (``sql/closings.sql``).
    Times are UTC.
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
    closing_of: date | None

    @property
    def on(self) -> date:
        """The date that an ERP books it under: the closing's, else the observation's in UTC."""
        return self.closing_of or self.observed_at.astimezone(UTC).date()

    @property
    def number(self) -> str:
        """What an ERP knows the account by: ``bank_account``, an IBAN without its spaces, else the id."""
        number = self.bank_account or self.account_id
        iban = number.replace(" ", "")  # printed in groups of four, sent without
        return iban if is_iban(iban) else number


def is_iban(text: str) -> bool:
    """Whether it is an IBAN without spaces: of its country's length and form, with the right check digits."""
    from schwifty import IBAN  # noqa: PLC0415 - reads a register of all countries when imported

    iban = IBAN(text, allow_invalid=True)  # which leaves out white space, and writes capitals
    return iban == text and iban.is_valid


def utc(at: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond: ``2026-10-31T16:05:09.123456Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
