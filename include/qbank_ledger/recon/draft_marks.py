"""Which marks the numbers of a file have, as far as they tell: nothing here picks between two readings."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.profile import ASKS

_SIGNS = "-\u2212\u2013"
_CORE = re.compile(r"[0-9][0-9.,'\u2019 \u00a0\u202f]*[0-9]|[0-9]")
_EXPONENT = re.compile(r"^[Ee][+-]?[0-9]{1,2}\b")
_SYMBOL = re.compile(r"[$€£¥₹]|\b[A-Z]{3}\b")
_CREDITS = {"CR": "CR", "DR": "CR", "H": "H", "S": "H", "C": "C", "D": "C"}
_SPACES = " \u00a0\u202f"


@dataclass
class DraftMarks:
    """What a profile's ``numbers`` might say, and why, by key; ``decimal`` is ? where they leave it open."""

    decimal: str = "."
    why: str = "no number has a decimal mark"
    grouping: dict[str, str] = field(default_factory=dict)  # each with a number that shows it
    negative: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, str] = field(default_factory=dict)
    zero: dict[str, str] = field(default_factory=dict)
    exponent: dict[str, str] = field(default_factory=dict)
    is_number: int = 0
    others: list[str] = field(default_factory=list)  # texts that are no numbers


def marks_of(cells: Iterable[str]) -> DraftMarks:
    """The marks of these texts, those that are no numbers left out."""
    found = DraftMarks()
    decimals: dict[str, str] = {}
    open_: dict[str, str] = {}  # one mark and three digits: a decimal mark or one between thousands
    for cell in cells:
        text = trimmed(cell)
        core = _around(text, found) if text else None
        if core is None:
            continue
        marks = [char for char in core if char in ".,"]
        for char in core:
            if char in "'\u2019":
                found.grouping.setdefault("'", text)
            if char in _SPACES:
                found.grouping.setdefault(" ", text)
        if len(set(marks)) == 2 and marks.count(marks[-1]) == 1:
            decimals.setdefault(marks[-1], text)
            found.grouping.setdefault(marks[0], text)
        elif len(marks) > 1:
            found.grouping.setdefault(marks[0], text)
        elif marks:
            whole, _, fraction = core.partition(marks[0])
            is_open = len(fraction) == 3 and len(whole) <= 3 and whole != "0"
            (open_ if is_open else decimals).setdefault(marks[0], text)
    _decide(found, decimals, open_)
    return found


def _decide(found: DraftMarks, decimals: dict[str, str], open_: dict[str, str]) -> None:
    contradictory = set(decimals) & set(found.grouping) or len(decimals) > 1
    if contradictory:
        shown = ", ".join(repr(text) for text in [*decimals.values(), *found.grouping.values()][:3])
        found.decimal, found.why = ASKS, f"the numbers disagree: {shown}"
        return
    if decimals:
        ((found.decimal, text),) = decimals.items()
        found.why = f"{text!r} has it before its last digits"
        for mark, example in open_.items():
            if mark != found.decimal:
                found.grouping.setdefault(mark, example)
    elif found.grouping.keys() & {".", ","}:
        mark = next(iter(found.grouping.keys() & {".", ","}))
        found.decimal = "," if mark == "." else "."
        found.why = f"{found.grouping[mark]!r} has {mark!r} between thousands"
        if found.decimal in open_:
            found.decimal, found.why = (
                ASKS,
                f"{open_['.' if mark == ',' else ',']!r} may be three decimals or thousands",
            )
    elif open_:
        mark, text = next(iter(open_.items()))
        other = "," if mark == "." else "."
        digits = re.sub(r"[^0-9.,]", "", text)
        found.decimal = ASKS
        found.why = (
            f"{text!r} is {digits.replace(mark, '')} where decimal is {other!r} and grouping [{mark!r}], and "
            f"{digits.replace(mark, '.')} where decimal is {mark!r}: write the one that is meant"
        )


def _around(text: str, found: DraftMarks) -> str | None:
    """The digits of a number with the marks between them; what stands around them goes to ``found``."""
    match = _CORE.search(text)
    rest = f"{text[: match.start()]}\x00{text[match.end() :]}" if match else text
    if found_exponent := _EXPONENT.match(rest.partition("\x00")[2]):
        found.exponent.setdefault("true", text)
        rest = rest.replace(found_exponent[0], "")
    for symbol in _SYMBOL.findall(rest):
        if symbol.upper() not in _CREDITS:
            found.symbols.setdefault(symbol, text)
            rest = rest.replace(symbol, "")
    if not match and trimmed(rest) in tuple(f"{_SIGNS}\u2014"):
        found.zero.setdefault(text, text)  # as it stands: a spreadsheet's zero has its currency beside it
        return None
    before, _, after = rest.partition("\x00")
    before, after = trimmed(before), trimmed(after)
    if not match or not re.fullmatch(rf"[{_SIGNS}]?|\(", before):
        found.others.append(text)
        return None
    if before == "(" and after == ")":
        found.negative.setdefault("parentheses", text)
    elif before == "(":
        found.others.append(text)
        return None
    elif before:
        found.negative.setdefault("leading", text)
    if after and after in _SIGNS:
        found.negative.setdefault("trailing", text)
    elif after.upper() in _CREDITS:
        found.negative.setdefault(_CREDITS[after.upper()], text)
    elif after and after != ")":
        found.others.append(text)
        return None
    found.is_number += 1
    return match[0]
