"""What the pack's tables are made of, whatever shows them: columns, cells, amounts that stay exact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, Inexact
from functools import reduce
from typing import Any

from qbank_ledger.money import plain

# Adds exactly or raises: PostgreSQL's numerics are longer than Python's default of 28 digits.
_EXACT = Context(prec=1000, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Amount:
    """Money as the ledger has it, and how many decimals its currency has at least."""

    value: Decimal
    minor_units: int

    @property
    def decimals(self) -> int:
        """Decimals to show: the currency's, and more where the value has more."""
        fraction = f"{self.value:f}".partition(".")[2].rstrip("0")
        return max(self.minor_units, len(fraction))

    @property
    def digits(self) -> int:
        """Digits from the first that is not 0 on, without zeros at the end of the decimals."""
        whole, _, fraction = f"{self.value:f}".partition(".")
        return len((whole + fraction.rstrip("0")).lstrip("-0"))

    def plain(self) -> str:
        """Every digit, with a point and a leading minus."""
        return plain(self.value, self.minor_units)

    def grouped(self) -> str:
        """The same with commas between thousands."""
        whole, point, decimals = self.plain().partition(".")
        return f"{'-' if whole.startswith('-') else ''}{abs(int(whole)):,}{point}{decimals}"


Cell = str | int | date | datetime | Amount | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head, the field of the statement that fills it, its width in characters."""

    title: str
    field: str
    width: int = 12


@dataclass(frozen=True, slots=True)
class Table:
    """A short table of its own: title, heads, rows, and what has to be said of it."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


def cells(columns: Iterable[Column], row: Any) -> list[Cell]:
    """A row of a statement as cells; an amount has the minor units that the row names."""
    return [_cell(getattr(row, column.field), row) for column in columns]


def _cell(value: Any, row: Any) -> Cell:
    return Amount(value, row.minor_units) if isinstance(value, Decimal) else value


def plus(one: Decimal, other: Decimal) -> Decimal:
    """The exact sum of two."""
    return _EXACT.add(one, other)


def total(values: Iterable[Decimal | None]) -> Decimal:
    """The exact sum of what is there."""
    return reduce(plus, (value for value in values if value is not None), Decimal(0))
