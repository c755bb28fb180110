"""A table of a page: for the eye as HTML, and whole and exact as CSV."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from qbank_ledger.money import is_amount
from qbank_ledger.month_end.table import Amount

# How many rows a page shows of a table that may have many, where others follow it; its CSV has all.
SHOWN = 50
# What a spreadsheet would take for the beginning of a formula; the wide ones in Chinese or Japanese.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
# What one takes for a cell of its own where it separates them by these: our quotes then begin within a cell,
# and don't count.
_CELL_WITHIN = re.compile(r'(?<=[;\t\r\n])"*([^;\t\r\n"][^;\t\r\n]*)')


@dataclass(frozen=True, slots=True)
class Link:
    """A text that leads elsewhere; ``leaves`` the page for another of Airflow's."""

    text: str
    href: str
    leaves: bool = False


def run_link(run_no: int | None, base: str) -> Link | None:
    """To a run's page."""
    return None if run_no is None else Link(str(run_no), f"{base}/runs/{run_no}")


def load_link(load_no: int | None, base: str) -> Link | None:
    """To a load of the books."""
    return None if load_no is None else Link(str(load_no), f"{base}/books?load={load_no}")


def date_link(on: date, base: str) -> Link:
    """To the reconciliations of a date."""
    return Link(on.isoformat(), f"{base}/reconciliation?date={on}")


@dataclass(frozen=True, slots=True)
class Mark:
    """One of a few words that the eye looks for, such as a status; ``tone`` is good, warn, bad or plain."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Local:
    """A date and time by an account's clock."""

    at: datetime
    zone: str

    @property
    def date(self) -> date:
        """The date there."""
        return self.at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True, slots=True)
class Cut:
    """What is shown of a text that is too long to read; who points at it, and the CSV, has the ``whole``."""

    text: str
    whole: str


def file_name(place: str | None) -> Cut | str:
    """Of a file, without the folders; ``place`` is a path or a URL, or None where the ledger has none."""
    if place is None:
        return "(its name was not kept)"
    name = re.split(r"[/\\]", place.rstrip("/\\"))[-1] or place
    return place if name == place else Cut(name, place)


def digest(sha256: str | None) -> Cut | None:
    """The first digits of a SHA-256, which tell it from others."""
    return None if sha256 is None else Cut(sha256[:12], sha256)


Cell = str | int | bool | date | datetime | timedelta | Amount | Link | Mark | Local | Cut | Markup | None


def amount(value: Decimal | None, minor_units: int | None) -> Amount | None:
    """Money of a row, which may have none; ``minor_units``: those of its currency."""
    return None if value is None else Amount(value, minor_units or 0)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in a row and in the CSV, its title; a ``number`` stands right.

    What is ``drawn`` is not in the CSV; what is ``aside`` comes last on the page.
    """

    key: str
    title: str
    number: bool = False
    drawn: bool = False
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows by the columns' keys; a row may hold more, which is not shown. ``empty`` says what to do then.

    With ``shown``, the page has only so many rows, the first; the CSV has all.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    empty: str
    note: str = ""
    shown: int | None = None

    @property
    def on_page(self) -> Sequence[Column]:
        """The columns in the order of the page: what decides stands before what only names."""
        return sorted(self.columns, key=lambda column: column.aside)

    def as_csv(self) -> str:
        """All rows (RFC 4180); amounts with every digit, times in UTC, lengths of time in seconds."""
        columns = [each.key for each in self.columns if not each.drawn]
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows([_plain(row[key]) for key in columns] for row in self.rows)
        return out.getvalue()


def _plain(cell: Cell) -> str:  # noqa: PLR0911 - one for each kind
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Amount():
            return cell.plain()
        case int():
            return str(cell)
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        case date():
            return cell.isoformat()
        case timedelta():
            return str(round(cell.total_seconds()))
        case Local():
            return _plain(cell.at)
        case Link() | Mark():
            return _text(cell.text)
        case Cut():
            return _text(cell.whole)
    return _text(cell)


def _text(text: str) -> str:
    """The text, and never a formula: who opens the file in a spreadsheet runs nothing, in whatever country.

    A plain amount is none, and stays a number.
    """
    return _CELL_WITHIN.sub(_no_formula, f"'{text}" if _is_formula(text) else text)


def _no_formula(within: re.Match[str]) -> str:
    return f"'{within[0]}" if _is_formula(within[1]) else within[0]


def _is_formula(text: str) -> bool:
    return text.startswith(_FORMULA) and not is_amount(text)
