"""How an amount is written, wherever one comes from."""

import pytest

from qbank import payload
from qbank_ledger.money import MAX_DIGITS, is_amount, is_unsigned_amount


@pytest.mark.parametrize("text", ["0", "1.50", "007", f"{'9' * 38}.{'9' * 38}"])
def test_a_plain_decimal_is_an_amount(text: str) -> None:
    assert is_amount(text)
    assert is_unsigned_amount(text)
    assert is_amount(f"-{text}")
    assert not is_unsigned_amount(f"-{text}")


@pytest.mark.parametrize(
    "text", ["", "-", "--1", "+1", ".5", "1.", "1,5", "1e3", " 1", "1\n", "٣", "9" * 39, "0." + "0" * 39]
)
def test_what_can_be_read_in_two_ways_is_none(text: str) -> None:
    assert not is_amount(text)


def test_the_bank_and_the_ledger_take_as_many_digits() -> None:
    assert payload.MAX_DIGITS == MAX_DIGITS
