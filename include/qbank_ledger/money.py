"""Money: the currencies that it can be in, how an amount is written, and amounts as text, digit by digit.

Decimal's own arithmetic would round to 28 digits. The database has the same list of currencies in
``ledger.minor_units``; a test holds the two together.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from iso4217 import Currency

# Without those that have no minor units and are no money of an account: XXX, XTS, gold, SDRs.
MINOR_UNITS: Mapping[str, int] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}
# What ERPs and warehouses hold, decimal(38), is the most that an amount has before its point, and after it.
MAX_DIGITS = 38
# An amount as people and programs write it: a plain decimal with a point.
UNSIGNED_AMOUNT = rf"[0-9]{{1,{MAX_DIGITS}}}(?:\.[0-9]{{1,{MAX_DIGITS}}})?"
_UNSIGNED_AMOUNT = re.compile(UNSIGNED_AMOUNT, re.ASCII)
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)


def is_amount(text: str) -> bool:
    """Whether it is a plain decimal, with or without a leading minus."""
    return is_unsigned_amount(text.removeprefix("-"))


def is_unsigned_amount(text: str) -> bool:
    """Whether it is a plain decimal without a sign."""
    return _UNSIGNED_AMOUNT.fullmatch(text) is not None


def plain(amount: Decimal, decimals: int) -> str:
    """Every digit, with a point and a leading minus; zeros at the end only up to ``decimals``."""
    whole, _, fraction = f"{amount:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def too_many_decimals(text: str, currency: str) -> str | None:
    """What is wrong with a plain decimal that has more decimals than its currency; None: it has not.

    Zeros count, too: ``-3.000`` in EUR is three or, with a point between the thousands, three thousand,
    and the text does not say which.
    """
    whole, _, fraction = text.partition(".")
    most = MINOR_UNITS[currency]
    if len(fraction) <= most:
        return None
    readings = dict.fromkeys(plain(Decimal(digits), 0) for digits in (text, whole + fraction))
    room = f"at most {most} decimals" if most else "no decimals"
    return (
        f"it has {len(fraction)} decimals, {currency} {most}, so it may mean {' or '.join(readings)}: "
        f"write it with {room} and no mark between thousands"
    )


def looks_grouped(text: str, currency: str) -> str | None:
    """As ``too_many_decimals``, only for what looks like thousands: ``1.234`` in EUR, and not ``0.005``."""
    return too_many_decimals(text, currency) if _GROUPED.fullmatch(text) else None
