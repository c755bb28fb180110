"""What a cell means: an amount in its currency, a rate, an account, an entity, a currency, a date.

Each either reads as its profile declares, or says what was expected.
"""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from functools import cache

from qbank_ledger.files.cell import unfit
from qbank_ledger.files.workbook import Day, Number
from qbank_ledger.money import MAX_DIGITS, MINOR_UNITS, plain, too_many_decimals
from qbank_ledger.recon.currency_signs import currencies_of
from qbank_ledger.recon.gl_file import CURRENCIES, DATES, SIDES
from qbank_ledger.recon.profile import Place, Profile

# Wide enough for any sum of amounts; were one not, that would be an error and no rounding.
EXACT = Context(prec=400, traps=[Inexact, InvalidOperation])
_ROUNDING = Context(prec=400, rounding=ROUND_HALF_EVEN)
_SPREADSHEET_DIGITS = 15
_AS_SHOWN = Context(prec=_SPREADSHEET_DIGITS, rounding=ROUND_HALF_EVEN)
_AS_TEXT = "format the cell as text, and type it again"
_ISO = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BLANK = " \u00a0\u202f\t"
# The numbers of a date's form, with their digits, and where nothing parts one from the next.
_WIDTHS = {"Y": 4, "G": 4, "j": 3, "w": 1, "u": 1, **dict.fromkeys("dmyVUWHIMS", 2)}
_TOUCHING = re.compile(rf"(?:%[{''.join(_WIDTHS)}]){{2,}}|%.|\s+|[^%\s]+", re.DOTALL)
_A_CURRENCY = "write the ISO 4217 code of a currency with minor units, such as EUR"


class Wrong(Exception):
    """A cell that does not read as declared; ``str()`` says what was expected."""


class Amounts:
    """Reads amounts as a profile's marks say; counts those whose noise was rounded."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self.rounded = 0

    def read(self, cell: str, currency: str) -> Decimal:
        """The amount, scaled, with no more decimals than its currency has, or the rate. Raises Wrong."""
        marks = self._profile.marks
        if isinstance(cell, Number):
            number: Decimal | None = Decimal(cell)
        else:
            number = marks.read_plain(cell) if self._profile.exactly else marks.read(cell)
        if number is None:
            if cell.startswith("="):
                raise Wrong(
                    "it is a formula without a calculated value: open the file in a spreadsheet and save it"
                )
            expected = f"the profile declares numbers such as {marks.example}"
            raise Wrong(unfit(cell) or expected)
        if self._profile.kind == "rates":
            return self._rate(number, cell)
        if marks.symbols and not isinstance(cell, Number) and (symbol := marks.symbol(cell)):
            of = currencies_of(symbol)
            if of and currency and currency not in of:
                raise Wrong(f"it is in {symbol}, the row in {currency}")
        if currency in self._profile.scale:
            number = EXACT.multiply(number, self._profile.scale[currency]).normalize(EXACT)
        minor = MINOR_UNITS.get(currency, MAX_DIGITS)  # of an unknown one its row says what is wrong
        digits = number.adjusted() + 1 + minor if currency in MINOR_UNITS else 0
        if isinstance(cell, Number) and number and digits > _SPREADSHEET_DIGITS:
            raise Wrong(
                f"a spreadsheet's number has {_SPREADSHEET_DIGITS} digits, and {currency} needs more of it: "
                "export it as CSV, or the cell as text"
            )
        if number.adjusted() >= MAX_DIGITS:
            raise Wrong(f"it has more than {MAX_DIGITS} digits before its point")
        if -int(number.as_tuple().exponent) > minor:
            number = self._rounded(number, minor, cell, currency)
        return EXACT.plus(number)  # not -0

    def _rate(self, number: Decimal, cell: str) -> Decimal:
        """A rate: no currency bounds its decimals; a spreadsheet's is as it shows it, without noise."""
        if number <= 0:
            raise Wrong("write a rate above 0")
        if isinstance(cell, Number):
            near = _AS_SHOWN.plus(number)
            self.rounded += near != number
            return near
        if max(len(number.as_tuple().digits), -int(number.as_tuple().exponent)) > MAX_DIGITS:
            raise Wrong(f"it has more than {MAX_DIGITS} digits")
        return number

    def _rounded(self, number: Decimal, minor: int, cell: str, currency: str) -> Decimal:
        """Without a float's noise, where noise is what it is."""
        if isinstance(cell, Number) or self._profile.rounds_noise:
            near = number.quantize(Decimal(1).scaleb(-minor), context=_ROUNDING)
            if abs(EXACT.subtract(number, near)) <= Decimal(1).scaleb(-minor - 3):
                self.rounded += near != number
                return near
            if isinstance(cell, Number):
                raise Wrong(f"it has {len(f'{number:f}'.partition('.')[2])} decimals, {currency} {minor}")
        raise Wrong(too_many_decimals(f"{number:f}", currency) or "")


def trimmed(cell: str) -> str:
    """A cell without the space around it, which an ERP's padding is; a spreadsheet's value has none."""
    kept = cell.strip(_BLANK)
    return cell if kept == cell else kept


def meant(place: Place, column: str, cell: str) -> str:
    """What a cell or title says of a column, such as an account or a date (ISO's). Raises Wrong."""
    if not cell and "" not in place.names:
        raise Wrong("")
    if why := unfit(cell):
        raise Wrong(why)
    if isinstance(cell, Day):
        if column in DATES:
            return str(cell)
        if column != "reference":
            raise Wrong(f"a spreadsheet turned it into a date: {_AS_TEXT}")
    if isinstance(cell, Number) and Decimal(cell).adjusted() >= _SPREADSHEET_DIGITS:
        raise Wrong(f"a spreadsheet keeps {_SPREADSHEET_DIGITS} digits of a number: {_AS_TEXT}")
    text: str = cell
    if place.pattern and cell:
        found = place.pattern.search(text)
        if not found or not found[1]:
            raise Wrong(f"it does not match {place.pattern.pattern}: skip such rows, or correct the pattern")
        text = trimmed(found[1])
    if place.strip_zeros:
        text = text.lstrip("0") or "0"
    is_named = text in place.names or cell in place.names
    text = place.names.get(text, place.names.get(cell, text))
    if column in DATES:
        return _date(place, text)
    if column in CURRENCIES and text not in MINOR_UNITS:
        raise Wrong(_A_CURRENCY)
    if column == "side" and (text not in SIDES or (place.names and not is_named)):
        declared = f"the profile declares {', '.join(sorted(place.names))}"
        raise Wrong(declared if place.names else f"write {' or '.join(SIDES)}")
    return text


def _date(place: Place, text: str) -> str:
    """A date in its form; of one without a day the month's last."""
    what = "it is a number: format the column as a date, or " if isinstance(text, Number) else ""
    try:
        if not text.isascii() or place.format is None:
            return _iso(text)
        if len(text) == len("2026-10-31") and text in place.names.values():
            return _iso(text)
        read = datetime.strptime(text, place.format).date()  # noqa: DTZ007 - a date alone
    except ValueError:
        form = f" in the form {place.format}" if place.format else " such as 2026-10-31"
        raise Wrong(f"{what}write a date{form}") from None
    if not _every_digit(place.format).fullmatch(text):
        raise Wrong(f"write a date in the form {place.format}, with its leading zeros")
    if not {"%d", "%j", "%x", "%c"} & {place.format[n : n + 2] for n in range(len(place.format))}:
        read = (read.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return read.isoformat()


@cache
def _every_digit(form: str) -> re.Pattern[str]:
    """What a date in this form looks like where its numbers have all their digits, if nothing parts them.

    In ``%d%m%Y`` 1032026 is 1 March without its zero, or 10 March without another; strptime takes the latter.
    """
    parts = []
    for part in _TOUCHING.findall(form):
        numbers = part.replace("%", "")
        if len(part) > 2 and part[0] == "%" and not set(numbers) <= set("HMSI"):
            parts.append(f"[0-9]{{{sum(_WIDTHS[number] for number in numbers)}}}")
        elif part == "%%" or part[0] != "%":
            parts.append(r"\s+" if part.isspace() else re.escape(part.replace("%%", "%")))
        else:
            parts.append(".+")
    return re.compile("".join(parts), re.DOTALL | re.IGNORECASE)


def _iso(text: str) -> str:
    if not _ISO.fullmatch(text):
        raise ValueError  # 2026-W44-6 is one of ISO's, too
    return date.fromisoformat(text).isoformat()


def written(amount: Decimal, currency: str) -> str:
    """An amount as people read it: every digit, thousands apart, as many decimals as the currency has."""
    whole, _, fraction = plain(amount, MINOR_UNITS[currency]).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = ",".join([digits[max(0, end - 3) : end] for end in range(len(digits), 0, -3)][::-1])
    return f"{sign}{grouped}.{fraction}" if fraction else f"{sign}{grouped}"
