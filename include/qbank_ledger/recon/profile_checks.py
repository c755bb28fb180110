"""The keys of a profile: what each may say, and a Profile of what is right.

Every problem goes to ``Problems`` with its line, the profile and the key.
"""

import codecs
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, cast

from qbank_ledger.files.cell import shown
from qbank_ledger.files.yaml_tree import Node
from qbank_ledger.money import MINOR_UNITS, is_unsigned_amount
from qbank_ledger.recon.gl_file import AMOUNTS, NAMED, Kind
from qbank_ledger.recon.marks import POSITIONS, Marks
from qbank_ledger.recon.profile import ASKS, NUMBERED, POSITION, AmountColumns, Profile, Proofs, Skip, Unpivot
from qbank_ledger.recon.profile_places import Places

_ALL = frozenset(
    {
        "like", "kind", "format", "encoding", "delimiter", "sheet", "exactly", "skip", "date", "numbers",
        "proofs",
    }
)  # fmt: skip
_OF_ACCOUNTS = _ALL | {"account", "entity", "currency", "scale", "duplicates", "absent_means"}
KEYS: Mapping[Kind, frozenset[str]] = {
    "gl": _OF_ACCOUNTS | {"balance"},
    "items": _OF_ACCOUNTS | {"cleared_date", "side", "item_kind", "amount", "reference", "as_of"},
    "rates": _ALL | {"unpivot", "from", "to", "rate"},
}
_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    "gl": ("account", "balance"),
    "items": ("account", "date", "side", "item_kind", "amount", "reference"),
    "rates": ("from", "to", "rate"),
}
_PROOFS: Mapping[Kind, frozenset[str]] = {
    "gl": frozenset({"debits_equal_credits", "total_row", "rows"}),
    "items": frozenset({"total_row", "rows"}),
    "rates": frozenset({"rows"}),
}
_ABSENT: Mapping[Kind, tuple[str, ...]] = {"gl": ("missing", "zero"), "items": ("open", "cleared")}
# Those that `like` merges key by key within, too; of the others the nearest profile's stands alone.
MERGED = frozenset({"account", "numbers", "proofs"})
_NUMBERS = frozenset({"decimal", "grouping", "negative", "symbols", "zero", "exponent", "noise"})
_OF_EITHER = ({"column"}, {"debit", "credit"}, {"amount", "side", "debit", "credit"})
_AMOUNTS: Mapping[Kind, tuple[set[str], ...]] = {
    "gl": (
        *_OF_EITHER,
        {"opening", "debit", "credit"},
        {"opening_debit", "opening_credit", "debit", "credit"},
    ),
    "items": _OF_EITHER,
    "rates": ({"column"},),
}


@dataclass(frozen=True, slots=True)
class Checks(Places):
    """Reads the parts of one profile; what is wrong goes to ``problems``."""

    def profile(self, keys: Mapping[str, Node], line: int) -> Profile | None:
        """The profile that these keys make, once ``like`` is resolved; None where anything is wrong."""
        before = len(self.problems)
        for path, node in _each(keys):
            # What may be any text; of the others ? is none that they may be.
            if node.text == ASKS and path.rpartition(".")[2] not in {"format", *_NUMBERS}:
                self._say(node.line, path, "is a question that the draft asks: answer it")
        kind = cast(Kind, self._choice(keys, "kind", tuple(NAMED)) or "gl")
        self._known(keys, "", KEYS[kind])
        for key in _REQUIRED[kind]:
            if key not in keys:
                self._say(line, key, "is missing" if kind == "gl" else f"is missing ({NAMED[kind]})")
        numbers = self._mapping(keys.get("numbers"), "numbers", _NUMBERS)
        proofs = self._mapping(keys.get("proofs"), "proofs", _PROOFS[kind])
        absent = self._choice(keys, "absent_means", _ABSENT[kind]) if kind in _ABSENT else None
        made = {
            "kind": kind,
            "format": self._choice(keys, "format", ("csv", "xlsx")),
            "encoding": self._read(keys, "encoding", _encoding, "one such as windows-1252") or "utf-8",
            "delimiter": self._read(keys, "delimiter", _delimiter, "one character, such as ';', or tab"),
            "sheet": self._text(keys, "sheet"),
            "exactly": self._texts(keys, "exactly"),
            "unpivot": self._unpivot(keys),
            "skip": self._skips(keys.get("skip")),
            "places": self.places(keys, kind),
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
        if profile.unpivot and all(map(POSITION.fullmatch, profile.columns)):
            self._say(line, "unpivot", "needs a column that another key names, by which the header is found")
            return None
        if (
            all(map(POSITION.fullmatch, profile.columns))
            and not profile.delimiter
            and profile.format != "xlsx"
        ):
            # No header shows it, and 1;2,5 has two cells by either mark.
            self._say(line, "delimiter", "is missing, and columns by position alone don't show it")
            return None
        return profile

    def _unpivot(self, keys: Mapping[str, Node]) -> Unpivot | None:
        if "unpivot" not in keys:
            return None
        line, named = keys["unpivot"].line, self._mapping(keys["unpivot"], "unpivot", {"heading", "cell"})
        heading, cell = (self._text(named, key, "unpivot.") or "" for key in ("heading", "cell"))
        if named and (not heading or not cell or heading == cell):
            self._say(line, "unpivot", "must name two columns: {heading: Currency, cell: Rate}")
        if "exactly" in keys:
            self._say(line, "unpivot", "is of no use beside exactly, which names every column")
        return Unpivot(heading, cell)

    def _amount(self, node: Node | None, kind: Kind) -> AmountColumns:
        if node is None:
            return AmountColumns(plus=())
        name = AMOUNTS[kind]
        known = set[str]().union(*_AMOUNTS[kind]) | ({"negate"} if kind == "items" else set())
        keys = self._mapping(node, name, known)
        if keys.keys() - {"negate"} not in _AMOUNTS[kind]:
            forms = "; ".join(", ".join(sorted(form)) for form in _AMOUNTS[kind])
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
                marks[key] = self._texts(numbers, key, "numbers.", least=0, may_be_empty=key == "zero")
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


def _each(keys: Mapping[str, Node], within: str = "") -> Iterator[tuple[str, Node]]:
    """Every single value below these keys, with its path."""
    for key, node in keys.items():
        if node.text is not None:
            yield within + key, node
        for entry in (node, *(node.items or [])):
            yield from _each(entry.keys or {}, f"{within}{key}.")


def _encoding(name: str) -> str | None:
    try:
        "".encode(name)
        # Whether a UTF-8 file begins with its mark is seen, whatever the profile says.
        return codecs.lookup(name).name.removesuffix("-sig")
    except (LookupError, UnicodeError, ValueError):
        return None


def _delimiter(text: str) -> str | None:
    text = "\t" if text in ("tab", "\\t") else text
    return text if len(text) == 1 and not text.isalnum() and text not in '"\r\n\0 ' else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,9}", text, re.ASCII) else None


def _digest(keys: Mapping[str, Node]) -> str:
    def plain(node: Node) -> object:
        if node.keys is not None:
            return {key: plain(value) for key, value in node.keys.items()}
        return [plain(entry) for entry in node.items] if node.items is not None else node.text

    said = json.dumps({key: plain(node) for key, node in keys.items() if key != "like"}, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
