"""What the books say: files of balances, outstanding items and exchange rates, loaded whole or not at all.

A file is loaded once, however often it is given; a corrected file goes on top of the earlier one.
"""

import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from itertools import islice

from sqlalchemy import Connection, Engine

from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import in_transaction, plan_for_sets, transaction
from qbank_ledger.errors import GLFileError, GLFileUnreachableError
from qbank_ledger.files.problems import Problems, TooManyProblemsError
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import UnreachableFileError, UnreadableFileError
from qbank_ledger.recon.books_file import open_books
from qbank_ledger.recon.gl_file import AMOUNTS, KEYS, Kind
from qbank_ledger.recon.match import log_unused
from qbank_ledger.recon.outcome import Row
from qbank_ledger.recon.profile import Given, Profile
from qbank_ledger.recon.profile_file import PLAIN, PLAIN_OF, read_gl_sources
from qbank_ledger.recon.proofs import DatesAhead
from qbank_ledger.recon.reading import Reading
from qbank_ledger.recon.sql import execute

log = logging.getLogger(__name__)

_KEEP: Mapping[Kind, str] = {"gl": "insert_gl", "items": "insert_items", "rates": "insert_rates"}
_AT_ONCE = 10_000  # rows
# What a whole list of items is of, by the column that its profile or its title says.
_OF_A_LIST = {
    "as_of_date": "list_date",
    "entity": "list_entity",
    "gl_account": "list_gl_account",
    "currency": "list_currency",
}
_MOST_SHOWN = 20
_NULL = r"\N"  # as COPY writes it
_NOTHING_GIVEN = Given()


@dataclass(frozen=True, slots=True)
class Load:
    """A file that is in the ledger; ``is_new`` unless an earlier load already was this file.

    ``replaced``: how many figures of such an earlier load count no longer, since a later file has others.
    """

    load_no: int
    rows: int
    is_new: bool
    replaced: int = 0

    @property
    def stays_replaced(self) -> str:
        """What a file that is no new load does not bring back, and what would; empty: nothing."""
        if not self.replaced:
            return ""
        return (
            f"Later files replaced {self.replaced:,} of its figures, and loading it again does not bring "
            "them back. To do that, load them from a different file, such as one with only those lines."
        )


@dataclass(frozen=True, slots=True)
class _File:
    """A file as recon.file_load keeps it, but for what reading it brings."""

    path: AnySource
    profile: Profile
    given: Given
    source: str | None

    @property
    def read_as(self) -> str | None:
        """What tells two ways of reading the same bytes apart; a plain layout has one."""
        if self.profile.name in PLAIN_OF.values():
            return None
        said = json.dumps([self.profile.digest, astuple(self.given)])
        return hashlib.sha256(said.encode()).hexdigest()


def load_file(
    engine: Engine,
    path: AnySource,
    kind: Kind,
    profile: Profile | None = None,
    *,
    given: Given = _NOTHING_GIVEN,
    source: str | None = None,
    begin: Callable[[Connection], object] | None = None,
    waits: bool = True,
) -> Load:
    """Load a file of the ERP; the same bytes again, read in the same way, are the load that they were.

    It is read by ``profile``, one of this kind (default: the plain layout), with what the run says in
    ``given``. ``source``: the source of books that the file came from by itself. ``begin``: what the
    transaction begins with, such as in whose name (acting.act_as); what that one may not is a RefusedError.
    ``waits``: for a ledger that is away, for minutes; not where somebody waits for the answer meanwhile.
    Raises GLFileError, naming the file and the lines as ``line N``; nothing of it is in the ledger then.
    What was loaded and is compared with nothing is said in the log. Memory does not grow with the file.
    """
    if profile is None:
        profile = read_gl_sources(None).profile(PLAIN, kind)
    profile.require(kind)
    file = _File(path, profile, given, source)

    def load(connection: Connection) -> Load:
        require_newest(connection)
        if begin:
            begin(connection)
        return _load(connection, file)

    try:
        if waits:
            return in_transaction(engine, load)
        with transaction(engine) as connection:
            return load(connection)
    except UnreachableFileError as error:
        raise GLFileUnreachableError(
            f"The file {path} can't be read: {error}; nothing of it was loaded."
        ) from None
    except UnreadableFileError as error:
        raise GLFileError(f"The file {path} can't be read: {error}; nothing of it was loaded.") from None


def _load(connection: Connection, file: _File) -> Load:
    problems = Problems()
    rows = 0
    with open_books(file.path, file.profile) as text:
        plan_for_sets(connection)
        execute(connection, "make_incoming")
        reading = Reading(text, file.profile, file.given, problems)
        with suppress(TooManyProblemsError):
            rows = _copy(connection, file.profile.kind, _lines(reading))
            _look_at_dates(connection, reading, problems)
        if problems:
            raise GLFileError(refusal(file.path, problems))
        if reading.rounded:
            log.info(
                "gl: %s amounts of %s were rounded to remove floating-point noise", reading.rounded, file.path
            )
        return _keep(connection, file, text.sha256, rows, reading)


def refusal(path: AnySource, problems: Problems) -> str:
    """What is wrong with a file, as a message."""
    return (
        f"The file {path} has {problems.count}, and nothing of it was loaded:{problems.listed(_MOST_SHOWN)}"
    )


def _copy(connection: Connection, kind: Kind, lines: Iterator[str]) -> int:
    """Lines in COPY's text format into the table incoming, many at once; returns how many."""
    columns = ", ".join(["line_no", "cleared_date", AMOUNTS[kind], *KEYS[kind]])
    statement = f"COPY incoming ({columns}) FROM STDIN"
    cursor = connection.connection.cursor()
    copied = 0
    while chunk := list(islice(lines, _AT_ONCE)):
        cursor.copy_expert(statement, io.StringIO("".join(chunk)))
        copied += len(chunk)
    return copied


def _lines(reading: Reading) -> Iterator[str]:
    """The rows in COPY's text format; no cell holds a control character."""
    for outcome in reading.outcomes():
        if isinstance(outcome, Row):
            key = "\t".join(outcome.key).replace("\\", r"\\")
            yield f"{outcome.line}\t{outcome.cleared or _NULL}\t{outcome.amount:f}\t{key}\n"


def _look_at_dates(connection: Connection, reading: Reading, problems: Problems) -> None:
    """What only the accounts can tell: dates ahead of today."""
    list_date = reading.list_date
    if list_date and list_date > (today := execute(connection, "latest_date").scalar_one().isoformat()):
        problems.add(1, f"its date {list_date} is ahead of today, {today}")
    ahead = DatesAhead(reading.profile.kind)
    for row in execute(connection, "dates_ahead"):
        ahead.add(row.line_no, row.name, str(row.date), str(row.today))
    ahead.tell(problems)


def _keep(connection: Connection, file: _File, sha256: str, rows: int, reading: Reading) -> Load:
    kind = file.profile.kind
    identity = {"kind": kind, "sha256": sha256, "read_as": file.read_as}
    is_list = kind == "items" and file.profile.is_whole
    of = {key: reading.fixed.get(column) if is_list else None for column, key in _OF_A_LIST.items()}
    load_no = execute(
        connection,
        "number_load",
        **identity,
        source=file.source,
        file_name=str(file.path),
        profile=file.profile.name,
        rows=rows,
        skipped=reading.skipped.total(),
        **of,
    ).scalar()
    is_new, replaced = load_no is not None, 0
    if is_new:
        if is_list:
            _look_at_later(connection, file.profile, reading.fixed)
        execute(connection, _KEEP[kind], load_no=load_no)
        log.info("gl: load %s has %s rows of %s", load_no, rows, kind)
        if file.profile.is_whole:
            _tell_absent(connection, file.profile, load_no, reading.fixed)
    else:
        load_no = execute(connection, "find_load", **identity).scalar_one()
        replaced = execute(connection, "count_replaced", load_no=load_no).scalar_one()
        log.info("gl: this file of %s is already load %s", kind, load_no)
    log_unused(connection, load_no)
    load = Load(load_no, rows, is_new, replaced)
    if load.stays_replaced:
        log.warning("gl: %s is load %s. %s", file.path, load_no, load.stays_replaced)
    return load


def _look_at_later(connection: Connection, profile: Profile, fixed: Mapping[str, str]) -> None:
    """Have a list that comes after one of a later date take nothing of that back."""
    execute(connection, "make_later", profile=profile.name, as_of_date=fixed["as_of_date"])
    dropped = execute(connection, "drop_listed_later").rowcount
    cleared = execute(connection, "clear_later").rowcount
    if dropped or cleared:
        log.info(
            "gl: later lists are already loaded: %s of this list's items are in them, and %s were cleared by "
            "then",
            dropped,
            cleared,
        )


def _tell_absent(connection: Connection, profile: Profile, load_no: int, fixed: Mapping[str, str]) -> None:
    """Write what the file says by what it lacks."""
    if profile.kind == "gl":
        absent = execute(connection, "insert_absent", load_no=load_no).rowcount
        log.info("gl: load %s also has %s accounts at zero, which the file leaves out", load_no, absent)
        return
    of = {column: fixed.get(column) for column in ("as_of_date", "entity", "gl_account", "currency")}
    cleared = execute(connection, "insert_cleared", load_no=load_no, profile=profile.name, **of).rowcount
    log.info("gl: load %s also clears %s items, which the file no longer has", load_no, cleared)
