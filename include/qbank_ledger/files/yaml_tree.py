"""A YAML document as a tree of what was written, each part with its line: for what nests deeper than entries.

Scalars stay as written, never as YAML reads them. Knows nothing of what a key means.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from qbank_ledger.files.problems import Problems
from qbank_ledger.files.yaml_events import Events, kind_of, line_of, refused_to

_MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Node:
    """A value as written: a text, a list or a mapping; ``kind`` is what YAML takes it for."""

    line: int
    kind: str
    value: "str | list[Node] | Mapping[str, Node]"

    @property
    def text(self) -> str | None:
        """Its text where it is a single value, a null one being empty; None where it is not."""
        return self.value if isinstance(self.value, str) else None

    @property
    def items(self) -> "list[Node] | None":
        """Its entries where it is a list."""
        return self.value if isinstance(self.value, list) else None

    @property
    def keys(self) -> "Mapping[str, Node] | None":
        """Its keys where it is a mapping."""
        return self.value if isinstance(self.value, Mapping) else None


def read_tree(text: str, problems: Problems) -> Node | None:
    """The one document of a text; None where it is empty or no YAML, which is said in ``problems`` then."""
    with refused_to(problems, text):
        events = Events(text)
        events.take()  # the stream begins
        if isinstance(events.take(), yaml.StreamEndEvent):
            return None
        tree = _Builder(events, problems).node(events.take(), "the file")
        events.take()  # the document ends
        if isinstance(more := events.take(), yaml.DocumentStartEvent):
            problems.add(line_of(more), "a second document begins: write one")
        return tree
    return None


class _Builder:
    def __init__(self, events: Events, problems: Problems) -> None:
        self._events, self._problems = events, problems
        self._nodes = 0

    def node(self, begun: yaml.Event, what: str) -> Node:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            raise yaml.YAMLError
        line, kind = line_of(begun), kind_of(begun)
        if isinstance(begun, yaml.ScalarEvent):
            return Node(line, kind, "" if kind == "null" else begun.value)
        if isinstance(begun, yaml.SequenceStartEvent):
            entries = []
            while not isinstance(entry := self._events.take(), yaml.SequenceEndEvent):
                entries.append(self.node(entry, f"an entry of {what}"))
            return Node(line, kind, entries)
        pairs = self._events.pairs(begun, what, self._problems)
        return Node(line, kind, {key: self.node(value, key) for key, value in pairs})
