"""The keys of a profile that say where a row's columns come from, but for its amount."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.yaml_tree import Node
from qbank_ledger.money import MINOR_UNITS
from qbank_ledger.recon.gl_file import SIDES, Kind
from qbank_ledger.recon.profile import GIVEN, NUMBERED, Place
from qbank_ledger.recon.profile_keys import Keys

_NAMED = {"column", "title", "pattern", "names"}
_SAMPLES = (date(2031, 10, 28), date(2026, 3, 31))


@dataclass(frozen=True, slots=True)
class Places(Keys):
    """Reads those keys of one profile; what is wrong goes to ``problems``."""

    def places(self, keys: Mapping[str, Node], kind: Kind) -> Mapping[str, Place]:
        """Where each column comes from, by its name."""
        read = {"gl": self._of_balances, "items": self._of_items, "rates": self._of_rates}
        return MappingProxyType(read[kind](keys))

    def _of_balances(self, keys: Mapping[str, Node]) -> dict[str, Place]:
        of_account = {"column", "pattern", "strip_zeros", "names"}
        return {
            "entity": self._place(keys, "entity", _NAMED),
            "gl_account": self._place(keys, "account", of_account, constant=False, given=False),
            "currency": self._place(keys, "currency", _NAMED),
            "as_of_date": self._place(keys, "date", _NAMED | {"format"}),
        }

    def _of_items(self, keys: Mapping[str, Node]) -> dict[str, Place]:
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

    def _of_rates(self, keys: Mapping[str, Node]) -> dict[str, Place]:
        of_currency = {"column", "pattern", "names"}
        return {
            "from_currency": self._place(keys, "from", of_currency, given=False),
            "to_currency": self._place(keys, "to", of_currency, given=False),
            "as_of_date": self._place(keys, "date", _NAMED | {"format"}),
        }

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


def _unfit_constant(key: str, text: str, *, is_given: bool) -> str | None:
    if why := unfit(text) if text else f"write it{', or given' if is_given else ''}":
        return why
    if key == "side" and text not in SIDES:
        return f"write {' or '.join(SIDES)}, or a mapping of a column and its values"
    if text == GIVEN:
        return "the run does not give it: write it, or where it is read"
    if key in ("currency", "from", "to") and text not in MINOR_UNITS:
        return "write the ISO 4217 code of a currency with minor units, such as EUR"
    if key in ("date", "as_of"):
        try:
            date.fromisoformat(text)
        except ValueError:
            return "write a date such as 2026-10-31, or given"
    return None


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
