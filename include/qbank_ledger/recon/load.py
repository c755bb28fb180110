"""What the ERP says: files of closing balances and outstanding items, loaded whole or not at all.

A file is loaded once, however often it is given; a corrected file goes on top of the earlier one.
"""

import io
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, Engine

from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import in_transaction, plan_for_sets
from qbank_ledger.errors import GLFileError
from qbank_ledger.files.problems import Problems, TooManyProblemsError
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import TextFile, UnreadableFileError
from qbank_ledger.recon.gl_file import COLUMNS, KEYS, Kind, Row, read_rows
from qbank_ledger.recon.match import log_unused
from qbank_ledger.recon.sql import execute

log = logging.getLogger(__name__)

_KEEP: Mapping[Kind, str] = {"gl": "insert_gl", "items": "insert_items"}
_AT_ONCE = 10_000  # rows
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Load:
    """A file that is in the ledger; ``is_new`` unless an earlier load already was this file."""

    load_no: int
    rows: int
    is_new: bool


def load_file(engine: Engine, path: AnySource, kind: Kind) -> Load:
    """Load a file of the ERP; the same bytes again are the load that they were.

    Raises GLFileError, naming the file and the lines as ``line N``; nothing of it is in the ledger then.
    What was loaded and is compared with nothing is said in the log. Memory does not grow with the file.
    """
    try:
        return in_transaction(engine, lambda connection: _load(connection, path, kind))
    except UnreadableFileError as error:
        raise GLFileError(f"The file {path} can't be read: {error}; nothing of it was loaded.") from None


def _load(connection: Connection, path: AnySource, kind: Kind) -> Load:
    problems = Problems()
    rows = 0
    with TextFile(path) as file:
        require_newest(connection)
        plan_for_sets(connection)
        execute(connection, "make_incoming")
        with suppress(TooManyProblemsError):
            rows = _copy(connection, kind, read_rows(file, kind, problems))
            if kind == "gl" and not rows and not problems:
                problems.add(1, "it holds no balance")
            _look_at_all(connection, kind, problems)
        if problems:
            raise GLFileError(
                f"The file {path} has {problems.count}, and nothing of it was loaded:"
                f"{problems.listed(_MOST_SHOWN)}"
            )
        return _keep(connection, kind, file.sha256, rows)


def _copy(connection: Connection, kind: Kind, rows: Iterable[Row]) -> int:
    """Rows into the table incoming, many at once; returns how many."""
    statement = f"COPY incoming (line_no, {', '.join(COLUMNS[kind])}) FROM STDIN"
    cursor = connection.connection.cursor()
    copied, left = 0, iter(rows)
    while chunk := list(islice(left, _AT_ONCE)):
        cursor.copy_expert(statement, io.StringIO("".join(_copied(row, kind) for row in chunk)))
        copied += len(chunk)
    return copied


def _copied(row: Row, kind: Kind) -> str:
    """A row in COPY's text format; none of its cells holds a control character."""
    cells = (
        r"\N" if column == "cleared_date" and not cell else cell.replace("\\", r"\\")
        for column, cell in zip(COLUMNS[kind], row.cells, strict=True)
    )
    return "\t".join([str(row.line), *cells]) + "\n"


def _look_at_all(connection: Connection, kind: Kind, problems: Problems) -> None:
    """What only the rows together, or the accounts, can tell: rows twice, dates ahead of today."""
    for row in execute(connection, "duplicates"):
        problems.add(row.line_no, f"it duplicates line {row.first_line}: the same {', '.join(KEYS[kind])}")
    for row in execute(connection, "dates_ahead"):
        problems.add(
            row.line_no, f"{row.name} {row.date} is ahead of today, {row.today} where the account is"
        )


def _keep(connection: Connection, kind: Kind, sha256: str, rows: int) -> Load:
    load_no = execute(connection, "number_load", kind=kind, sha256=sha256, rows=rows).scalar()
    is_new = load_no is not None
    if is_new:
        execute(connection, _KEEP[kind], load_no=load_no)
        log.info("gl: load %s has %s rows of %s", load_no, rows, kind)
    else:
        load_no = execute(connection, "find_load", kind=kind, sha256=sha256).scalar_one()
        log.info("gl: this file of %s is already load %s", kind, load_no)
    log_unused(connection, load_no)
    return Load(load_no, rows, is_new)
