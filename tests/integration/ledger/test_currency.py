"""The database's list of currencies is the library's."""

import itertools
import string

from iso4217 import Currency

from qbank_ledger.money import MINOR_UNITS
from tests.words.ledger import Ledger


def test_the_database_and_the_library_agree_on_every_currency_and_on_what_is_none(ledger: Ledger) -> None:
    codes = ["".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=3)]
    rows = ledger.rows(
        "SELECT code, ledger.minor_units(code) AS decimals FROM unnest(CAST(:c AS text[])) AS code", c=codes
    )
    found = {row.code: row.decimals for row in rows if row.decimals is not None}
    assert found == MINOR_UNITS
    assert found == {c.code: c.exponent for c in Currency if c.exponent is not None}
    assert (
        ledger.rows(
            "SELECT ledger.minor_units(code) AS d FROM (VALUES (NULL), (''), ('eur'), ('EURO')) AS v (code)"
        )
        == [(None,)] * 4
    )
