"""The keys of a profile: what each may say, and a Profile of what is right.

Every problem goes to ``Problems`` with its line, the profile and the key.
"""

import codecs
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, TypeVar, cast

from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.problems import Problems
from qbank_ledger.files.yaml_tree import Node
from qbank_ledger.marks import POSITIONS, Marks
from qbank_ledger.money import MINOR_UNITS, is_unsigned_amount
from qbank_ledger.recon.gl_file import AMOUNTS, NAMED, SIDES, Kind
from qbank_ledger.recon.profile import (
    GIVEN,
    NUMBERED,
    POSITION,
    AmountColumns,
    Place,
    Profile,
    Proofs,
    Skip,
)

_BOTH = frozenset(
    {
        "like", "kind", "format", "encoding", "delimiter", "sheet", "exactly", "skip", "account", "entity",
        "currency", "date", "numbers", "scale", "duplicates", "absent_means", "proofs",
    }
)  # fmt: skip
KEYS: Mapping[Kind, frozenset[str]] = {
    "gl": _BOTH | {"balance"},
    "items": _BOTH | {"cleared_date", "side", "item_kind", "amount", "reference", "as_of"},
}
_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    "gl": ("account", "balance"),
    "items": ("account", "date", "side", "item_kind", "amount", "reference"),
}
_PROOFS: Mapping[Kind, frozenset[str]] = {
    "gl": frozenset({"debits_equal_credits", "total_row", "rows"}),
    "items": frozenset({"total_row", "rows"}),
}
_ABSENT: Mapping[Kind, tuple[str, str]] = {"gl": ("missing", "zero"), "items": ("open", "cleared")}
# Those that `like` merges key by key within, too; of the others the nearest profile's stands alone.
MERGED = frozenset({"account", "numbers", "proofs"})
_NUMBERS = frozenset({"decimal", "grouping", "negative", "symbols", "zero", "exponent", "noise"})
_AMOUNTS = (
    {"column"},
    {"debit", "credit"},
    {"amount", "side", "debit", "credit"},
    {"opening", "debit", "credit"},
    {"opening_debit", "opening_credit", "debit", "credit"},
)
_NAMED = {"column", "title", "pattern", "names"}
_SAMPLES = (date(2031, 10, 28), date(2026, 3, 31))
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Checks:
    """Reads the parts of one profile; what is wrong goes to ``problems``."""

    name: str
    problems: Problems

    def profile(self, keys: Mapping[str, Node], line: int) -> Profile | None:
        """The profile that these keys make, once ``like`` is resolved; None where anything is wrong."""
        before = len(self.problems)
        kind: Kind = "items" if self._choice(keys, "kind", ("gl", "items")) == "items" else "gl"
        self._known(keys, "", KEYS[kind])
        for key in _REQUIRED[kind]:
            if key not in keys:
                self._say(line, key, "is missing" if kind == "gl" else f"is missing ({NAMED[kind]})")
        numbers = self._mapping(keys.get("numbers"), "numbers", _NUMBERS)
        proofs = self._mapping(keys.get("proofs"), "proofs", _PROOFS[kind])
        absent = self._choice(keys, "absent_means", _ABSENT[kind])
        made = {
            "kind": kind,
            "format": self._choice(keys, "format", ("csv", "xlsx")),
            "encoding": self._read(keys, "encoding", _encoding, "one such as windows-1252") or "utf-8",
            "delimiter": self._read(keys, "delimiter", _delimiter, "one character, such as ';', or tab"),
            "sheet": self._text(keys, "sheet"),
            "exactly": self._texts(keys, "exactly"),
            "skip": self._skips(keys.get("skip")),
            "places": MappingProxyType(self._places(keys) if kind == "gl" else self._item_places(keys)),
            "numbers_items": "reference" in keys and keys["reference"].text == NUMBERED,
            "amount": self._amount(keys.get(AMOUNTS[kind]), kind),
            "marks": self._marks(numbers),
            "rounds_noise": self._choice(numbers, "noise", ("refuse", "round"), "numbers.") == "round",
            "scale": self._scale(keys.get("scale")),
            "duplicates": self._choice(keys, "duplicates", ("refuse", "sum", "ignore_empty")) or "refuse",
            "is_whole": absent in ("zero", "cleared"),
            "proofs": Proofs(
                debits_equal_credits=bool(self._flag(proofs, "debits_equal_credits", "proofs.")),
                total_row=self._pattern(proofs, "total_row", "proofs.", groups=0),
                rows=self._read(proofs, "rows", _count, "a whole number of rows", "proofs.") or 0,
            ),
        }  # fmt: skip
        if len(self.problems) > before:
            return None
        profile = Profile(name=self.name, digest=_digest(keys), **cast(Any, made))
        if (
            all(map(POSITION.fullmatch, profile.columns))
            and not profile.delimiter
            and profile.format != "xlsx"
        ):
            # No header shows it, and 1;2,5 has two cells by either mark.
            self._say(line, "delimiter", "is missing, and columns by position alone don't show it")
            return None
        return profile

    # ── the parts ────────────────────────────────────────────────────────────────────────────────────

    def _places(self, keys: Mapping[str, Node]) -> dict[str, Place]:
        of_account = {"column", "pattern", "strip_zeros", "names"}
        return {
            "entity": self._place(keys, "entity", _NAMED),
            "gl_account": self._place(keys, "account", of_account, constant=False, given=False),
            "currency": self._place(keys, "currency", _NAMED),
            "as_of_date": self._place(keys, "date", _NAMED | {"format"}),
        }

    def _item_places(self, keys: Mapping[str, Node]) -> dict[str, Place]:
        of_account, of_date = _NAMED | {"strip_zeros"}, {"column", "pattern", "format", "names"}
        places = {
            "entity": self._place(keys, "entity", _NAMED),
            "gl_account": self._place(keys, "account", of_account, given=False),
            "currency": self._place(keys, "currency", _NAMED),
            "item_date": self._place(keys, "date", of_date, constant=False, given=False),
            "side": self._place(keys, "side", {"column", "pattern", "values"}, given=False),
            "kind": self._place(keys, "item_kind", {"column", "pattern", "names"}, given=False),
        }
        if "cleared_date" in keys:
            of_cleared = of_date | {"empty"}
            places["cleared_date"] = self._place(
                keys, "cleared_date", of_cleared, constant=False, given=False
            )
        if "reference" in keys and keys["reference"].text != NUMBERED:
            of_reference = {"column", "pattern", "empty"}
            places["reference"] = self._place(keys, "reference", of_reference, constant=False, given=False)
        if "absent_means" in keys and keys["absent_means"].text == "cleared":
            places["as_of_date"] = self._place(keys, "as_of", {"title", "format", "names"})
        elif "as_of" in keys:
            self._say(keys["as_of"].line, "as_of", "is of use with absent_means: cleared alone")
        return places

    def _place(
        self,
        of: Mapping[str, Node],
        key: str,
        allowed: set[str],
        *,
        constant: bool = True,
        given: bool = True,
    ) -> Place:
        """Where a column comes from; ``constant``, ``given``: whether from the profile itself, or the run."""
        node = of.get(key)
        if node is None or node.text is not None:
            text = node.text if node else GIVEN
            if text == GIVEN and given:
                return Place(is_given=True)
            if not constant:
                if node:
                    or_numbered = f", or {NUMBERED}" if key == "reference" else ""
                    column = key.partition("_")[0].capitalize()
                    self._say(node.line, key, f"must be a mapping such as {{column: {column}}}{or_numbered}")
            elif node and (why := _unfit_constant(key, text or "", is_given=given)):
                self._say(node.line, key, f"is {shown(text or '')}: {why}")
            return Place(constant=text)
        keys = self._mapping(node, key, allowed)
        if ("column" in keys) == ("title" in keys):
            what = "a column, or a title's pattern" if "title" in allowed else "a column"
            self._say(node.line, key, f"must say one of where it is read: {what}")
        if "title" in keys and "pattern" in keys:
            self._say(node.line, key, "has a pattern beside its title: the title is one")
        prefix = f"{key}."
        return Place(
            columns=self._texts(keys, "column", prefix),
            title=self._pattern(keys, "title", prefix),
            pattern=self._pattern(keys, "pattern", prefix),
            format=self._read(keys, "format", _date_format, "its year and month, as in '%d.%m.%Y'", prefix),
            names=MappingProxyType(self._sides(keys) if key == "side" else self._names(keys, prefix)),
            empty=frozenset(self._texts(keys, "empty", prefix)),
            strip_zeros=bool(self._flag(keys, "strip_zeros", prefix)),
        )  # fmt: skip

    def _names(self, keys: Mapping[str, Node], prefix: str) -> dict[str, str]:
        names = self._mapping(keys.get("names"), f"{prefix}names")
        for name, meant in names.items():
            if not meant.text or unfit(meant.text):
                self._say(meant.line, f"{prefix}names", f"says nothing readable of {shown(name)}")
        return {name: meant.text or "" for name, meant in names.items()}

    def _sides(self, keys: Mapping[str, Node]) -> dict[str, str]:
        """The side that each of its values stands for."""
        sides: dict[str, str] = {}
        values = self._mapping(keys.get("values"), "side.values", frozenset(SIDES))
        for side in values:
            for text in self._texts(values, side, "side.values."):
                if sides.setdefault(text, side) != side:
                    self._say(values[side].line, "side.values", f"takes {text!r} for either side")
        return sides

    def _amount(self, node: Node | None, kind: Kind) -> AmountColumns:
        if node is None:
            return AmountColumns(plus=())
        name = AMOUNTS[kind]
        known = set[str]().union(*_AMOUNTS) | ({"negate"} if kind == "items" else set())
        keys = self._mapping(node, name, known)
        if keys.keys() - {"negate"} not in _AMOUNTS:
            forms = "; ".join(", ".join(sorted(form)) for form in _AMOUNTS)
            self._say(node.line, name, f"has {', '.join(keys) or 'nothing'}, and must have one of: {forms}")
            return AmountColumns(plus=())
        within = f"{name}."
        negate = bool(self._flag(keys, "negate", within))
        if "side" in keys:
            debits, credits_ = (self._texts(keys, key, within) for key in ("debit", "credit"))
            if both := sorted(set(debits) & set(credits_)):
                self._say(node.line, name, f"takes {both[0]!r} for a debit and for a credit")
            amount, side = (self._text(keys, key, within) or "" for key in ("amount", "side"))
            return AmountColumns(
                plus=(amount,),
                side=side,
                debits=frozenset(debits),
                credits=frozenset(credits_),
                negate=negate,
            )
        plus, minus = (
            tuple(self._text(keys, key, within) or "" for key in names if key in keys)
            for names in (("column", "opening", "opening_debit", "debit"), ("opening_credit", "credit"))
        )
        return AmountColumns(plus=plus, minus=minus, negate=negate)

    def _marks(self, numbers: Mapping[str, Node]) -> Marks:
        decimal = self._choice(numbers, "decimal", (".", ","), "numbers.") or "."
        marks: dict[str, tuple[str, ...]] = {}
        for key in ("grouping", "negative", "symbols", "zero"):
            if key in numbers:
                marks[key] = self._texts(numbers, key, "numbers.", may_be_empty=key == "zero")
        for mark in marks.get("grouping", ()):
            if len(mark) != 1 or mark.isalnum() or mark in "-()":
                self._say(
                    numbers["grouping"].line, "numbers.grouping", f"has {mark!r}: write one mark, such as ','"
                )
            if mark == decimal:
                self._say(
                    numbers["grouping"].line, "numbers.grouping", f"has {mark!r}, which is the decimal mark"
                )
        for key in ("negative", "symbols"):
            for mark in marks.get(key, ()):
                if any(char.isdigit() or char in "()" for char in mark) or (len(mark) == 1 and mark in ".,"):
                    known = f" ({', '.join(POSITIONS)}, or a mark such as CR)" if key == "negative" else ""
                    self._say(numbers[key].line, f"numbers.{key}", f"has {mark!r}, which is no mark{known}")
        exponent = bool(self._flag(numbers, "exponent", "numbers."))
        return Marks(decimal=decimal, exponent=exponent, **marks)

    def _skips(self, node: Node | None) -> tuple[Skip, ...]:
        found = []
        for entry in self._list(node, "skip"):
            keys = self._mapping(entry, "skip", {"column", "matches"})
            matches = self._pattern(keys, "matches", "skip.", groups=0)
            if "matches" not in keys and entry.keys is not None:
                self._say(entry.line, "skip", "has an entry without matches")
            if matches:
                found.append(Skip(self._text(keys, "column", "skip."), matches))
        return tuple(found)

    def _scale(self, node: Node | None) -> Mapping[str, Decimal]:
        scale = {}
        for currency, factor in self._mapping(node, "scale").items():
            text = factor.text or ""
            if currency not in MINOR_UNITS:
                self._say(
                    factor.line, "scale", f"has {shown(currency)}, which is no currency with minor units"
                )
            elif not is_unsigned_amount(text) or not Decimal(text):
                self._say(factor.line, f"scale.{currency}", f"is {shown(text)}: write a number such as 100")
            else:
                scale[currency] = Decimal(text)
        return MappingProxyType(scale)

    # ── what a key holds ─────────────────────────────────────────────────────────────────────────────

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
        most: int = 100,
        may_be_empty: bool = False,
    ) -> tuple[str, ...]:
        """Its texts: a list's, or the one that stands alone."""
        if key not in keys:
            return ()
        node = keys[key]
        entries = node.items if node.items is not None else [node]
        texts = [entry.text for entry in entries]
        if not 1 <= len(texts) <= most or None in texts or ("" in texts and not may_be_empty):
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


def _unfit_constant(key: str, text: str, *, is_given: bool) -> str | None:
    if why := unfit(text) if text else f"write it{', or given' if is_given else ''}":
        return why
    if key == "side" and text not in SIDES:
        return f"write {' or '.join(SIDES)}, or a mapping of a column and its values"
    if text == GIVEN:
        return "the run does not give it: write it, or where it is read"
    if key == "currency" and text not in MINOR_UNITS:
        return "write the ISO 4217 code of a currency with minor units, such as EUR"
    if key in ("date", "as_of"):
        try:
            date.fromisoformat(text)
        except ValueError:
            return "write a date such as 2026-10-31, or given"
    return None


def _encoding(name: str) -> str | None:
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        return None


def _delimiter(text: str) -> str | None:
    text = "\t" if text in ("tab", "\\t") else text
    return text if len(text) == 1 and not text.isalnum() and text not in '"\r\n\0 ' else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,9}", text, re.ASCII) else None


def _date_format(text: str) -> str | None:
    """The form, if a date's year and month survive being written and read in it."""
    try:
        for sample in _SAMPLES:
            read = datetime.strptime(sample.strftime(text), text)  # noqa: DTZ007 - a date alone
            if (read.year, read.month) != (sample.year, sample.month):
                return None
    except (ValueError, re.error):
        return None
    return text


def _digest(keys: Mapping[str, Node]) -> str:
    def plain(node: Node) -> object:
        if node.keys is not None:
            return {key: plain(value) for key, value in node.keys.items()}
        return [plain(entry) for entry in node.items] if node.items is not None else node.text

    said = json.dumps({key: plain(node) for key, node in keys.items() if key != "like"}, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
