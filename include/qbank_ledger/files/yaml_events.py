"""YAML that people write, read event by event: whatever it holds, reading ends soon and takes little memory.

What no file of ours has a use for is refused before it can cost anything: anchors and aliases (they make
much of little), tags, keys that are no words, depth. Knows nothing of what a file means.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import yaml
from yaml.resolver import Resolver

from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems

_DEEPEST = 10
_RESOLVER = Resolver()


class RefusedYamlError(Exception):
    """YAML that a file of ours has no use for: what, and in which line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class Events:
    """The events of one document, one after the other. Raises RefusedYamlError and yaml.YAMLError."""

    def __init__(self, text: str) -> None:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._depth = 0

    def take(self) -> yaml.Event:
        """The next event."""
        event = next(self._events)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise RefusedYamlError(
                line_of(event), "write each value out: anchors and aliases (&, *) are not read"
            )
        if getattr(event, "tag", None):
            raise RefusedYamlError(line_of(event), "write text in quotes: tags (!) are not read")
        if isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
        if self._depth > _DEEPEST:
            raise RefusedYamlError(line_of(event), f"it is nested more than {_DEEPEST} deep")
        return event

    def skip(self, begun: yaml.Event) -> None:
        """Pass over the rest of what this event, the last one taken, begins."""
        outside = self._depth - isinstance(begun, yaml.CollectionStartEvent)
        while self._depth > outside:
            self.take()

    def pairs(self, begun: yaml.Event, what: str, problems: Problems) -> Iterator[tuple[str, yaml.Event]]:
        """Each key of a mapping with the event that begins its value, which is to be taken up to its end."""
        if not isinstance(begun, yaml.MappingStartEvent):
            problems.add(line_of(begun), f"{what} must be a mapping of keys to values")
            self.skip(begun)
            return
        seen = set()
        while not isinstance(key := self.take(), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise RefusedYamlError(line_of(key), "a key must be a word, not a list or a mapping")
            name = sys.intern(key.value)
            if name in seen:
                problems.add(line_of(key), f"{what} gives {shown(name)} twice")
            seen.add(name)
            yield name, self.take()


@contextmanager
def refused_to(problems: Problems, text: str) -> Iterator[None]:
    """Note in ``problems`` what keeps ``text`` from being read as YAML."""
    try:
        yield
    except RefusedYamlError as error:
        problems.add(error.line, str(error))
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position]
        problems.add(before.count(b"\n") + 1, "it is not YAML: a control character")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or "it can't be read"
        problems.add(mark.line + 1 if mark else 1, f"it is not YAML: {what}")


def kind_of(event: yaml.Event) -> str:
    """What YAML takes the value that begins here for: str, int, float, bool, null …, list or mapping."""
    if isinstance(event, yaml.ScalarEvent):
        tag = _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        return str(tag).rpartition(":")[2]
    return "list" if isinstance(event, yaml.SequenceStartEvent) else "mapping"


def line_of(event: yaml.Event) -> int:
    """The line on which the event begins, counted from 1."""
    return event.start_mark.line + 1 if event.start_mark else 1


def is_on_one_line(event: yaml.Event) -> bool:
    """Whether a value ends on the line on which it begins."""
    return bool(event.end_mark and event.end_mark.line + 1 == line_of(event))
