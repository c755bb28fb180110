"""The balances: made up, exact, and the same for the same account and UTC hour.

An account's character follows from its id alone: most are ordinary, some are small, overdrawn, very
large (beyond what a binary float holds to the cent) or swept to zero. From hour to hour a balance
moves by up to 2 % around its level. Amounts are counted in minor units, so no rounding can occur.
"""

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from iso4217 import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What the bank says of an account at an instant; amounts have the currency's minor units."""

    account_id: str
    currency: str
    available_balance: Decimal
    ledger_balance: Decimal
    as_of: datetime


def minor_units(currency: str) -> int:
    """The decimals of an ISO 4217 currency: JPY 0, EUR 2, BHD 3. ValueError for an unknown one."""
    try:
        return Currency(currency).exponent or 0
    except ValueError:
        raise ValueError(f"{currency!r} is no currency of ISO 4217.") from None


def balance_at(account_id: str, decimals: int, currency: str, now: datetime) -> Balance:
    """The account's balance in the UTC hour of ``now``, which it carries as ``as_of``."""
    nature = _digest(account_id)
    hour = _digest(f"{account_id} {now.astimezone(UTC):%Y-%m-%dT%H}")
    level = _level(nature)
    swing = max(abs(level) // 50, 5)
    ledger = level + hour[0] % (2 * swing + 1) - swing
    if nature[0] % 10 == _SWEPT and hour[1] % 4:
        ledger = 0
    held = hour[2] % (abs(ledger) // 20 + 1)
    return Balance(
        account_id=account_id,
        currency=currency,
        available_balance=Decimal(ledger - held).scaleb(-decimals),
        ledger_balance=Decimal(ledger).scaleb(-decimals),
        as_of=now,
    )


_SWEPT, _OVERDRAWN, _LARGE, _SMALL = range(4)  # the last digit of the id's digest; 4 to 9: ordinary


def _level(nature: tuple[int, int, int]) -> int:
    """The minor units around which an account's balance moves."""
    kind, size, spread = nature[0] % 10, nature[1], nature[2]
    if kind in (_SWEPT, _SMALL):
        return 100 + spread % 900
    if kind == _LARGE:
        return 10**16 + spread % 10**16
    least = (10**6, 10**7, 10**8, 10**9)[size % 4]
    amount = least + spread % (9 * least)
    return -amount if kind == _OVERDRAWN else amount


def _digest(text: str) -> tuple[int, int, int]:
    """Three independent numbers out of a text."""
    return struct.unpack_from(">QQQ", hashlib.sha256(text.encode()).digest())
