"""The currencies that money can be in, and how many decimals each has (ISO 4217).

The database has the same list in ``ledger.minor_units``; a test holds the two together.
"""

from collections.abc import Mapping

from iso4217 import Currency

# Without those that have no minor units and are no money of an account: XXX, XTS, gold, SDRs.
MINOR_UNITS: Mapping[str, int] = {
    currency.code: currency.exponent for currency in Currency if currency.exponent is not None
}
