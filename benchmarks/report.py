"""docs/benchmarks.md and its pictures, written from what was measured."""

import json
import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import Figure, Table
from benchmarks.plot import draw

_PACKAGES = ("apache-airflow", "great-expectations", "sqlalchemy", "psycopg2-binary", "requests")
HEADINGS = {
    "peers": "Beside its peers",
    "scheduler": "Under the scheduler",
    "curves": "By the number of accounts",
    "growth": "By the size of the ledger",
    "client": "The client",
    "ledger": "The ledger",
    "page": "The page",
    "reporting": "Reporting",
    "recon": "Reconciliation and exports",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of one subject at one time, and beside another commit where one was named.

    ``failed`` names what did not come to its end; its tables are those it had by then.
    """

    at: datetime
    commit: str
    on: str
    tables: list[Table]
    before: str | None = None
    tables_before: list[Table] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        return {
            **{each.name: getattr(self, each.name) for each in fields(self)},
            "at": self.at.isoformat(),
            "tables": [table.to_json() for table in self.tables],
            "tables_before": [table.to_json() for table in self.tables_before],
        }

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Measured":
        """What `to_json` gave."""
        tables = {
            name: [Table.from_json(table) for table in found[name]] for name in ("tables", "tables_before")
        }
        return cls(**{**found, **tables, "at": datetime.fromisoformat(found["at"])})


def write(subject: str, measured: Measured, docs: Path) -> None:
    """Write the page and its pictures, this subject in place of what was measured of it last.

    The other subjects stay as the sessions that measured them left them, in benchmarks/figures.json.
    """
    pictures = docs / "benchmarks"
    pictures.mkdir(exist_ok=True)
    figures = pictures / "figures.json"
    kept = json.loads(figures.read_text("utf-8")) if figures.exists() else {}
    kept[subject] = measured.to_json()
    kept = {name: kept[name] for name in HEADINGS if name in kept}
    figures.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    by_subject = {name: Measured.from_json(found) for name, found in kept.items()}
    for old in pictures.glob("*.svg"):
        old.unlink()
    for each in by_subject.values():
        for table in each.tables:
            if table.plot:
                (pictures / _picture(table)).write_text(draw(table), "utf-8")
    (docs / "benchmarks.md").write_text("\n".join(_page(by_subject)) + "\n", "utf-8")


def _page(by_subject: dict[str, Measured]) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield "Written by `make bench`; each subject says when, at which commit and where it was measured last."
    yield ""
    yield "## What falls short"
    yield ""
    short = [line for each in by_subject.values() for table in each.tables for line in table.shortfalls()]
    short += [f"{name} could not be measured." for each in by_subject.values() for name in each.failed]
    left_out = [name for name in HEADINGS if name not in by_subject]
    short += [f"Not measured: {', '.join(left_out)}."] if left_out else []
    yield from [f"- {line}" for line in short] or ["Every figure is as promised."]
    for subject, each in by_subject.items():
        beside = f", beside commit {each.before}" if each.before else ""
        yield ""
        yield f"## {HEADINGS[subject]}"
        yield ""
        yield f"{each.at:%Y-%m-%d %H:%M} UTC, at commit {each.commit}{beside}. {each.on}"
        for table in each.tables:
            yield from _section(table, _rows(each.tables_before, table.title))


def _section(table: Table, before: dict[str, dict[str, str]]) -> Iterator[str]:
    yield ""
    yield f"### {table.title}"
    yield ""
    head, *lines = table.lines()
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for line, row in zip(lines, table.rows, strict=True):
        cells = list(line)
        for number, cell in enumerate(row):
            then = before.get(str(row[0]), {}).get(table.head[number])
            if number and then and isinstance(cell, Figure):
                cells[number] += f" (before: {then})"
        yield f"| {' | '.join(cells)} |"
    if table.note:
        yield ""
        yield table.note
    if table.plot:
        yield ""
        yield f"![{table.title}](benchmarks/{_picture(table)})"


def _rows(tables: list[Table], title: str) -> dict[str, dict[str, str]]:
    """The cells of the table of that title, by the row's first cell and the column's heading."""
    return {
        str(row[0]): {head: str(cell) for head, cell in zip(table.head, row, strict=True)}
        for table in tables
        if table.title == title
        for row in table.rows
    }


def _picture(table: Table) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '-', table.title.lower()).strip('-')}.svg"


def machine() -> str:
    """This machine and the versions of what is measured on it, in two sentences."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}. "
        f"{', '.join(f'{name} {version(name)}' for name in _PACKAGES)}."
    )


def _processor() -> str:
    """As Linux names it; elsewhere, its kind."""
    said = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.*)", said.read_text("utf-8")) if said.exists() else None
    return named[1] if named else platform.machine()
