"""The figures that the project promises, measured: `make bench`, or `python -m benchmarks --quick`.

A module holds one subject; its `measure` gives tables. All of it runs on this machine alone.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

LARGE = "--large"  # the largest size, too, where a subject has one that takes long
OURS_ALONE = "--ours-alone"  # without the peers, which are the same beside another commit
QUICK = "--quick"  # small sizes: to see that it runs, not what the figures are


def is_quick() -> bool:
    """Whether the command line asks for small sizes."""
    return QUICK in sys.argv[1:]


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in its unit, and the most or least that it may be."""

    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    def __str__(self) -> str:
        return self._said(self.value)

    @property
    def goal(self) -> str:
        """What is promised of it, in words; empty where nothing is."""
        if self.at_most is not None:
            return f"at most {self._said(self.at_most)}"
        return "" if self.at_least is None else f"at least {self._said(self.at_least)}"

    @property
    def is_met(self) -> bool:
        """Whether it is as promised."""
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    def _said(self, value: float) -> str:
        """A count as it is, anything else with three digits."""
        digits = 0 if isinstance(value, int) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        text = f"{value:,.{digits}f}"
        return f"{text} {self.unit}".rstrip()


Cell = str | Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures under their headings; the first cell of a row says what it is about.

    ``plot`` is how it is drawn: the first figure of each row as `bars`, or, where the first cell is a
    figure itself, the others over it as `lines`.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    plot: str = ""

    def lines(self) -> list[list[str]]:
        """Heading and rows as text, the goals in a column of their own where there are any."""
        goals = ["; ".join(said for _, said in self._goals(row)) for row in self.rows]
        lines = [list(self.head), *([str(cell) for cell in row] for row in self.rows)]
        if any(goals):
            lines = [[*line, goal] for line, goal in zip(lines, ["promised", *goals], strict=True)]
        return lines

    def shortfalls(self) -> Iterator[str]:
        """A sentence for each figure that is not as promised."""
        for row in self.rows:
            for head, cell in zip(self.head, row, strict=True):
                if isinstance(cell, Figure) and not cell.is_met:
                    yield f"{self.title}, {row[0]}, {head}: {cell}, and {cell.goal} is promised."

    def _goals(self, row: Sequence[Cell]) -> list[tuple[str, str]]:
        found = [
            (head, cell.goal)
            for head, cell in zip(self.head, row, strict=True)
            if isinstance(cell, Figure) and cell.goal
        ]
        return found if len(found) < 2 else [(head, f"{head} {goal}") for head, goal in found]

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        rows = [
            [
                cell if isinstance(cell, str) else [cell.value, cell.unit, cell.at_most, cell.at_least]
                for cell in row
            ]
            for row in self.rows
        ]
        return {"title": self.title, "head": [*self.head], "rows": rows, "note": self.note, "plot": self.plot}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Table":
        """What `to_json` gave."""
        rows = [[cell if isinstance(cell, str) else Figure(*cell) for cell in row] for row in found["rows"]]
        return cls(**{**found, "rows": rows})


def print_table(table: Table) -> None:
    """Print a table, each column as wide as it needs."""
    lines = table.lines()
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    sys.stdout.write(f"\n{table.title}\n\n")
    for line in lines:
        sys.stdout.write("  ".join(map(str.ljust, line, widths)).rstrip() + "\n")
    if table.note:
        sys.stdout.write(f"\n{table.note}\n")
    sys.stdout.flush()
