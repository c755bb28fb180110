"""The accounts file as it is written, in YAML or CSV: entries of single values, each with its line.

Knows nothing of what a value means.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import yaml

from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.table_file import read_table
from qbank_ledger.files.text_file import TextFile, UnreadableFileError
from qbank_ledger.files.yaml_events import Events, is_on_one_line, kind_of, line_of, refused_to

_MOST_ACCOUNTS = 250_000


class Value(NamedTuple):
    """A value as written, and where; ``kind`` is what YAML takes it for, str in a CSV."""

    text: str
    kind: str
    line: int


Entry = Mapping[str, Value]


def read_entries(
    path: AnySource, columns: Collection[str], problems: Problems
) -> tuple[Entry, Iterable[tuple[int, Entry]]]:
    """The defaults of the file, and its entries, each with the line on which it begins.

    ``columns`` are those that a CSV may have; its entries are read as they are asked for. What is wrong goes
    to ``problems``; raises UnreadableFileError and TooManyProblemsError, and so do the entries.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return {}, _csv_entries(path, columns, problems)
    if suffix not in (".yaml", ".yml"):
        raise UnreadableFileError("its name must end in .yaml or .csv")
    with TextFile(path) as file:
        text = file.text()
    defaults: dict[str, Value] = {}
    entries: list[tuple[int, Entry]] = []
    with refused_to(problems, text):
        _read_yaml(Events(text), defaults, entries, problems)
    return defaults, entries


def _csv_entries(
    path: AnySource, columns: Collection[str], problems: Problems
) -> Iterator[tuple[int, Entry]]:
    with TextFile(path) as file:
        table = read_table(file, problems)
        line, header = next(table, (1, []))
        names = [name.strip(" ") for name in header]
        if not _is_header(names, line, columns, problems):
            return
        for number, (line, cells) in enumerate(table, start=1):
            _require_room(number)
            stripped = zip(names, [cell.strip(" ") for cell in cells], strict=True)
            yield line, {name: Value(text, "str", line) for name, text in stripped if text}


def _is_header(names: list[str], line: int, columns: Collection[str], problems: Problems) -> bool:
    known = f"(known: {', '.join(sorted(columns))})"
    if names and set(names).isdisjoint(columns):
        problems.add(line, f"the header has no column of an accounts file {known}")
        return False
    for name in dict.fromkeys(names):
        if name not in columns:
            problems.add(line, f"unknown column {shown(name)} {known}" if name else "a column has no name")
        elif names.count(name) > 1:
            problems.add(line, f"column {name!r} is there twice")
    return not problems


def _read_yaml(
    events: Events, defaults: dict[str, Value], entries: list[tuple[int, Entry]], problems: Problems
) -> None:
    events.take()  # the stream begins
    if isinstance(events.take(), yaml.StreamEndEvent):
        return
    for name, value in events.pairs(events.take(), "the file", problems):
        if name == "defaults":
            defaults |= _values(events, value, "defaults", problems)
        elif name == "accounts" and isinstance(value, yaml.SequenceStartEvent):
            while not isinstance(begun := events.take(), yaml.SequenceEndEvent):
                _require_room(len(entries) + 1)
                what = f"entry {len(entries) + 1}"
                entries.append((line_of(begun), _values(events, begun, what, problems)))
        else:
            if name != "accounts":
                problems.add(line_of(value), f"unknown key {shown(name)} (known: accounts, defaults)")
            elif kind_of(value) != "null":
                problems.add(line_of(value), "accounts must be a list")
            events.skip(value)
    events.take()  # the document ends
    if isinstance(more := events.take(), yaml.DocumentStartEvent):
        problems.add(line_of(more), "a second document begins: write one")


def _values(events: Events, begun: yaml.Event, what: str, problems: Problems) -> dict[str, Value]:
    """A mapping of single values; scalars as written, never as YAML reads them."""
    values = {}
    for name, value in events.pairs(begun, what, problems):
        kind = kind_of(value)
        if isinstance(value, yaml.ScalarEvent):
            text = value.value
            if not is_on_one_line(value):
                kind = "text over several lines"
        else:
            text = ""
            events.skip(value)
        if kind != "null":
            values[name] = Value(text, kind, line_of(value))
    return values


def _require_room(accounts: int) -> None:
    if accounts > _MOST_ACCOUNTS:
        raise UnreadableFileError(f"it lists more than {_MOST_ACCOUNTS:,} accounts, the most that is read")
