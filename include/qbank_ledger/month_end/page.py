"""The page: one HTML file that needs nothing else, to be read on a screen and on paper.

It shows what a person reads through: the summary, the dates, the open items and the sign-offs, of long
tables the beginning, and says so. Everything is in the workbook.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from qbank_ledger.month_end.sheets import Sheet
from qbank_ledger.month_end.table import Amount, Cell, Table

_MOST_ROWS = 1000


@dataclass(slots=True)
class Excerpt:
    """The beginning of a sheet, taken as its rows go by."""

    sheet: Sheet
    rows: list[Sequence[Cell]] = field(default_factory=list)
    count: int = 0

    def of(self, rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
        """The rows as they are."""
        for row in rows:
            self.count += 1
            if self.count <= _MOST_ROWS:
                self.rows.append(row)
            yield row

    def table(self) -> Table:
        """The beginning as a table that says how much it lacks."""
        left = self.count - len(self.rows)
        note = f"The first {len(self.rows):,} of {self.count:,}; all are in the workbook." if left else ""
        return Table(self.sheet.title, [column.title for column in self.sheet.columns], self.rows, note)


def write_page(
    path: Path,
    *,
    title: str,
    warning: str,
    lines: Sequence[tuple[str, str]],
    gaps: Sequence[str],
    tables: Sequence[Table],
) -> None:
    """The page at ``path``, piece by piece."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            _template().generate(title=title, warning=warning, lines=lines, gaps=gaps, tables=tables)
        )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("qbank_ledger", "month_end"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": _shown, "kind": _kind, "counts": _counts}
    return environment.get_template("page.html.j2")


def _shown(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Amount():
            return cell.grouped()
        case int():
            return f"{cell:,}"
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{cell}"
    return cell


def _kind(cell: Cell) -> str:
    """The class of a cell: numbers stand right, negative ones red, nothing grey; short texts don't break."""
    match cell:
        case Amount():
            return "number negative" if cell.value < 0 else "number"
        case int():
            return "number" if cell else "number zero"
        case str() if len(cell) == 64 and cell.isalnum():
            return "hash"
        case str() if len(cell) > 24:
            return "long"
    return "short"


def _counts(table: Table, column: int) -> bool:
    """Whether a column holds numbers."""
    return any(isinstance(row[column], Amount | int) for row in table.rows)
