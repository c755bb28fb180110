"""What a key of a profile holds: a text, a choice, a pattern; what it does not is said.

Every problem goes to ``Problems`` with its line, the profile and the key. What the keys mean stands in
profile_places.py and profile_checks.py.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from qbank_ledger.files.cell import shown
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.yaml_tree import Node

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Keys:
    """Reads the keys of one profile; what is wrong goes to ``problems``."""

    name: str
    problems: Problems

    def _say(self, line: int, key: str, what: str) -> None:
        self.problems.add(line, f"{key} {what}", f"profile {self.name}")

    def _known(self, keys: Iterable[str], within: str, known: frozenset[str] | set[str]) -> None:
        for key in keys:
            if key not in known:
                line = keys[key].line if isinstance(keys, Mapping) else 1
                where = f"{within}.{key}" if within else key
                self._say(line, where, f"is an unknown key (known: {', '.join(sorted(known))})")

    def _mapping(
        self, node: Node | None, key: str, known: frozenset[str] | set[str] | None = None
    ) -> Mapping[str, Node]:
        """Its keys; none where there is nothing, or, which is said, no mapping."""
        if node is None:
            return {}
        if node.keys is None:
            self._say(node.line, key, f"must be a mapping of keys to values, not {node.kind}")
            return {}
        if known is not None:
            self._known(node.keys, key, known)
        return node.keys

    def _list(self, node: Node | None, key: str) -> list[Node]:
        if node is None:
            return []
        if node.items is None:
            self._say(node.line, key, f"must be a list, not {node.kind}")
            return []
        return node.items

    def _text(self, keys: Mapping[str, Node], key: str, within: str = "") -> str | None:
        found = self._texts(keys, key, within, most=1)
        return found[0] if found else None

    def _texts(
        self,
        keys: Mapping[str, Node],
        key: str,
        within: str = "",
        *,
        least: int = 1,
        most: int = 100,
        may_be_empty: bool = False,
    ) -> tuple[str, ...]:
        """Its texts: a list's, or the one that stands alone."""
        if key not in keys:
            return ()
        node = keys[key]
        entries = node.items if node.items is not None else [node]
        texts = [entry.text for entry in entries]
        if not least <= len(texts) <= most or None in texts or ("" in texts and not may_be_empty):
            what = "a text" if most == 1 else "a text, or a list of texts"
            self._say(node.line, f"{within}{key}", f"must be {what}")
            return ()
        return tuple(cast("list[str]", texts))

    def _choice(
        self, keys: Mapping[str, Node], key: str, choices: tuple[str, ...], within: str = ""
    ) -> str | None:
        return self._read(
            keys, key, lambda text: text if text in choices else None, " or ".join(choices), within
        )

    def _flag(self, keys: Mapping[str, Node], key: str, within: str) -> bool | None:
        return self._read(keys, key, {"true": True, "false": False}.get, "true or false", within)

    def _pattern(
        self, keys: Mapping[str, Node], key: str, within: str, groups: Literal[0, 1] = 1
    ) -> re.Pattern[str] | None:
        """A regular expression; with ``groups`` it must have one, whose text is what counts."""
        text = self._text(keys, key, within)
        if text is None:
            return None
        try:
            pattern = re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            self._say(keys[key].line, f"{within}{key}", f"is {shown(text)}, no regular expression: {error}")
            return None
        if pattern.groups < groups:
            self._say(
                keys[key].line,
                f"{within}{key}",
                f"is {shown(text)}, without a group: put what counts in parentheses",
            )
            return None
        return pattern

    def _read(
        self,
        keys: Mapping[str, Node],
        key: str,
        read: Callable[[str], _T | None],
        expected: str,
        within: str = "",
    ) -> _T | None:
        """What ``read`` makes of the key's text; None where there is none, or, which is said, no such."""
        if key not in keys:
            return None
        text = self._text(keys, key, within)
        if text is None:
            return None
        found = read(text)
        if found is None:
            self._say(keys[key].line, f"{within}{key}", f"is {shown(text)}: write {expected}")
        return found
