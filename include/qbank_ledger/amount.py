"""Amounts as text, digit by digit: Decimal's own arithmetic would round to 28 digits."""

from decimal import Decimal


def plain(amount: Decimal, decimals: int) -> str:
    """Every digit, with a point and a leading minus; zeros at the end only up to ``decimals``."""
    whole, _, fraction = f"{amount:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole
