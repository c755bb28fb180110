"""docs/benchmarks.md and its pictures, written from what was measured."""

import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import Figure, Table
from benchmarks.plot import draw

_PACKAGES = ("apache-airflow", "great-expectations", "sqlalchemy", "psycopg2-binary", "requests")
_HEADINGS = {
    "client": "The client",
    "ledger": "The ledger",
    "recon": "Reconciliation and exports",
    "reporting": "Reporting",
    "page": "The page",
    "peers": "Beside its peers",
    "scheduler": "Under the scheduler",
    "curves": "By the number of accounts",
    "growth": "By the size of the ledger",
}


@dataclass(slots=True, kw_only=True)
class Report:
    """What a session measured, by subject; and what it could not."""

    now: datetime
    commit: str
    before: str | None
    tables: dict[str, list[Table]] = field(default_factory=dict)
    tables_before: dict[str, list[Table]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


def write(report: Report, docs: Path) -> None:
    """Write the page and its pictures, in place of the last ones."""
    pictures = docs / "benchmarks"
    pictures.mkdir(exist_ok=True)
    for old in pictures.glob("*.svg"):
        old.unlink()
    for tables in report.tables.values():
        for table in tables:
            if table.plot:
                (pictures / _picture(table)).write_text(draw(table), "utf-8")
    (docs / "benchmarks.md").write_text("\n".join(_page(report)) + "\n", "utf-8")


def _page(report: Report) -> Iterator[str]:
    beside = f", each beside commit {report.before}" if report.before else ""
    yield "# Benchmarks"
    yield ""
    yield f"Written by `make bench` on {report.now:%Y-%m-%d %H:%M} UTC, at commit {report.commit}{beside}."
    yield ""
    yield f"{_machine()}. {', '.join(f'{name} {version(name)}' for name in _PACKAGES)}."
    yield ""
    yield "## What falls short"
    yield ""
    short = [line for tables in report.tables.values() for table in tables for line in table.shortfalls()]
    short += [f"{name} could not be measured." for name in report.failed]
    left_out = [name for name in _HEADINGS if name not in report.tables]
    short += [f"Not measured in this session: {', '.join(left_out)}."] if left_out else []
    yield from [f"- {line}" for line in short] or ["Every figure is as promised."]
    for subject, tables in report.tables.items():
        yield ""
        yield f"## {_HEADINGS[subject]}"
        for table in tables:
            yield from _section(table, _rows(report.tables_before.get(subject, []), table.title))


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


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}"
    )


def _processor() -> str:
    """As Linux names it; elsewhere, its kind."""
    said = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.*)", said.read_text("utf-8")) if said.exists() else None
    return named[1] if named else platform.machine()
