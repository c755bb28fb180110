"""The columns of the ERP's files, closing balances and outstanding items, and the rows of the latter.

Rows of balances are read by a profile (reading.py). What the columns mean stands in the comments on
``recon.gl_balance`` and ``recon.item``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.table_file import read_table
from qbank_ledger.files.text_file import TextFile
from qbank_ledger.money import MINOR_UNITS, is_amount, too_many_decimals

Kind = Literal["gl", "items"]
COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "gl": ("entity", "gl_account", "currency", "as_of_date", "balance"),
    "items": (
        "entity", "gl_account", "currency", "item_date", "cleared_date", "side", "kind", "amount",
        "reference",
    ),
}  # fmt: skip
# The columns that say which row it is.
KEYS: Mapping[Kind, tuple[str, ...]] = {
    "gl": ("entity", "gl_account", "currency", "as_of_date"),
    "items": ("entity", "gl_account", "currency", "item_date", "side", "kind", "reference"),
}
_MOST_ROWS = 500_000
_MAY_BE_EMPTY = frozenset({"cleared_date", "reference"})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item that its columns can take: the line on which it begins, and its cells; None: not cleared."""

    line: int
    cells: list[str | None]


def read_items(file: TextFile, problems: Problems) -> Iterator[ItemRow]:
    """The outstanding items that are right; what is wrong goes to ``problems``.

    Raises UnreadableFileError and TooManyProblemsError.
    """
    columns = COLUMNS["items"]
    table = read_table(file, problems)
    line, header = next(table, (1, []))
    if tuple(name.strip(" ") for name in header) != columns:
        problems.add(line, f"the header must be {','.join(columns)}")
        return
    for number, (line, cells) in enumerate(table, start=1):
        if number > _MOST_ROWS:
            problems.add(line, f"a file holds at most {_MOST_ROWS:,} rows: split it")
            return
        wrong = list(_wrong(dict(zip(columns, cells, strict=True))))
        for what in wrong:
            problems.add(line, what)
        if not wrong:
            yield ItemRow(
                line,
                [
                    cell or None if column == "cleared_date" else cell
                    for column, cell in zip(columns, cells, strict=True)
                ],
            )


def _wrong(row: Mapping[str, str]) -> Iterator[str]:
    """What a row has that its columns can't take."""
    for column, cell in row.items():
        if not cell:
            if column not in _MAY_BE_EMPTY:
                yield f"{column} is missing"
        elif why := unfit(cell):
            yield f"{column} is {shown(cell)}: {why}"
        elif cell != cell.strip(" "):
            yield f"{column} is {shown(cell)}: it holds a space around it"
        elif column in _CHECKS and not _CHECKS[column][0](cell):
            yield f"{column} is {shown(cell)}: write {_CHECKS[column][1]}"
    currency, amount = row["currency"], row["amount"]
    if currency in MINOR_UNITS and is_amount(amount) and (why := too_many_decimals(amount, currency)):
        yield f"amount is {shown(amount)}: {why}"
    item_date, cleared = row["item_date"], row["cleared_date"]
    if cleared and _is_date(item_date) and _is_date(cleared) and cleared < item_date:
        yield f"cleared_date {cleared} is before item_date {item_date}"


def _is_date(cell: str) -> bool:
    try:
        return bool(_DATE.fullmatch(cell)) and bool(date.fromisoformat(cell))
    except ValueError:
        return False


_A_DATE = (_is_date, "a date such as 2026-10-31")
_AN_AMOUNT = (is_amount, "a plain decimal such as -1234.50: digits, a point, a leading minus")
_CHECKS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "currency": (MINOR_UNITS.__contains__, "the ISO 4217 code of a currency with minor units, such as EUR"),
    "item_date": _A_DATE,
    "cleared_date": _A_DATE,
    "amount": _AN_AMOUNT,
    "side": (("bank", "book").__contains__, "bank or book"),
}
