"""Numbers as ERPs write them: which marks stand in one is declared, never guessed.

``-3.000`` is three or three thousand; only a declared mark decides. What an amount is once it is read stands
in money.py.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from qbank_ledger.money import MAX_DIGITS

_MINUS = (
    "-\u2212\u2013"  # hyphen-minus, the minus sign, the en dash: spreadsheets and typesetters write all three
)
_SPACES = " \u00a0\u202f\u2009"
# What stands for the same mark, by the hand that wrote it.
_ALIKE = {" ": _SPACES, "'": "'\u2019"}
# What the mark of a credit implies for a debit.
_DEBIT = {"CR": "DR", "C": "D", "H": "S", "HABEN": "SOLL", "CREDIT": "DEBIT"}
POSITIONS = ("leading", "trailing", "parentheses")


@dataclass(frozen=True)
class Marks:
    """The marks that a number may have; what has others is none.

    ``negative``: leading, trailing (any minus), parentheses, or a mark as it stands: a minus sign before the
    number, a word such as CR on either side (DR then is its opposite). ``zero``: texts that mean 0; an empty
    one is an empty cell. ``exponent``: whether 1.2E+06 is a number.
    """

    decimal: str = "."
    grouping: tuple[str, ...] = ()
    negative: tuple[str, ...] = ("leading",)
    symbols: tuple[str, ...] = ()
    zero: tuple[str, ...] = ()
    exponent: bool = False

    def read(self, text: str) -> Decimal | None:
        """The number, exact; None where the text has not the marks that are declared."""
        if (plain := self.read_plain(text)) is not None:
            return plain
        text = text.strip(_SPACES + "\t")
        if text in self.zero:
            return Decimal(0)
        found = self._number.fullmatch(text)
        if not found:
            return None
        marks = self._mark.findall(found["before"]) + self._mark.findall(found["after"])
        signs = [mark for mark in marks if mark.casefold() not in self._symbols]
        if len(marks) - len(signs) > 1 or (negative := self._sign(signs, found["before"])) is None:
            return None
        whole = "".join(char for char in found["whole"] if char.isdigit())
        # Nobody groups 0,500: that is a decimal mark.
        is_misread = bool(found["g"] or found["i"]) and whole.startswith("0") and whole.strip("0") != ""
        digits = f"{whole}.{found['fraction'] or '0'}" if found["fraction"] else whole
        if is_misread or len(whole) > MAX_DIGITS or len(found["fraction"] or "") > MAX_DIGITS:
            return None
        number = Decimal(f"{'-' if negative else ''}{digits}{found['exponent'] or ''}")
        return number if number.adjusted() < MAX_DIGITS else None

    def read_plain(self, text: str) -> Decimal | None:
        """The number that Decimal reads as it stands; None where the text is none."""
        return Decimal(text) if self._plainest.fullmatch(text) else None

    def symbol(self, text: str) -> str | None:
        """The declared symbol that stands beside the number in whatever case, if any."""
        marks = map(str.casefold, self._mark.findall(text))
        return next((self._symbols[mark] for mark in marks if mark in self._symbols), None)

    @cached_property
    def groupers(self) -> frozenset[str]:
        """Every character that may stand between thousands, by whatever hand."""
        return frozenset("".join(_ALIKE.get(mark, mark) for mark in self.grouping))

    @cached_property
    def example(self) -> str:
        """How a number is written that fits."""
        group = self.grouping[0] if self.grouping else ""
        number = f"1{group}234{self.decimal}50"
        how = self.negative[0] if self.negative else ""
        shown = {
            "": number,
            "leading": f"-{number}",
            "trailing": f"{number}-",
            "parentheses": f"({number})",
        }.get(how, f"{how}{number}" if how in _MINUS else f"{number} {how}")
        return f"{self.symbols[0]} {shown}" if self.symbols else shown

    def _sign(self, signs: list[str], before: str) -> bool | None:
        """Whether the marks make it negative; None where they don't go together."""
        if sorted(signs) == ["(", ")"]:
            return before.count("(") == 1
        if len(signs) > 1 or signs[:1] in (["("], [")"]):
            return None
        return bool(signs) and signs[0].casefold() not in self._debits

    @cached_property
    def _symbols(self) -> dict[str, str]:
        return {symbol.casefold(): symbol for symbol in self.symbols}

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return tuple(mark for mark in self.negative if mark not in POSITIONS and mark not in tuple(_MINUS))

    @cached_property
    def _debits(self) -> frozenset[str]:
        return frozenset(_DEBIT[word.upper()].casefold() for word in self._words if word.upper() in _DEBIT)

    @cached_property
    def _plainest(self) -> re.Pattern[str]:
        """What Decimal reads as it stands: most numbers of most files."""
        sign = "-?" if {"leading", "-"} & set(self.negative) else ""
        fraction = rf"(?:\.[0-9]{{1,{MAX_DIGITS}}})?" if self.decimal == "." else ""
        return re.compile(rf"{sign}[0-9]{{1,{MAX_DIGITS}}}{fraction}")

    @cached_property
    def _mark(self) -> re.Pattern[str]:
        return re.compile(f"{_any([*self.symbols, *self._words, *self._debits])}|[{_MINUS}()]", re.IGNORECASE)

    @cached_property
    def _number(self) -> re.Pattern[str]:
        leading = _MINUS if "leading" in self.negative else "".join(set(self.negative) & set(_MINUS))
        trailing = _MINUS if "trailing" in self.negative else ""
        opened, closed = ("(", ")") if "parentheses" in self.negative else ("", "")
        beside = [*self.symbols, *self._words, *self._debits]
        before, after = (_any([*beside, *marks, *_SPACES]) for marks in (leading + opened, trailing + closed))
        grouped = "".join(sorted(self.groupers))
        # Three digits behind each mark, or as in India, two and at the end three; one mark throughout.
        mark = f"[{re.escape(grouped)}]" if grouped else "(?!)"
        groups = (
            rf"[0-9]{{1,3}}(?P<g>{mark})[0-9]{{3}}(?:(?P=g)[0-9]{{3}})*"
            rf"|[0-9]{{1,2}}(?P<i>{mark})[0-9]{{2}}(?:(?P=i)[0-9]{{2}})*(?P=i)[0-9]{{3}}"
        )
        fraction = re.escape(self.decimal)
        exponent = r"(?P<exponent>[eE][+-]?[0-9]{1,2})?" if self.exponent else "(?P<exponent>x{0})"
        return re.compile(
            # Without a whole part, as databases write .50.
            rf"(?P<before>(?:{before})*)(?P<whole>{groups}|[0-9]+|(?={fraction}))"
            rf"(?:{fraction}(?P<fraction>[0-9]+))?{exponent}(?P<after>(?:{after})*)",
            re.IGNORECASE,
        )


def _any(texts: list[str]) -> str:
    """A pattern of any of these, the longest first; of none where there are none."""
    return "|".join(re.escape(text) for text in sorted(set(texts), key=len, reverse=True)) or "(?!)"
