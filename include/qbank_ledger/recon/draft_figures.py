"""What the figures of a file say of its columns, whatever these are called: numbers, signs, sums."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from qbank_ledger.files.records import Record
from qbank_ledger.files.workbook import Number
from qbank_ledger.recon.cells import EXACT, trimmed
from qbank_ledger.recon.draft_file import Seen
from qbank_ledger.recon.draft_marks import marks_of
from qbank_ledger.recon.draft_skips import is_total
from qbank_ledger.recon.marks import Marks
from qbank_ledger.recon.profile import ASKS

_FIRST = 1_000  # cells of a column
_ZERO = Decimal(0)
_NOISE = Decimal("0.001")  # of a workbook's numbers


def has_numbers(file: Seen, place: int) -> bool:
    """Whether most of what stands below is numbers, or marks of zero, if anything: of its first rows."""
    cells = _cells(file, place)[:_FIRST]
    seen = marks_of(cell for cell in cells if not isinstance(cell, Number))
    return len(seen.others) * 2 <= len(cells)


def is_negative(file: Seen, place: int) -> bool:
    """Whether most of a column is below zero."""
    figures = [row[place] for _, row in _figures(file, [place]) if row[place]]
    return sum(figure < 0 for figure in figures) * 2 > len(figures)


def line_of_both(file: Seen, debit: int, credit_: int, account: int) -> int | None:
    """The line of the first account with a debit and a credit, of which a balance has one."""
    for record, row in _figures(file, [debit, credit_]):
        name = trimmed(record.cells[account]) if account < len(record.cells) else ""
        if name and not is_total(name) and row[debit] and row[credit_]:
            return record.line
    return None


def adds_up(file: Seen, says: Mapping[str, int], place: int) -> bool:
    """Whether a column is in each row what these come to, with the opening or without; an empty one is."""
    off = {"all": _ZERO, "posted": _ZERO}  # the most by which a row differs
    rows = 0
    for _, row in _figures(file, [*says.values(), place]):
        rows += 1
        sums = dict.fromkeys(off, EXACT.minus(row[place]))
        for key, column in says.items():
            amount = EXACT.minus(row[column]) if key.endswith("credit") else row[column]
            for which in ("all",) if key.startswith("opening") else ("all", "posted"):
                sums[which] = EXACT.add(sums[which], amount)
        off = {which: max(off[which], abs(sums[which])) for which in off}
    return not _cells(file, place) or (rows > 0 and min(off.values()) < _NOISE)


def _cells(file: Seen, place: int) -> list[str]:
    cells = [record.cells[place] for record in file.below if place < len(record.cells)]
    return [cell for cell in cells if trimmed(cell)]


def _figures(file: Seen, places: list[int]) -> Iterator[tuple[Record, dict[int, Decimal]]]:
    """The rows that have numbers or nothing in these columns, with them, by the marks that they have."""
    rows = [
        (record, [record.cells[place] if place < len(record.cells) else "" for place in places])
        for record in file.below
    ]
    seen = marks_of(cell for _, cells in rows for cell in cells if not isinstance(cell, Number))
    marks = Marks(
        decimal="." if seen.decimal == ASKS else seen.decimal,
        grouping=tuple(seen.grouping),
        negative=tuple(seen.negative),
        symbols=tuple(seen.symbols),
        zero=(*seen.zero, ""),
        exponent=True,
    )
    for record, cells in rows:
        read = [Decimal(cell) if isinstance(cell, Number) else marks.read(cell) for cell in cells]
        figures = {place: figure for place, figure in zip(places, read, strict=True) if figure is not None}
        if len(figures) == len(places) and any(map(trimmed, cells)):
            yield record, figures
