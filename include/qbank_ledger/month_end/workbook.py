"""The workbook: XlsxWriter in constant memory, a row at a time.

A number cell is a double in every program that reads it, exact to 15 digits: what has more is text.
No cell is ever a formula, whatever a name or a comment begins with.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.utility import xl_range

from qbank_ledger.errors import CloseError
from qbank_ledger.month_end.sheets import Sheet
from qbank_ledger.month_end.table import Amount, Cell, Column, Table

# Excel's own limits: rows of a sheet, UTF-16 units of a cell's text, digits of a number.
SHEET_ROWS = 1_048_576
_CELL_UNITS = 32_767
_NUMBER_DIGITS = 15

_INK, _PAPER, _RED = "#1F3A5F", "#E8EEF5", "#B00020"


class Workbook:
    """An open workbook whose first sheet is the summary; the sheets after it come as they are added."""

    def __init__(self, book: Any, title: str, warning: str) -> None:
        self._book = book
        self._header = f"&L{title}&C&B{warning}&R&A"
        self._warning = warning
        self._formats: dict[str, Any] = {}
        self._count = self._format("count", num_format="#,##0")
        self._at = self._format("at", num_format="yyyy-mm-dd hh:mm:ss", align="left")
        self._on = self._format("on", num_format="yyyy-mm-dd", align="left")
        self._digits = self._format("digits", align="right")
        self._summary = self._new("Summary")

    def add(self, sheet: Sheet, rows: Iterable[Sequence[Cell]], most_rows: int = SHEET_ROWS) -> None:
        """A sheet with a head and these rows; what Excel has no room for goes on in another sheet."""
        number, row, page = 1, 1, self._page(sheet.title, sheet.columns)
        for cells in rows:
            if row == most_rows:
                self._end(page, sheet, row)
                number, row = number + 1, 1
                page = self._page(f"{sheet.title} {number}", sheet.columns)
            self._write_row(page, row, cells)
            row += 1
        self._end(page, sheet, row)

    def summarize(self, title: str, lines: Iterable[tuple[str, str]], tables: Iterable[Table]) -> None:
        """The first sheet: title, what to know first, short tables below each other."""
        page, row = self._summary, 3
        page.set_column(0, 0, 22)
        page.set_column(1, 12, 18)
        page.write_string(0, 0, title, self._format("title", bold=True, font_size=18, font_color=_INK))
        page.write_string(1, 0, self._warning, self._format("warning", bold=True, font_color=_RED))
        for head, line in lines:
            page.write_string(row, 0, head, self._format("label", bold=True))
            self._write(page, row, 1, line)
            row += 1
        for table in tables:
            row += 1
            page.write_string(
                row, 0, table.title, self._format("h2", bold=True, font_size=13, font_color=_INK)
            )
            if table.note:
                row += 1
                page.write_string(row, 0, table.note, self._format("note", italic=True, font_color="#555555"))
            row += 1
            for column, head in enumerate(table.heads):
                page.write_string(row, column, head, self._head())
            for cells in table.rows:
                row += 1
                self._write_row(page, row, cells)
            row += 1
        self._digits_may_be_text(page, row + 1, 12)

    def _new(self, title: str) -> Any:
        page = self._book.add_worksheet(title)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_header(self._header)
        page.set_footer("&C&P / &N")
        page.hide_gridlines(2)
        if self._warning:
            page.set_tab_color(_RED)
        return page

    def _page(self, title: str, columns: Sequence[Column]) -> Any:
        page = self._new(title)
        page.freeze_panes(1, 0)
        page.repeat_rows(0)
        for number, column in enumerate(columns):
            page.set_column(number, number, column.width)
            page.write_string(0, number, column.title, self._head())
        return page

    def _end(self, page: Any, sheet: Sheet, rows: int) -> None:
        page.autofilter(0, 0, rows - 1, len(sheet.columns) - 1)
        self._digits_may_be_text(page, rows, len(sheet.columns))

    def _digits_may_be_text(self, page: Any, rows: int, columns: int) -> None:
        """Excel marks each number that is text, as if it were a mistake."""
        page.ignore_errors({"number_stored_as_text": xl_range(0, 0, rows - 1, columns - 1)})

    def _write_row(self, page: Any, row: int, cells: Sequence[Cell]) -> None:
        for column, cell in enumerate(cells):
            self._write(page, row, column, cell)

    def _write(self, page: Any, row: int, column: int, cell: Cell) -> None:
        match cell:
            case None:
                return
            case str():
                page.write_string(row, column, _fitting(cell))
            case Amount() if cell.digits <= _NUMBER_DIGITS and cell.decimals <= _NUMBER_DIGITS:
                page.write_number(row, column, cell.value, self._amount(cell.decimals))
            case Amount():
                page.write_string(row, column, cell.plain(), self._digits)
            case int():
                page.write_number(row, column, cell, self._count)
            case datetime():
                # Whole seconds: rounded up, the last of a month would be in the next.
                at = cell.astimezone(UTC).replace(tzinfo=None, microsecond=0)
                page.write_datetime(row, column, at, self._at)
            case date():
                page.write_datetime(row, column, cell, self._on)

    def _head(self) -> Any:
        return self._format("head", bold=True, font_color=_INK, bg_color=_PAPER, bottom=1, text_wrap=True)

    def _amount(self, decimals: int) -> Any:
        digits = "#,##0" + (f".{'0' * decimals}" if decimals else "")
        return self._format(digits, num_format=f"{digits};[Red]-{digits}")

    def _format(self, name: str, **properties: Any) -> Any:
        if name not in self._formats:
            self._formats[name] = self._book.add_format({"valign": "top", **properties})
        return self._formats[name]


def _fitting(text: str) -> str:
    """The text as a cell can hold it; what it has no room for is said to be cut."""
    if len(text) > _CELL_UNITS // 2 and len(text.encode("utf-16-le")) // 2 > _CELL_UNITS:
        text = f"{text[: _CELL_UNITS // 2 - 100]} … (cut: a cell has no room for {len(text):,} characters)"
    # In constant memory XlsxWriter takes a text between <r> and </r> for markup of its own.
    return f" {text}" if text.startswith("<r>") else text


@contextmanager
def workbook(path: Path, title: str, warning: str, made_at: datetime) -> Iterator[Workbook]:
    """A new workbook at ``path``, whole when the block ends; its scratch files lie beside it."""
    book = xlsxwriter.Workbook(
        path, {"constant_memory": True, "tmpdir": str(path.parent), "in_memory": False}
    )
    book.use_zip64()
    book.set_properties(
        {"title": title, "comments": warning, "created": made_at.astimezone(UTC).replace(tzinfo=None)}
    )
    try:
        yield Workbook(book, title, warning)
        book.close()
    except XlsxWriterException as error:
        raise CloseError(f"The workbook can't be written: {error}.") from None
