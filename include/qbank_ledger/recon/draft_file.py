"""What a file that nobody has seen yet is: how it is packed, which row is its header, what a column is."""

import csv
import json
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.records import BAR, MOST_ABOVE, Record, csv_records
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import TextFile
from qbank_ledger.files.workbook import Number, is_workbook, workbook_records
from qbank_ledger.recon.books_file import LIMITS, require_no_journal
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.draft_marks import marks_of
from qbank_ledger.recon.draft_names import account_rank, folded, is_currency, is_name, is_sort, money

_LOOKED_AT = 5_000  # rows
_DELIMITERS = ",;\t|"
# In the order in which they are tried; what a name says in the languages of those who export.
_ROLES = {
    role: tuple(words.split(", "))
    for role, words in {
        "side": "s/h, d/c, dr/cr, debit/credit, soll/haben, shkzg, soll/haben-kennzeichen",
        "entity": "company code, companycode, company, entity, bukrs, legal entity, ledger name, mandant",
        "currency": "currency, currency code, company code currency, companycodecurrency, crcy, curr, "
        "währung, devise",
        "date": "as of, as of date, date, balance date, date filter, datefilter, posting date, datum, "
        "period name",
    }.items()
}


@dataclass(frozen=True)
class Seen:
    """What was seen of a file: how it is packed, with why; what stands above the header, it, and below it."""

    packed: list[tuple[str, str, str]]  # key, value in YAML, why
    above: list[Record]
    header: Record
    below: list[Record]


def seen(path: AnySource, sheet: str | None) -> Seen | None:
    """The file, of a workbook this sheet; None where no row is like a header. Raises UnreadableFileError."""
    with TextFile(path, LIMITS) as file:
        require_no_journal(file, "gl")
        if is_workbook(file):
            records = list(islice(workbook_records(file, sheet), _LOOKED_AT))
            packed = [("format", "xlsx", "it is a workbook")]
            if sheet is not None:
                packed.append(("sheet", json.dumps(sheet, ensure_ascii=False), "as it was asked for"))
            return _split(packed, records)
        encoding, why = _encoding(file)
    packed = [("format", "csv", "it is text"), ("encoding", encoding, why)]
    with TextFile(path, LIMITS, encoding) as file:
        lines = list(islice(file.lines(), _LOOKED_AT))
    delimiter, why = _delimiter(lines)
    packed.append(("delimiter", json.dumps(delimiter), why))
    with TextFile(path, LIMITS, encoding) as file:
        records = list(islice(csv_records(file, delimiter, lambda _: False, Problems()), _LOOKED_AT))
    return _split(packed, records)


def _encoding(file: TextFile) -> tuple[str, str]:
    """The encoding that all of the file fits, and why."""
    if file.begins_with(2) in (BOM_UTF16_LE, BOM_UTF16_BE):
        return "utf-16", "it begins with UTF-16's mark"
    decoder = getincrementaldecoder("utf-8")()
    is_ascii = True
    while block := file.read():
        is_ascii = is_ascii and block.isascii()
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            around = error.object[max(0, error.start - 12) : error.start + 12].decode("cp1252", "replace")
            return "windows-1252", f"it is no UTF-8: does {shown(around)} look right? Else name another"
    return "utf-8", "it has plain letters alone" if is_ascii else "all of it is UTF-8"


def _delimiter(lines: Sequence[str]) -> tuple[str, str]:
    """The one that cuts most lines into as many cells as most others."""
    if sum(line.lstrip().startswith(BAR) for line in lines) > 1:
        return BAR, "its rows stand between bars"
    best = (0, 0, ",")
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if len(cells) > 1)
        except csv.Error:
            continue
        if widths:
            width, times = widths.most_common(1)[0]
            best = max(best, (times, width, delimiter))
    return best[2], f"{best[0]} of {len(lines)} lines have {best[1]} cells by it"


def _split(packed: list[tuple[str, str, str]], records: list[Record]) -> Seen | None:
    """At the header: the row with most of the names that are known and numbers below it."""
    best: tuple[int, int, int] | None = None
    for place, record in enumerate(records[:MOST_ABOVE]):
        names = [cell for cell in record.cells if trimmed(cell)]
        if len(names) < 2 or any(_is_number(cell) for cell in record.cells):
            continue
        if not any(_is_number(cell) for later in records[place + 1 : place + 30] for cell in later.cells):
            continue
        known = len(set(roles_of(record)) | {said.holds for said in map(money, record.cells) if said})
        if best is None or (known, len(names)) > best[:2]:
            best = (known, len(names), -place)
    if best is None:
        return None
    place = -best[2]
    return Seen(packed, records[:place], records[place], records[place + 1 :])


def _is_number(cell: str) -> bool:
    return isinstance(cell, Number) or marks_of([cell]).is_number == 1


def _says(name: str, words: tuple[str, ...]) -> bool:
    return any(name == word or (len(word) > 4 and name.startswith(word)) for word in words)


def roles_of(header: Record) -> dict[str, list[int]]:
    """For each role the columns whose names say it, the best first."""
    names = [folded(cell) for cell in header.cells]
    ranks = {
        place: rank for place, cell in enumerate(header.cells) if (rank := account_rank(cell)) is not None
    }
    found = {"account": sorted(ranks, key=lambda place: (ranks[place], len(names[place].split()), place))}
    for role, words in _ROLES.items():
        ranked = [place for word in words for place, name in enumerate(names) if name == word]
        others = [place for place, name in enumerate(names) if _says(name, words) and not is_sort(name)]
        others = [place for place in others if role == "currency" or not is_currency(names[place])]
        ranked += sorted(others, key=lambda place: is_name(names[place]))
        found[role] = list(dict.fromkeys(ranked))
    return {role: places for role, places in found.items() if places}


def column_name(header: Record, place: int) -> str:
    """A column as a profile names it, in YAML: by position where its name is empty or there twice."""
    names = [" ".join(cell.split()) for cell in header.cells]
    name = names[place]
    return json.dumps(name if name and names.count(name) == 1 else f"#{place + 1}", ensure_ascii=False)
