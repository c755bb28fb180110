"""Records of a file that somebody exported: rows of cells, each with the line on which it begins.

Unlike a table of ours (table_file.py) it may hold anything above, below and between its rows. Knows nothing
of what a column means.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from qbank_ledger.files.problems import Problems
from qbank_ledger.files.table_file import SEPARATOR, Lines
from qbank_ledger.files.text_file import TextFile, UnreadableFileError

MOST_ABOVE = 300  # lines: the header is looked for in these
BAR = "|"
_BLANK = " \u00a0\u202f\t\f"


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it is written: its line in the file (row in a sheet), its cells, and its whole text.

    ``delimiter``: what separates its cells in a text; None in a sheet.
    """

    line: int
    cells: list[str]
    text: str
    delimiter: str | None = None


def csv_records(
    file: TextFile, delimiter: str | None, has_header: Callable[[list[str]], bool], problems: Problems
) -> Iterator[Record]:
    """The records of separated text but for blank ones; without a ``delimiter`` by , or ;, as its header is.

    A list whose rows stand between bars has no quotes, and its rows no cells outside the bars. What no record
    can be made of goes to ``problems``. Raises UnreadableFileError and TooManyProblemsError.
    """
    lines = file.lines()
    above = list(islice(lines, MOST_ABOVE))
    told = SEPARATOR.fullmatch(above[0]) if above else None
    if told and not delimiter and told[1] not in ",;":
        raise UnreadableFileError(f"it says that {told[1]!r} separates its cells: save it with , or ;")
    delimiter = delimiter or (told[1] if told else _delimiter(above, has_header))
    if delimiter == BAR and any(line.lstrip(_BLANK).startswith(BAR) for line in above):
        for number, line in enumerate(chain(above, lines), start=1):
            if text := line.strip(_BLANK):
                yield Record(number, _between_bars(text), text, BAR)
        return
    taken = Lines(chain(above, lines))
    if told:
        next(taken)
        taken.began = 2
    reader = csv.reader(taken, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(taken.began, f"{error}: look at the quotes")
        else:
            if text := whole_text(cells, delimiter):
                yield Record(taken.began, cells, text, delimiter)
        taken.began = taken.taken + 1


def whole_text(cells: list[str], delimiter: str = ",") -> str:
    """What a row says, its cells put together; one that begins with a space goes on from the one before."""
    text = ""
    for cell in cells:
        if kept := cell.strip(_BLANK):
            went_on = delimiter if cell[0] in _BLANK else ""
            text += f"{went_on} {kept}" if text else kept
    return text


def _between_bars(line: str) -> list[str]:
    return line.removeprefix(BAR).removesuffix(BAR).split(BAR) if line.startswith(BAR) else [line]


def _delimiter(lines: list[str], has_header: Callable[[list[str]], bool]) -> str:
    """The one of comma and semicolon at which a line falls into the header; comma where none does."""
    for delimiter in ",;":
        try:
            if any(has_header(cells) for cells in csv.reader(lines, delimiter=delimiter)):
                return delimiter
        except csv.Error:
            continue
    commas, semicolons = (sum(line.count(mark) for line in lines) for mark in ",;")
    return ";" if semicolons > commas else ","
