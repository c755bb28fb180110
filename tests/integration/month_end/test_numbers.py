"""Every digit survives the workbook, and no text becomes a formula or markup."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbank_ledger.month_end.sheets import Sheet
from qbank_ledger.month_end.table import Amount, Cell, Column
from qbank_ledger.month_end.workbook import SHEET_ROWS, workbook
from tests.words.books import Books

from .conftest import END
from .test_pack import Close, Sign, exact

SHEET = Sheet("Any", "none", (Column("One", "one"), Column("Two", "two")))


def written(folder: Path, *cells: Cell, most_rows: int = SHEET_ROWS) -> Any:
    """These cells, one a row, in a workbook that was read back."""
    path = folder / "any.xlsx"
    with workbook(path, "Any", "", datetime.now(UTC)) as book:
        book.add(SHEET, ([cell] for cell in cells), most_rows)
    return openpyxl.load_workbook(path)


@pytest.mark.parametrize(
    ("value", "is_number"),
    [
        ("123456789012345", True),
        ("-1234567890123.45", True),
        ("999999999999.999", True),
        ("0.000000000000001", True),
        ("8.99999999999999", True),
        ("1234567890123456", False),
        ("-12345678901234.56", False),
        ("9007199254740993", False),
        ("123456789012345.67", False),
        ("99999999999999999999999999999999999999", False),
        ("-999999999999999999999999999999999999.99", False),
        ("0.00000000000000000000000000000000000001", False),
        ("1E+20", False),
    ],
)
def test_up_to_15_digits_are_a_number_and_more_are_text(tmp_path: Path, value: str, is_number: bool) -> None:
    (cell,) = (row[0] for row in written(tmp_path, Amount(Decimal(value), 0))["Any"].iter_rows(min_row=2))
    assert (cell.data_type == "n") is is_number
    assert exact(cell.value) == Decimal(value)


@settings(max_examples=30, deadline=None)
@given(
    amounts=st.lists(
        st.builds(
            lambda digits, scale, sign: sign * Decimal(digits).scaleb(-scale),
            st.integers(0, 10**27), st.integers(0, 12), st.sampled_from([1, -1]),
        ), min_size=1, max_size=200,
    )
)  # fmt: skip
def test_what_is_read_back_is_the_amount(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[Decimal]
) -> None:
    book = written(tmp_path_factory.mktemp("amounts"), *(Amount(amount, 2) for amount in amounts))
    assert [exact(cell) for (cell, *_) in book["Any"].iter_rows(min_row=2, values_only=True)] == amounts


def test_a_number_shows_its_currencys_decimals_and_more_where_it_has_more(tmp_path: Path) -> None:
    cells = (Amount(Decimal("1234.5"), 2), Amount(Decimal(7), 0), Amount(Decimal("1.2345"), 2))
    formats = [row[0].number_format for row in written(tmp_path, *cells)["Any"].iter_rows(min_row=2)]
    assert [entry.partition(";")[0] for entry in formats] == ["#,##0.00", "#,##0", "#,##0.0000"]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "=HYPERLINK(\"http://a.example\")", "http://a.example", "0123",
     " padded ", "a\nb", "<b>&</b>", "_x0041_"],
)  # fmt: skip
def test_a_text_stays_a_text(tmp_path: Path, text: str) -> None:
    page = written(tmp_path, text)["Any"]
    cell = page["A2"]
    assert (cell.data_type, cell.hyperlink) == ("s", None)
    assert cell.value == text.replace("_x0041_", "_x005F_x0041_")  # as Excel writes those seven characters


def test_a_text_that_looks_like_the_writers_own_markup_is_not_taken_for_it(tmp_path: Path) -> None:
    assert written(tmp_path, "<r>a & b</r>")["Any"]["A2"].value == " <r>a & b</r>"


def test_a_text_that_no_cell_can_hold_is_said_to_be_cut(tmp_path: Path) -> None:
    fits, long = "€" * 32_767, "€" * 32_768
    page = written(tmp_path, fits, long)["Any"]
    assert page["A2"].value == fits
    assert page["A3"].value.endswith("… (cut: a cell has no room for 32,768 characters)")


def test_rows_that_a_sheet_has_no_room_for_go_on_in_another(tmp_path: Path) -> None:
    book = written(tmp_path, *range(7), most_rows=4)
    assert book.sheetnames == ["Summary", "Any", "Any 2", "Any 3"]
    found = [[row[0] for row in book[name].values] for name in book.sheetnames[1:]]
    assert found == [["One", 0, 1, 2], ["One", 3, 4, 5], ["One", 6]]


def test_a_moment_is_never_rounded_into_the_next_second(tmp_path: Path) -> None:
    at = datetime(2024, 10, 31, 23, 59, 59, 999_999, UTC)
    assert written(tmp_path, at)["Any"]["A2"].value == datetime(2024, 10, 31, 23, 59, 59)  # noqa: DTZ001


def test_38_digits_and_evil_names_go_from_the_ledger_to_the_reader_as_they_are(
    books: Books, close: Close, sign: Sign
) -> None:
    longest = "-123456789012345678901234567890123456.78"
    books.account("x", "=1+1")
    books.account("y", "=1+1")
    books.rows("UPDATE ledger.account SET name = '<script>alert(1)</script>' WHERE account_id = 'x'")
    for id_ in "xy":
        books.bank(END, longest, id_)
    books.gl((END, longest), gl="=1+1")
    books.reconcile()
    sign("jane", "prepare", comment='@SUM(1)"><img src=x>')
    made = close()
    row = made.account()
    assert (row["GL account"], row["Name"]) == ("=1+1", "<script>alert(1)</script>")
    assert row["Bank closing"] == row["GL balance"] == longest
    (total,) = made.table("Balances on")
    assert total["Bank closing"] == "-246913578024691357802469135780246913.56"
    assert total["Difference"] == row["Difference"] == "-123456789012345678901234567890123456.78"
    assert made.rows("Sign-offs")[0]["Comment"] == '@SUM(1)"><img src=x>'
    assert {cell.data_type for page in made.book for line in page.iter_rows() for cell in line} <= {
        "s",
        "n",
        "d",
    }
    assert made.page.tags.isdisjoint({"script", "img"})
    assert '@SUM(1)"><img src=x>' in made.page.text
    assert "-123,456,789,012,345,678,901,234,567,890,123,456.78" in made.page.text
