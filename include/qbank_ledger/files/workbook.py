"""Workbooks (XLSX) that people and programs hand over: the cells of one sheet, row by row, as they are shown.

Written for streaming and for what a library hides: a formula that nobody has worked out, a number's own
digits, an archive that unpacks to more than any export has. Knows nothing of what a column means.
"""

import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, InvalidOperation
from posixpath import join, normpath
from typing import IO
from xml.parsers import expat

from qbank_ledger.errors import in_one_line
from qbank_ledger.files.records import Record, whole_text
from qbank_ledger.files.text_file import SourceFile, UnreadableFileError

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BLOCK = 64 * 1024
_IN_MEMORY = 16 * 1024 * 1024
_MIB = 1024 * 1024
_MOST_UNPACKED = 512 * _MIB
_MOST_OF_A_PART = 64 * _MIB  # what is kept whole: texts, styles
_DENSEST = 200  # times: a sheet's XML packs to a tenth or less, and not to a two hundredth
_MOST_PARTS = 10_000
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576
_AFTER_DATES = 2_958_466  # 9999-12-31 and a day
_DIGITS = Context(prec=15)  # what a double holds of a decimal, and a spreadsheet shows
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_DATE_MARKS = re.compile(r"[dmy]", re.IGNORECASE)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_BUILT_IN_DATES = frozenset([*range(14, 18), 22, *range(27, 32), *range(34, 37), *range(50, 59)])
_DAMAGED = "it is a damaged workbook"


class Number(str):
    """A number as a spreadsheet shows it: the decimal of at most 15 digits that its double stands for."""

    __slots__ = ()


class Day(str):
    """A date of a spreadsheet, such as 2026-10-31."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Style:
    is_date: bool = False
    zeros: int = 0  # a form such as 00000: shown with so many digits


def is_workbook(file: SourceFile) -> bool:
    """Whether it is a workbook. Raises UnreadableFileError where it is one that nothing can be read of."""
    first = file.begins_with(len(_OLE))
    if first == _OLE:
        content = b"".join(iter(file.read, b""))
        if _ENCRYPTED in content:
            raise UnreadableFileError("it is protected by a password: save it without one")
        raise UnreadableFileError("it is an Excel file from before 2007: save it as .xlsx")
    return first.startswith(_ZIP)


def workbook_records(file: SourceFile, sheet: str | None) -> Iterator[Record]:
    """The rows of the sheet, of the only one where none is named; line is the row's number.

    A cell is a text, a Number or a Day. Raises UnreadableFileError.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy, _damage():
        for block in iter(file.read, b""):
            copy.write(block)
        with zipfile.ZipFile(copy) as archive:
            parts = _parts(archive)
            book = _Book(archive, parts)
            yield from book.rows(sheet)


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        expat.ExpatError,
        KeyError,
        ValueError,
        IndexError,
    ) as error:
        raise UnreadableFileError(f"{_DAMAGED} ({in_one_line(error)}): save it anew") from None
    except (RuntimeError, NotImplementedError) as error:  # a part with a password, a method nobody uses
        raise UnreadableFileError(f"it can't be unpacked ({in_one_line(error)}): save it anew") from None


def _parts(archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The archive's parts. No more of one is unpacked than it says, so what they say is looked at."""
    found = archive.infolist()
    unpacked, packed = sum(part.file_size for part in found), sum(part.compress_size for part in found)
    if len(found) > _MOST_PARTS:
        raise UnreadableFileError(f"it has {len(found):,} parts, as no workbook has: it is not read")
    if unpacked > _MOST_UNPACKED or (unpacked > 32 * _MIB and unpacked > _DENSEST * packed):
        raise UnreadableFileError(
            f"it unpacks to {unpacked // _MIB:,} MiB; {_MOST_UNPACKED // _MIB} MiB, and {_DENSEST} times "
            "its size, are the most that is read: export fewer rows, or CSV"
        )
    return {part.filename.lstrip("/"): part for part in found}


class _Book:
    """Where its sheets are, its texts, its styles."""

    def __init__(self, archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> None:
        self._archive, self._parts = archive, parts
        self._sheets: list[tuple[str, str, bool]] = []
        self._from_1904 = False
        self._targets: dict[str, str] = {}
        main = "xl/workbook.xml"
        if main not in parts:
            raise UnreadableFileError("it is a ZIP file but not a workbook: save it as .xlsx or CSV")
        self._read("xl/_rels/workbook.xml.rels", self._relation)
        self._read(main, self._book)

    def rows(self, sheet: str | None) -> Iterator[Record]:
        name = self._chosen(sheet)
        texts = self._texts()
        styles = self._styles()
        yield from _Sheet(texts, styles, self._from_1904).records(self._open(name))

    def _chosen(self, sheet: str | None) -> str:
        visible = [(name, path) for name, path, is_hidden in self._sheets if not is_hidden]
        if sheet is not None:
            chosen = [(name, path) for name, path, _ in self._sheets if name == sheet]
        else:
            chosen = visible
        if len(chosen) != 1:
            names = ", ".join(repr(name[:40]) for name, _ in visible[:20]) or "none"
            told = f"no sheet {sheet!r:.60}" if sheet is not None else "several sheets"
            raise UnreadableFileError(f"it has {told}: say which (sheet); there are {names}")
        return chosen[0][1]

    def _relation(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes["Target"]
            path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
            self._targets[attributes["Id"]] = path

    def _book(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "workbookPr":
            self._from_1904 = attributes.get("date1904", "0") in ("1", "true")
        if name == "sheet":
            id_ = next(value for key, value in attributes.items() if key.rpartition(":")[2] == "id")
            path = self._targets.get(id_, "")
            if "/worksheets/" in f"/{path}":
                self._sheets.append(
                    (attributes["name"], path, attributes.get("state", "visible") != "visible")
                )

    def _texts(self) -> list[str]:
        """The texts that cells share, each put together of its runs; not how it is pronounced."""
        texts: list[str] = []
        within: list[str] = []

        def start(name: str, _: Mapping[str, str]) -> None:
            within.append(name)
            if name == "si":
                texts.append("")

        def end(_: str) -> None:
            within.pop()

        def chars(text: str) -> None:
            if within[-1] == "t" and "rPh" not in within:
                texts[-1] += text

        path = next((path for path in self._targets.values() if path.endswith("sharedStrings.xml")), None)
        if path and path in self._parts:
            self._read(path, start, end, chars)
        return texts

    def _styles(self) -> list[_Style]:
        forms: dict[int, str] = {}
        styles: list[_Style] = []
        within: list[str] = []

        def start(name: str, attributes: Mapping[str, str]) -> None:
            within.append(name)
            if name == "numFmt" and "formatCode" in attributes:
                forms[int(attributes["numFmtId"])] = attributes["formatCode"]
            if name == "xf" and within[-2:-1] == ["cellXfs"]:
                number = int(attributes.get("numFmtId", "0"))
                form = _LITERAL.sub("", forms.get(number, ""))
                is_date = number in _BUILT_IN_DATES if number not in forms else bool(_DATE_MARKS.search(form))
                styles.append(_Style(is_date, len(form) if form and not form.strip("0") else 0))

        def end(_: str) -> None:
            within.pop()

        path = next((path for path in self._targets.values() if path.endswith("styles.xml")), None)
        if path and path in self._parts:
            self._read(path, start, end)
        return styles

    def _open(self, path: str) -> IO[bytes]:
        if path not in self._parts:
            raise UnreadableFileError(f"{_DAMAGED}: a part of it is missing")
        return self._archive.open(self._parts[path])

    def _read(
        self,
        path: str,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None] | None = None,
        chars: Callable[[str], None] | None = None,
    ) -> None:
        """Parse a part that is kept whole."""
        with self._open(path) as part:
            if self._parts[path].file_size > _MOST_OF_A_PART:
                raise UnreadableFileError(
                    f"its texts are larger than {_MOST_OF_A_PART // _MIB} MiB: export CSV"
                )
            parser = _parser(start, end, chars)
            for block in iter(lambda: part.read(_BLOCK), b""):
                parser.Parse(block, False)
            parser.Parse(b"", True)


def _parser(
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    chars: Callable[[str], None] | None = None,
) -> expat.XMLParserType:
    """A parser that knows elements by their local names, and takes no declarations of types and entities."""

    def refuse(*_: object) -> None:
        raise UnreadableFileError(f"{_DAMAGED}: it declares types of its own")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
    if end:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if chars:
        parser.CharacterDataHandler = chars
    return parser


class _Sheet:
    """The rows of a sheet, as its parser meets them."""

    def __init__(self, texts: list[str], styles: list[_Style], from_1904: bool) -> None:
        self._texts, self._styles = texts, styles
        self._epoch = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
        self._rows: list[Record] = []
        self._row, self._column = 0, 0
        self._cells: list[str] = []
        self._type, self._style = "n", _Style()
        self._value: list[str] = []
        self._takes = self._has_formula = False

    def records(self, part: IO[bytes]) -> Iterator[Record]:
        parser = _parser(self._start, self._end, self._chars)
        with part:
            while block := part.read(_BLOCK):
                parser.Parse(block, False)
                yield from self._rows
                self._rows.clear()
            parser.Parse(b"", True)
            yield from self._rows

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._column = self._column_of(attributes.get("r"))
            self._type = attributes.get("t", "n")
            style = int(attributes.get("s", "0"))
            self._style = self._styles[style] if style < len(self._styles) else _Style()
            self._value.clear()
            self._has_formula = False
        elif name in ("v", "t"):
            self._takes = True
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            row = int(attributes.get("r", self._row + 1))
            if not self._row < row <= _LAST_ROW:
                raise ValueError(f"row {row}")
            self._row, self._column, self._cells = row, 0, []
        elif name == "rPh":
            self._type = "ignored"

    def _column_of(self, reference: str | None) -> int:
        column = self._column + 1
        if reference is not None:
            found = _CELL.fullmatch(reference)
            if not found:
                raise ValueError(f"cell {reference:.20}")
            column = 0
            for letter in found[1]:
                column = column * 26 + ord(letter) - 64
        if not self._column < column <= _LAST_COLUMN:
            raise ValueError(f"column {column}")
        return column

    def _chars(self, text: str) -> None:
        if self._takes:
            self._value.append(text)

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._takes = False
        elif name == "c" and (cell := self._cell("".join(self._value))):
            self._cells.extend([""] * (self._column - 1 - len(self._cells)))
            self._cells.append(cell)
        elif name == "row" and (text := whole_text(self._cells)):
            self._rows.append(Record(self._row, self._cells, text))

    def _cell(self, value: str) -> str:
        """What a cell shows, by its type."""
        if not value:
            return "=" if self._has_formula and self._type != "str" else ""
        if self._type == "n":
            return self._number(value)
        read: Mapping[str, Callable[[], str]] = {
            "s": lambda: self._texts[int(value)],
            "b": lambda: "TRUE" if value == "1" else "FALSE",
            "d": lambda: Day(value[:10]),
        }
        return read.get(self._type, lambda: value)()

    def _number(self, value: str) -> str:
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"the number {value:.20}") from None
        if not number.is_finite() or not -400 < number.adjusted() < 309:
            raise ValueError(f"the number {value:.20}")
        if self._style.is_date and 0 < number < _AFTER_DATES:
            return Day((self._epoch + timedelta(days=int(number))).isoformat())
        return Number(f"{number.normalize(_DIGITS):f}".zfill(self._style.zeros))
