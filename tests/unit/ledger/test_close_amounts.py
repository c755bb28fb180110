"""Amounts and months of the close pack, without a database."""

from decimal import Decimal

import pytest

from qbank_ledger.errors import CloseError
from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.table import Amount, total

LONG = "-" + "9" * 36 + ".99"


@pytest.mark.parametrize(
    ("value", "minor_units", "plain", "grouped", "digits"),
    [
        ("0", 2, "0.00", "0.00", 0),
        ("-0.05", 2, "-0.05", "-0.05", 1),
        ("1234.5", 2, "1234.50", "1,234.50", 5),
        ("1234.5000", 2, "1234.50", "1,234.50", 5),
        ("1234.5678", 2, "1234.5678", "1,234.5678", 8),
        ("1E+3", 0, "1000", "1,000", 4),
        ("-123456789012345", 0, "-123456789012345", "-123,456,789,012,345", 15),
        ("9999999999999.99", 2, "9999999999999.99", "9,999,999,999,999.99", 15),
        ("1000000000000000", 2, "1000000000000000.00", "1,000,000,000,000,000.00", 16),
        (LONG, 2, LONG, "-" + ",".join(["999"] * 12) + ".99", 38),
    ],
)
def test_an_amount_keeps_every_digit(
    value: str, minor_units: int, plain: str, grouped: str, digits: int
) -> None:
    amount = Amount(Decimal(value), minor_units)
    assert (amount.plain(), amount.grouped(), amount.digits) == (plain, grouped, digits)


def test_a_sum_is_exact_where_pythons_default_would_round() -> None:
    big, small = Decimal("9" * 38), Decimal("0." + "0" * 37 + "1")
    assert big + small == big + 1, "28 digits: this is what it must not do"
    assert f"{total([big, small, None])}" == f"{'9' * 38}.{'0' * 37}1"


@pytest.mark.parametrize(
    ("text", "first", "last", "hours"),
    [
        ("2026-10", "2026-10-01", "2026-10-31", 744),
        ("2024-02", "2024-02-01", "2024-02-29", 696),
        ("2025-12", "2025-12-01", "2025-12-31", 744),
    ],
)
def test_a_month_runs_from_its_first_date_to_its_last(text: str, first: str, last: str, hours: int) -> None:
    month = Month.parse(text)
    assert (str(month), str(month.first_date), str(month.last_date), month.hours) == (
        text,
        first,
        last,
        hours,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-13",
        "2026-00",
        "2026-1",
        "26-10",
        "2026-10-31",
        "\u0662\u0660\u0662\u0666-10",
        "0000-01",
        "9999-12",
    ],
)
def test_what_is_no_month_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(CloseError, match=r"is not a month: write the year and month, such as 2026-10\."):
        Month.parse(text)
