"""Tables as CSV, as spreadsheets and programs write them: records of cells, each with the line it begins on.

Knows nothing of what a column means.
"""

import csv
import re
from collections.abc import Iterator
from itertools import chain

from qbank_ledger.files.problems import Problems
from qbank_ledger.files.text_file import TextFile, UnreadableFileError

SEPARATOR = re.compile(r'"?sep=(.)"?[,;\t]*', re.IGNORECASE)
_QUOTED = re.compile('"[^"]*"')
_LONGEST_RECORD = 100  # lines: an open quote takes in all that follows


def read_table(file: TextFile, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """The header, then each record, as wide as the header, with the line on which it begins.

    Cells are separated by commas or semicolons, as a first line ``sep=;`` says or the header shows. Columns
    without a name at the header's end are left out, and so are records of empty cells. What no record can be
    made of goes to ``problems``; an empty file has no header. Raises UnreadableFileError and
    TooManyProblemsError.
    """
    records = _records(Lines(file.lines()), problems)
    width = None
    for line, cells in records:
        if width is None:
            while not cells[-1].strip(" "):
                cells.pop()
            width = len(cells)
        if len(cells) < width or not _is_empty(cells[width:]):
            problems.add(line, f"it has {len(cells)} fields, the header {width}")
        else:
            yield line, cells[:width]


def _records(lines: "Lines", problems: Problems) -> Iterator[tuple[int, list[str]]]:
    first = lines.next_filled()
    if told := SEPARATOR.fullmatch(first):
        first = lines.next_filled()
    delimiter = told[1] if told else _delimiter(first)
    if delimiter not in ",;":
        raise UnreadableFileError(f"it says that {delimiter!r} separates its cells: save it with , or ;")
    reader = csv.reader(chain([first + "\n"], lines), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(lines.began, f"{error}: look at the quotes")
        else:
            if not _is_empty(cells):
                yield lines.began, cells
        lines.began = lines.taken + 1


class Lines(Iterator[str]):
    """The lines of a file, counted as csv takes them; ``began`` is the first of the record at hand."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken = 0
        self.began = 1

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += 1
        if self.taken - self.began >= _LONGEST_RECORD:
            raise UnreadableFileError(
                f"line {self.began} opens a quote that is not closed within {_LONGEST_RECORD} lines"
            )
        return line + "\n"

    def next_filled(self) -> str:
        """The next line that is not empty, without its end; empty at the end of the file."""
        for line in self._lines:
            self.taken += 1
            self.began = self.taken
            if line.strip(" ,;"):
                return line
        return ""


def _is_empty(cells: list[str]) -> bool:
    return not "".join(cells).strip(" ")


def _delimiter(header: str) -> str:
    """Comma or semicolon, whichever there are more of outside quotes."""
    bare = _QUOTED.sub("", header)
    return ";" if bare.count(";") > bare.count(",") else ","
