"""Which date a file's balances are of: a closing that a line above them names, or a column; else ?.

The day of a print-out is no closing, and of two dates none is unless they are a period's first and last day.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qbank_ledger.files.cell import shown
from qbank_ledger.files.records import Record
from qbank_ledger.recon.cells import trimmed
from qbank_ledger.recon.draft_file import Seen, column_name
from qbank_ledger.recon.profile import ASKS

_LONG = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_MONTH = rf"(?:{'|'.join(name[:3] for name in _LONG)})[a-z]*"
_PERIOD = "%m %Y"  # as SAP writes one, of whatever fiscal year
# %B stands for a month's name, long or short: which it is, each date tells, but in May.
_FORMS = (
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d"),
    (r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    (rf"[0-9]{{1,2}} {_MONTH} [0-9]{{4}}", "%d %B %Y"),
    (rf"[0-9]{{1,2}}-{_MONTH}-[0-9]{{4}}", "%d-%B-%Y"),
    (rf"{_MONTH} [0-9]{{1,2}}, [0-9]{{4}}", "%B %d, %Y"),
    (rf"{_MONTH} [0-9]{{4}}", "%B %Y"),
    (r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", ASKS),
    (r"(?:0?[1-9]|1[0-2]) [0-9]{4}", _PERIOD),
)
_DATE = re.compile(rf"(?<![0-9])(?:{'|'.join(f'({pattern})' for pattern, _ in _FORMS)})(?![0-9])")
# The line of a print-out: who made it, and when.
_PRINTED = re.compile(
    r"\b(?:print(?:ed)?|print[- ]?out|run (?:date|time|on|by)|generated|created|exported|extracted|downloaded"
    r"|user|produced|\w*gedruckt|druck(?:datum)?|ausdruck|erstellt\w*|exportiert|erzeugt|benutzer|imprimée?|éditée?"
    r"|édition|générée?|utilisateur|impres[oa]|emitid[oa]|emisi[oó]n|generad[oa]|usuario|stampa(?:to|ta)?|utente"
    r"|afgedrukt|aangemaakt|gebruiker|utskriv\w*|wydruk\w*)\b|[0-9]\s+[0-9]{1,2}:[0-9]{2}\b",
    re.IGNORECASE,
)
# What says of the date right behind it that it is a closing.
_CLOSING = re.compile(
    r"\b(?:as of|as at|at|end of|ended|ending|end|to|until|till|through|thru|for|month|stand|stichtag|per|zum"
    r"|bis|monat|period\w*|périod\w*|au|mois|al|hasta|mes|mese|op|t/m|tot)\b"
    r"[\s:.,]*(?:(?:the|den|dem)\s+|\w+day,?\s+)?$",
    re.IGNORECASE,
)
_BEGINNING = re.compile(
    r"\b(?:from|since|begin\w*|start\w*|von|vom|ab|seit|du|desde|dal|van)\b[\s:.]*$", re.IGNORECASE
)
_COMPARED = re.compile(
    r"\b(?:vs|versus|compar\w*|previous|prior|vorjahr\w*|vorperiode|vergleich\w*)\b", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"[\s,]*(?:[-\u2013\u2014]|\.\.|to|until|till|through|thru|bis(?: zum)?|au|al|hasta|t/m|tot)[\s:]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Title:
    """A date in a line above the header; ``doubt`` says why it may be no closing."""

    record: Record
    start: int
    text: str
    form: str
    pattern: str
    doubt: str

    @property
    def on(self) -> date | str:
        """The day, of a month its last; its text where nobody knows what it says."""
        return _day(self.text, self.form) or self.text


def date_of(file: Seen, roles: Mapping[str, list[int]]) -> Iterator[str]:
    """The line of the key ``date``."""
    titles = [title for record in file.above if (title := _title(record))]
    places = [place for place in roles.get("date", []) if not _PRINTED.search(file.header.cells[place])]
    printed = [record for record in file.above if _PRINTED.search(record.text) and _DATE.search(record.text)]
    if titles:
        yield _of_title(file, titles)
    elif places:
        yield _of_column(file, places[0])
    elif printed:
        why = f"line {printed[0].line} has the day of a print-out, {shown(printed[0].text)}: by the run"
        yield f"    date: given  # {why}"
    else:
        yield "    date: given  # no line or column says it: by the run"


def _title(record: Record) -> _Title | None:
    """The last date of a line; None where it has none, or that of a print-out, or of a beginning."""
    text = record.text
    found = list(_DATE.finditer(text))
    if not found or _PRINTED.search(text) or _BEGINNING.search(text[: found[-1].start()]):
        return None
    (last_pattern, form), last = _form(found[-1]), found[-1]
    doubt = ""
    if len(found) == 1:
        if not _CLOSING.search(text[: last.start()]) or _COMPARED.search(text):
            doubt = f"write {form} if that is the closing, and not the day of the print-out; else say given"
    elif len(found) > 2 or not _is_period(text, found[0], last):
        doubt = f"it has {len(found)} dates: write {form} if the last is the closing; else say given"
    return _Title(record, last.start(), last[0], form, last_pattern, doubt)


def _is_period(text: str, first: re.Match[str], last: re.Match[str]) -> bool:
    """Whether the second date is the last day of what began with the first."""
    (_, form), (_, other) = _form(first), _form(last)
    began, ended = _day(first[0], form), _day(last[0], other)
    in_order = began is None or ended is None or began <= ended
    return in_order and bool(_BETWEEN.fullmatch(text[first.end() : last.start()]))


def _of_title(file: Seen, titles: list[_Title]) -> str:
    closings = [title for title in titles if not title.doubt]
    title = (closings or titles)[0]
    lines = {str(other.record.line): None for other in titles if other.record is not title.record}
    form, why = title.form, f"line {title.record.line} says {shown(title.record.text)}"
    why += f"; there are dates in line {', '.join(lines)}, too" if lines else ""
    pattern = _pattern(file, title)
    if unread := _unread(title.text, form):
        form, why = ASKS, f"{why}: {unread}"
    elif title.doubt:
        form, why = ASKS, f"{why}: {title.doubt}"
    elif len({closing.on for closing in closings}) > 1:
        form, why = ASKS, f"{why}: write {form} if that is the closing of the balance below"
    elif pattern is None:
        form, why = ASKS, f"{why}: write the pattern that finds this date, and {form}"
    written = json.dumps(pattern or f"({title.pattern})", ensure_ascii=False)
    return f"    date: {{title: {written}, format: {json.dumps(form)}}}  # {why}"


def _pattern(file: Seen, title: _Title) -> str | None:
    """What finds this date and no other above the header: by the words before it, or by all before it."""
    before = title.record.text[: title.start]
    words = re.sub(r"^.*[0-9]", "", before)
    near = f"{'^' if words == before else ''}{_literally(words)}({title.pattern})"
    whole, at = "^", 0
    for found in _DATE.finditer(before):
        whole += f"{_literally(before[at : found.start()])}{_form(found)[0]}"
        at = found.end()
    far = f"{whole}{_literally(before[at:])}({title.pattern})"
    for pattern in (near, far):
        matches = (re.search(pattern, record.text) for record in file.above)
        dates = {match[1] for match in matches if match}
        if dates == {title.text}:
            return pattern
    return None


def _literally(words: str) -> str:
    """A pattern of these words, in which each number may be another."""
    return re.sub(r"[0-9]+", "[0-9]+", re.escape(words).replace("\\ ", " "))


def _form(found: re.Match[str]) -> tuple[str, str]:
    """The pattern and the form of a date that _DATE found."""
    pattern, form = _FORMS[(found.lastindex or 1) - 1]
    month = re.search("[A-Za-z]+", found[0])
    return pattern, form.replace("%B", "%b") if month and month[0] not in _LONG else form


def _unread(text: str, form: str) -> str:
    """Why other months may not read in the form that this date has; empty where they do."""
    if form == ASKS:
        return "write %d/%m/%Y or %m/%d/%Y"
    if _day(text, form) is None:
        return f"{text} is no date in English: say others in names, and {form}"
    if form == _PERIOD:
        return f"write {form} if your fiscal year is the calendar's; else say given, or names of its periods"
    if "%B" in form and "May" in text:
        short = form.replace("%B", "%b")
        return f"May is a long name and a short one: write {form} where June is June, {short} where it is Jun"
    return ""


def _day(text: str, form: str) -> date | None:
    try:
        read = datetime.strptime(text, form).date()  # noqa: DTZ007 - a date alone
    except ValueError:
        return None
    return read if "%d" in form else (read + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _of_column(file: Seen, place: int) -> str:
    cells = [trimmed(record.cells[place]) for record in file.below if place < len(record.cells)]
    cell = next(filter(None, cells), "")
    found = next((found for found in _DATE.finditer(cell) if found.end() == len(cell)), None)
    pattern, form = _form(found) if found else ("", ASKS)
    is_part = found and found[0] != cell
    within = f", pattern: {json.dumps(f'({pattern})$')}" if is_part else ""
    name = column_name(file.header, place)
    why = f"its name says so, such as {shown(cell)}"
    if found and (unread := _unread(found[0], form)):
        form, why = ASKS, f"{why}: {unread}"
    return f"    date: {{column: {name}{within}, format: {json.dumps(form)}}}  # {why}"
