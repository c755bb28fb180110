"""Whatever is in the ledger, each file says it exactly, or says that it left it out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbank_ledger.errors import ExportError
from tests.integration.conftest import EMPTY
from tests.words.desk import Desk

from .readers import READERS, Read

MINOR_UNITS = {"EUR": 2, "JPY": 0, "BHD": 3, "CLF": 4}
# Text that PostgreSQL takes, the marks of each format in it more often than not.
texts = st.text(st.one_of(st.sampled_from(" ,/&<>\"'=+-@\n\r\t"), st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1, max_size=80)  # fmt: skip


@st.composite
def amounts(draw: st.DrawFn, minor_units: int) -> str:
    """Up to 38 digits, mostly of no more decimals than the currency has."""
    decimals = draw(st.sampled_from([minor_units, minor_units, minor_units, 0, 1, 5, 7]))
    digits = draw(st.integers(min_value=-(10 ** draw(st.integers(1, 38))), max_value=10**18))
    return f"{Decimal(f'{digits}E-{decimals}'):f}"


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(sorted(MINOR_UNITS)))
    money = amounts(MINOR_UNITS[currency])
    back = timedelta(hours=draw(st.integers(0, 72)), microseconds=draw(st.integers(0, 999_999)))
    return {
        "id": draw(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)),
        "name": draw(texts), "currency": currency, "minor_units": MINOR_UNITS[currency],
        "bank_account": draw(st.none() | texts), "bank_id": draw(st.none() | texts),
        "ledger": draw(money), "available": draw(money), "observed": datetime.now(UTC) - back,
    }  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@settings(
    max_examples=60, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(rows=st.lists(accounts(), min_size=1, max_size=5, unique_by=lambda row: row["id"]))
def test_each_account_is_read_back_exactly_or_named(
    desk: Desk, name: str, rows: list[dict[str, Any]]
) -> None:
    desk.rows(EMPTY)
    # A number that two accounts share would hide one behind the other.
    for place, row in enumerate(rows):
        row["bank_account"] = row["bank_account"] and f"{place}{row['bank_account']}"
    desk.accounts(rows)
    form, read = READERS[name]
    try:
        found: dict[str, Read] = read(desk.export(form))
    except ExportError:
        found = {}
    left_out = {line.split(": ")[1] for line in desk.said}
    by_id = name == "csv"
    expected = {
        row["id"] if by_id else row["bank_account"] or row["id"]: Read(
            Decimal(row["ledger"]), Decimal(row["available"]), row["currency"],
            row["observed"].astimezone(UTC).date(), False,
        )
        for row in rows
        if row["id"] not in left_out
    }  # fmt: skip
    assert found == expected
    assert by_id <= (not left_out), "a CSV leaves out nothing"
