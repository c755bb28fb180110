"""Which rows are no account: totals and, of a list between bars, rules and headings of pages.

A pattern takes no row of the file that has an account's number.
"""

import json
import re
from collections.abc import Iterator

from qbank_ledger.files.cell import shown
from qbank_ledger.files.records import BAR, Record
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.draft_file import Seen, column_name

_TOTAL = re.compile(
    r"^\W*(grand total|sub-?totals?|totals?|(?:zwischen|gesamt)?summe|gesamt|totaal|totale|totaux|suma|somme)"
    r"\b",
    re.IGNORECASE,
)


def is_total(cell: str) -> bool:
    """Whether it begins as the row of a total does."""
    return bool(_TOTAL.search(cell))


def skips_of(file: Seen, account: int) -> Iterator[str]:
    """The lines of the key ``skip``; none where nothing is to be skipped."""
    found: dict[str, str] = {}  # each with why
    if file.header.text.startswith(BAR):
        matches = json.dumps(r"^\s*([^|\s]|\|[\s|+-]*$|\|\s*\*)")
        found[f"matches: {matches}"] = "rules, page headings, subtotals marked *"
    accounts = [record for record in file.below if _has_number(record, account)]
    for record in file.below:
        if _has_number(record, account):
            continue
        cells = list(map(trimmed, record.cells[: account + 2]))
        place = next((place for place, cell in enumerate(cells) if is_total(cell)), None)
        if place is not None:
            says = _skip(file, accounts, record, place, account)
            found.setdefault(says, f"line {record.line} says {shown(record.text)}")
    if found:
        yield "    skip:"
        yield from (f"      - {{{says}}}  # {why}" for says, why in found.items())


def _cell(record: Record, place: int) -> str:
    return trimmed(record.cells[place]) if place < len(record.cells) else ""


def _has_number(record: Record, account: int) -> bool:
    cell = _cell(record, account)
    return any(map(str.isdigit, cell)) and not is_total(cell)


def _skip(file: Seen, accounts: list[Record], record: Record, place: int, account: int) -> str:
    """What takes this row, and its like, and no account."""

    def says(column: int, pattern: str) -> str:
        matches = json.dumps(pattern, ensure_ascii=False)
        return f"column: {column_name(file.header, column)}, matches: {matches}"

    found = _TOTAL.search(trimmed(record.cells[place]))
    word = re.escape(found[1] if found else "")
    named = [_cell(other, place) for other in accounts]
    for pattern in (rf"^\W*{word}\b", rf"^\W*{word}\W*$"):
        if not any(re.search(pattern, name) for name in named):
            return says(place, pattern)
    return says(account, f"^{re.escape(_cell(record, account))}$")
