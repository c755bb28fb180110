"""The close pack of a month: a workbook and a page, both of one state of the ledger.

Reads in one REPEATABLE READ transaction, row by row, while runs go on publishing; writes nothing to the
database. What the pack holds: docs/close.md.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from qbank_ledger.config import PACKS
from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import patiently, plan_for_sets, snapshot
from qbank_ledger.errors import LedgerError, NoPackError, in_one_line
from qbank_ledger.files.scratch import scratch
from qbank_ledger.month_end import sheets
from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.page import Excerpt, write_page
from qbank_ledger.month_end.readiness import not_ready
from qbank_ledger.month_end.reading import Rows
from qbank_ledger.month_end.summary import about, tables
from qbank_ledger.month_end.table import cells
from qbank_ledger.month_end.workbook import Workbook, workbook

log = logging.getLogger(__name__)


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
    CloseError for what is no month, one to come or one without any data, and NoPackError for no folder (None)
    or one that can't be written.
    """
    asked = Month.parse(month)
    if folder is None:
        raise NoPackError(
            f"The close pack has nowhere to go: set {PACKS} to a folder or an object-storage URL."
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
        raise NoPackError(f"The close pack can't be written to {folder}: {why}.") from None
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
    title = f"Close pack {month}"
    excerpts = [Excerpt(sheet) for sheet in (sheets.DATES, sheets.OPEN_ITEMS, sheets.SIGN_OFFS)]
    xlsx, html = folder / f"{month}.xlsx", folder / f"{month}.html"
    with snapshot(engine) as connection:
        plan_for_sets(connection)
        require_newest(connection)
        rows = Rows(connection, month)
        scope, tally = rows.scope, rows.tally
        warning = "PROVISIONAL: the month has not ended" if scope.provisional else ""
        with workbook(xlsx, title, warning, scope.made_at) as book:
            _fill(book, rows, excerpts)
            gaps, short = [str(gap) for gap in not_ready(month, scope, tally)], tables(scope, tally)
            lines = list(about(month, scope, connection))
            said = [("Not ready", gap) for gap in gaps] or [("Ready", "Nothing is open or missing.")]
            book.summarize(title, [*lines, *said], short)
    shown = [*short, *(excerpt.table() for excerpt in excerpts)]
    write_page(html, title=title, warning=warning, lines=lines, gaps=gaps, tables=shown)
    return Pack(str(month), xlsx, html, scope.provisional, tuple(gaps))


def _fill(book: Workbook, rows: Rows, excerpts: list[Excerpt]) -> None:
    """Every sheet, its rows counted and excerpted on their way."""
    read_through = {excerpt.sheet: excerpt for excerpt in excerpts}
    for sheet in sheets.ALL:
        written = (cells(sheet.columns, row) for row in rows.of(sheet))
        excerpt = read_through.get(sheet)
        book.add(sheet, excerpt.of(written) if excerpt else written)
