"""Workbooks: a number is the decimal that it shows, and whatever else the file is, it ends in one sentence, soon."""

import time
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from qbank_ledger.files import workbook
from qbank_ledger.files.text_file import UnreadableFileError
from qbank_ledger.recon.profile import Profile
from tests.words.erp import Read, profiles, read

BASE = "account: {column: Account}, balance: {column: Balance}, entity: E, currency: EUR, date: 2025-10-31"
MB = 1024 * 1024


def profile(more: str = "") -> Profile:
    return profiles(f"p: {{{BASE}{more}}}")["p"]


def book(path: Path, *cells: object, form: str | None = None, **sheets: object) -> Path:
    """A workbook with accounts 1, 2 … and these cells as their balances."""
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["Account", "Balance"])
        style = made.add_format({"num_format": form}) if form else None
        for number, cell in enumerate(cells, 1):
            sheet.write_string(number, 0, str(number))
            sheet.write(number, 1, cell, style)
        for name in sheets:
            made.add_worksheet(name)
    return path


def balance(path: Path, more: str = "") -> tuple[list[str], str]:
    found = read(path, profile(more))
    return [f"{row.amount:f}" for row in found.rows], found.problems


@pytest.mark.parametrize(
    ("cell", "amount"),
    [(0.1 + 0.2, "0.3"), (28956708.96999998, "28956708.97"), (1234567890123.45, "1234567890123.45"), (-0.0, "0"),
     (9999999999999.99, "9999999999999.99"), (-12, "-12"), (5.5, "5.5"), (1e-17, "0.00"), (-1.1102230246251565e-16, "0.00"),
     (1e3, "1000"), (1.00999, "1.01")],
)  # fmt: skip
def test_a_number_is_the_decimal_of_fifteen_digits_that_it_shows(
    tmp_path: Path, cell: float, amount: str
) -> None:
    assert balance(book(tmp_path / "x.xlsx", cell)) == ([amount], "")


@pytest.mark.parametrize(
    ("cell", "said"),
    [(12345678901234.56, "a spreadsheet's number has 15 digits, and EUR needs more of it"), (1e15, "a spreadsheet's number has 15 digits"),
     (1e40, "15 digits"), (1.005, "it has 3 decimals, EUR 2"), (0.001, "it has 3 decimals, EUR 2"), (True, "Balance is 'TRUE'"),
     ("1,234.50", "Balance is '1,234.50': the profile declares numbers such as -1234.50"), ("", "Balance is missing")],
)  # fmt: skip
def test_what_a_double_can_not_tell_is_refused_by_its_row(tmp_path: Path, cell: object, said: str) -> None:
    found, problems = balance(book(tmp_path / "x.xlsx", 1, cell if cell != "" else None))
    assert found == ["1"]
    assert f"line 3: {said}" in problems or (said in problems and "line 3: Balance is " in problems)


def test_a_text_in_a_cell_is_read_by_the_declared_marks(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", "(1,234.50)", -5)
    assert balance(path, ", numbers: {grouping: [','], negative: [parentheses]}") == (["-1234.50", "-5"], "")


def test_an_account_that_is_a_number_is_what_it_shows_with_its_zeros(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["Account", "Balance"])
        sheet.write_number(1, 0, 110100)
        sheet.write_number(2, 0, 90, made.add_format({"num_format": "000"}))
        sheet.write_rich_string(3, 0, "11", made.add_format({"bold": True}), "00")
        for row in (1, 2, 3):
            sheet.write_number(row, 1, 1)
    assert list(read(tmp_path / "x.xlsx", profile()).balances) == ["110100", "090", "1100"]


def test_a_date_in_a_cell_is_a_date_whatever_its_form(tmp_path: Path) -> None:
    sheet = (made := openpyxl.Workbook()).active
    assert sheet is not None
    for row in (["Account", "Balance", "On"], ["1", 5, date(2025, 10, 31)]):
        sheet.append(row)
    made.save(tmp_path / "x.xlsx")
    one = profiles(
        "p: {account: {column: Account}, balance: {column: Balance}, entity: E, currency: EUR, date: {column: On}}"
    )["p"]
    assert [row.key[3] for row in read(tmp_path / "x.xlsx", one).rows] == ["2025-10-31"]


def test_a_formula_that_was_never_worked_out_is_refused_and_never_zero(tmp_path: Path) -> None:
    sheet = (made := openpyxl.Workbook()).active
    assert sheet is not None
    sheet.append(["Account", "Debit", "Credit"])
    sheet.append(["1", "=1+1", None])
    made.save(tmp_path / "x.xlsx")
    one = profiles(f"p: {{{BASE.replace('column: Balance', 'debit: Debit, credit: Credit')}}}")["p"]
    found = read(tmp_path / "x.xlsx", one)
    assert found.rows == []
    assert "line 2: Debit is '=': it is a formula without a calculated value" in found.problems


def test_of_several_sheets_the_profile_says_which(tmp_path: Path) -> None:
    path = book(tmp_path / "x.xlsx", 5, Notes=1)
    with pytest.raises(
        UnreadableFileError,
        match=r"several sheets: say which \(sheet\); there are 'Sheet1', 'Notes'",
    ):
        read(path, profile())
    assert balance(path, ", sheet: Sheet1") == (["5"], "")
    with pytest.raises(UnreadableFileError, match="no sheet 'Balances'"):
        read(path, profile(", sheet: Balances"))


def packed(path: Path, parts: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def with_sheet(path: Path, sheet: bytes, how: int = zipfile.ZIP_DEFLATED, **parts: bytes) -> None:
    """A workbook whose sheet is these bytes of XML."""
    book(path, 1)
    with zipfile.ZipFile(path) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    packed(path, {**whole, "xl/worksheets/sheet1.xml": sheet, **parts}, how)


def rows(*cells: str) -> bytes:
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>Account</t></is></c><c r="B1" t="inlineStr"><is><t>Balance</t></is></c></row>'
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{head}{"".join(cells)}</sheetData></worksheet>'.encode()


def cut(path: Path) -> None:
    content = book(path, 1).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def spoilt(path: Path) -> None:
    content = bytearray(book(path, *range(50)).read_bytes())
    content[600:700] = bytes(100)
    path.write_bytes(bytes(content))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "with a password": (lambda path: path.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le")), "protected by a password"),
    "of Excel 97": (lambda path: path.write_bytes(OLE + "Workbook".encode("utf-16-le")), "an Excel file from before 2007: save it as .xlsx"),
    "cut off": (cut, "it is a damaged workbook"),
    "spoilt": (spoilt, "it is a damaged workbook"),
    "no workbook": (lambda path: packed(path, {"a.txt": b"x"}), "it is a ZIP file but not a workbook"),
    "a bomb": (lambda path: with_sheet(path, rows() + b" " * 40 * MB), "it unpacks to 40 MiB; 512 MiB, and 200 times its size, are the most"),
    "a thousand laughs": (lambda path: with_sheet(path, LAUGHS + rows()), "it declares types of its own"),
    "no XML": (lambda path: with_sheet(path, b"<worksheet><row></worksheet>"), "it is a damaged workbook"),
    "no sheet": (lambda path: with_sheet(path, b""), "it is a damaged workbook"),
    "a column far out": (lambda path: with_sheet(path, rows('<row r="2"><c r="ZZZ2"><v>1</v></c></row>')), "damaged workbook (column 18278)"),
    "a row far out": (lambda path: with_sheet(path, rows('<row r="9999999"/>')), "damaged workbook (row 9999999)"),
    "rows that go back": (lambda path: with_sheet(path, rows('<row r="1"/>')), "damaged workbook (row 1)"),
    "a text that is not there": (lambda path: with_sheet(path, rows('<row r="2"><c r="A2" t="s"><v>77</v></c></row>')), "damaged workbook"),
    "a number that is none": (lambda path: with_sheet(path, rows('<row r="2"><c r="A2"><v>1e9999</v></c></row>')), "the number 1e9999"),
    "texts without end": (
        lambda path: with_sheet(path, rows(), zipfile.ZIP_STORED, **{"xl/sharedStrings.xml": b"<sst>" + b" " * 65 * MB}),
        "its texts are larger than 64 MiB",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_workbook_that_can_not_be_read_is_one_sentence_soon(tmp_path: Path, name: str) -> None:
    make, said = HOSTILE[name]
    path = tmp_path / "x.xlsx"
    make(path)
    began = time.process_time()
    with pytest.raises(UnreadableFileError) as caught:
        read(path, profile())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.process_time() - began < 5


def test_no_more_is_unpacked_than_any_export_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "x.xlsx", *range(5_000))
    assert len(balance(path)[0]) == 5_000
    monkeypatch.setattr(workbook, "_MOST_UNPACKED", 100_000)
    with pytest.raises(
        UnreadableFileError, match="it unpacks to 0 MiB; 0 MiB, and 200 times its size, are the most"
    ):
        read(path, profile())


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("0.30000000000000004", "0.3"),
        ("28956708.969999980", "28956708.97"),
        ("1.2E+06", "1200000"),
        ("-0", "0"),
    ],
)
def test_digits_beyond_the_fifteenth_are_no_number(tmp_path: Path, value: str, amount: str) -> None:
    cells = f'<row r="2"><c r="A2" t="str"><v>1</v></c><c r="B2"><v>{value}</v></c></row>'
    with_sheet(tmp_path / "x.xlsx", rows(cells))
    assert balance(tmp_path / "x.xlsx") == ([amount], "")


def test_a_workbook_and_a_text_are_told_apart_whatever_they_are_called(tmp_path: Path) -> None:
    path = book(tmp_path / "books.csv", 5)
    assert balance(path) == (["5"], "")
    with pytest.raises(UnreadableFileError, match=r"it is a workbook \(XLSX\), and p reads CSV"):
        read(path, profile(", format: csv"))
    (tmp_path / "books.xlsx").write_text("Account,Balance\n1,5\n")
    with pytest.raises(UnreadableFileError, match=r"it is not a workbook \(XLSX\), which p reads"):
        read(tmp_path / "books.xlsx", profile(", format: xlsx"))


def test_ten_thousand_rows_are_each_what_openpyxl_reads(tmp_path: Path) -> None:
    """Another maker's reader, and another maker's writer."""
    cells = [n * 1.37 - 5_000 for n in range(10_000)]
    path = book(tmp_path / "x.xlsx", *(round(cell, 2) for cell in cells))
    sheet = openpyxl.load_workbook(path, read_only=True).active
    assert sheet is not None
    theirs = [Decimal(repr(row[1])) for row in sheet.iter_rows(min_row=2, values_only=True)]
    found: Read = read(path, profile())
    assert [row.amount for row in found.rows] == theirs


def dated(path: Path, account: object, on: object, date_form: str = "") -> Read:
    """One row with this account and date, read where the date's form is as the profile says for texts."""
    sheet = (made := openpyxl.Workbook()).active
    assert sheet is not None
    for row in (["Account", "Balance", "On"], [account, 5, on]):
        sheet.append(row)
    made.save(path)
    form = f", format: '{date_form}'" if date_form else ""
    one = f"account: {{column: Account}}, balance: {{column: Balance}}, entity: E, currency: EUR, date: {{column: On{form}}}"
    return read(path, profiles(f"p: {{{one}}}")["p"])


@pytest.mark.parametrize("form", ["", "%d.%m.%Y", "%Y-%d-%m", "%m/%d/%Y"])
def test_a_date_in_a_cell_is_that_date_whatever_form_texts_have(tmp_path: Path, form: str) -> None:
    found = dated(tmp_path / "x.xlsx", "1", date(2026, 4, 3), form)
    assert (found.problems, [row.key[3] for row in found.rows]) == ("", ["2026-04-03"])


def test_an_account_that_a_spreadsheet_changed_is_refused(tmp_path: Path) -> None:
    found = dated(tmp_path / "x.xlsx", date(2026, 1, 10), date(2026, 4, 3))
    assert (
        "Account is '2026-01-10': a spreadsheet turned it into a date: format the cell as text"
        in found.problems
    )
    for number in (1234567890123456, 12345678901234567890):
        found = dated(tmp_path / "x.xlsx", number, date(2026, 4, 3))
        assert "a spreadsheet keeps 15 digits of a number: format the cell as text" in found.problems
    found = dated(tmp_path / "x.xlsx", 123456789012345, date(2026, 4, 3))
    assert [row.key[1] for row in found.rows] == ["123456789012345"]


def test_a_day_that_is_shown_as_a_number_says_so(tmp_path: Path) -> None:
    found = dated(tmp_path / "x.xlsx", "1", 46203, "%d.%m.%Y")
    said = "On is '46203': it is a number: format the column as a date, or write a date in the form %d.%m.%Y"
    assert said in found.problems
