"""The close pack of a month: a workbook and a page, both of one state of the ledger.

Reads in one REPEATABLE READ transaction, row by row, while runs go on publishing; writes nothing to the
database. What the pack holds: docs/close.md.
"""

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Engine

from qbank_ledger.config import PACKS
from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import patiently, plan_for_sets, snapshot
from qbank_ledger.errors import CloseError, LedgerError, in_one_line
from qbank_ledger.files.scratch import scratch
from qbank_ledger.month_end import sheets
from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.page import Excerpt, write_page
from qbank_ledger.month_end.readiness import not_ready
from qbank_ledger.month_end.sql import execute, statement
from qbank_ledger.month_end.summary import about, tables
from qbank_ledger.month_end.table import cells
from qbank_ledger.month_end.tally import Tally
from qbank_ledger.month_end.workbook import Workbook, workbook

log = logging.getLogger(__name__)

_CHUNK_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack that was made: its files, in a folder or in object storage, and what the month still lacks."""

    month: str
    workbook: Any
    page: Any
    provisional: bool
    not_ready: tuple[str, ...]

    def __str__(self) -> str:
        made = f"The close pack of {self.month}{' (provisional)' if self.provisional else ''}:"
        said = " ".join(self.not_ready)
        return f"{made}\n  {self.workbook}\n  {self.page}\n" + (f"Not ready: {said}" if said else "Ready.")


def close_month(engine: Engine, month: str, folder: Any, *, patience_s: float = 0.0) -> Pack:
    """Make the pack of a month such as 2026-10 in ``folder``, in place of the one that is there.

    The folder is a Path, or what stands for one in object storage and has a Path's methods. A month that
    is not ready is packed all the same, and the pack says what it lacks; one that has not ended is
    marked provisional. A database that is away is waited for up to ``patience_s`` seconds. Raises
    CloseError for what is no month, one to come or one without any data, no folder (None) or one that
    can't be written.
    """
    asked = Month.parse(month)
    if folder is None:
        raise CloseError(
            f"There is no place for the close pack: set {PACKS} to a folder or an object-storage URL."
        )
    try:
        with _unfinished(folder) as unfinished:
            made = patiently(lambda: _make(engine, asked, unfinished), patience_s)
            xlsx, html = (_put(new, folder) for new in (made.workbook, made.page))
    except LedgerError:  # a database that is away is a ConnectionError, and no folder's fault
        raise
    except Exception as error:
        if isinstance(folder, Path) and not isinstance(error, OSError):
            raise
        why = getattr(error, "strerror", None) or in_one_line(error)
        raise CloseError(f"The close pack can't be written to {folder}: {why}.") from None
    log.info("close: %s: %s", asked, "; ".join(made.not_ready) or "ready")
    return Pack(made.month, xlsx, html, made.provisional, made.not_ready)


@contextmanager
def _unfinished(folder: Any) -> Iterator[Path]:
    """Where the pack is made, before its files take their places."""
    if isinstance(folder, Path):
        folder.mkdir(parents=True, exist_ok=True)
        with scratch(folder, ".close-") as beside:
            yield beside
    else:
        with TemporaryDirectory(prefix="qbank-close-") as here:
            yield Path(here)


def _put(file: Path, folder: Any) -> Any:
    """A whole file in its place: a folder's at once, object storage's when the last of it is there."""
    place = folder / file.name
    if isinstance(folder, Path):
        return file.replace(place)
    with file.open("rb") as source, place.open("wb") as target:
        shutil.copyfileobj(source, target)
    return place


def _make(engine: Engine, month: Month, folder: Path) -> Pack:
    title, tally = f"Close pack {month}", Tally()
    excerpts = [Excerpt(sheet) for sheet in (sheets.DATES, sheets.OPEN_ITEMS, sheets.SIGN_OFFS)]
    xlsx, html = folder / f"{month}.xlsx", folder / f"{month}.html"
    with snapshot(engine) as connection:
        plan_for_sets(connection)
        require_newest(connection)
        scope = _scope(connection, month)
        warning = "PROVISIONAL: the month has not ended" if scope.provisional else ""
        with workbook(xlsx, title, warning, scope.made_at) as book:
            asked = {
                **_dates(month),
                "close_date": scope.close_date,
                "active_at": scope.made_at if scope.provisional else None,
            }
            _fill(book, connection, asked, tally, excerpts)
            gaps, short = not_ready(month, scope, tally), tables(scope, tally)
            lines = list(about(month, scope, connection))
            said = [("Not ready", gap) for gap in gaps] or [("Ready", "Nothing is open or missing.")]
            book.summarize(title, [*lines, *said], short)
    shown = [*short, *(excerpt.table() for excerpt in excerpts)]
    write_page(html, title=title, warning=warning, lines=lines, gaps=gaps, tables=shown)
    return Pack(str(month), xlsx, html, scope.provisional, tuple(gaps))


def _scope(connection: Connection, month: Month) -> Any:
    scope = execute(connection, "scope", **_dates(month)).one()
    if scope.is_future:
        raise CloseError(f"{month} has not begun (UTC): close it when it is over.")
    if not scope.has_data:
        raise CloseError(
            f"The ledger has no balance and no reconciliation of {month}: there is nothing to close."
        )
    return scope


def _dates(month: Month) -> dict[str, Any]:
    return {
        "first_date": month.first_date,
        "last_date": month.last_date,
        "since": month.since,
        "until": month.until,
    }


def _fill(
    book: Workbook,
    connection: Connection,
    parameters: Mapping[str, Any],
    tally: Tally,
    excerpts: list[Excerpt],
) -> None:
    """Every sheet, its rows counted and excerpted on their way."""
    read_through = {excerpt.sheet: excerpt for excerpt in excerpts}
    counted = {
        sheets.BALANCES: tally.balance,
        sheets.OPEN_ITEMS: tally.open_item,
        sheets.DATES: tally.date,
        sheets.COVERAGE: tally.hour,
        sheets.MISSING: tally.missing_hours,
        sheets.SIGN_OFFS: tally.sign_off,
        sheets.SEALS: tally.seal,
    }

    def rows(sheet: sheets.Sheet) -> Iterator[list[Any]]:
        for row in _stream(connection, sheet.statement, parameters):
            counted[sheet](row)
            yield cells(sheet.columns, row)

    for sheet in counted:
        excerpt = read_through.get(sheet)
        book.add(sheet, excerpt.of(rows(sheet)) if excerpt else rows(sheet))


def _stream(connection: Connection, name: str, parameters: Mapping[str, Any]) -> Iterator[Any]:
    """The rows of ``sql/<name>.sql``, some thousands in memory at once."""
    options = {"yield_per": _CHUNK_ROWS}
    yield from connection.execute(statement(name), parameters, execution_options=options)
