"""What the ERP says: files of closing balances and outstanding items, read strictly, loaded whole.

A file is loaded once, however often it is given; a corrected file goes on top of the earlier one.
What its columns mean stands in the comments on ``recon.gl_balance`` and ``recon.item``.
"""

import csv
import hashlib
import io
import logging
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from iso4217 import Currency
from sqlalchemy import Engine

from qbank_ledger.database import execute, transaction
from qbank_ledger.errors import LedgerError
from qbank_ledger.migrate import require_newest

log = logging.getLogger(__name__)

Kind = Literal["gl", "items"]


class GLFileError(LedgerError, ValueError):
    """A file from the ERP can't be used; names the file and the lines. Nothing of it was loaded."""


@dataclass(frozen=True, slots=True)
class Load:
    """A file that is in the ledger; ``is_new`` unless an earlier load already was this file."""

    load_no: int
    rows: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Form:
    """What a kind of file looks like, and the columns that say which row it is."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


_GL = ("entity", "gl_account", "currency", "as_of_date", "balance")
_ITEM = (
    "entity",
    "gl_account",
    "currency",
    "item_date",
    "cleared_date",
    "side",
    "kind",
    "amount",
    "reference",
)
_FORMS: Mapping[Kind, _Form] = {
    "gl": _Form("recon.gl_balance", _GL, _GL[:-1]),
    "items": _Form("recon.item", _ITEM, tuple(c for c in _ITEM if c not in ("cleared_date", "amount"))),
}
_MAY_BE_EMPTY = frozenset({"cleared_date", "reference"})
_MOST_PROBLEMS = 20
_MOST_CHARACTERS = 140  # of a text: four together still fit an index
_CURRENCIES = frozenset(currency.code for currency in Currency)
_AMOUNT = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def load(engine: Engine, path: Path, kind: Kind) -> Load:
    """Load a file of the ERP; the same bytes again are the load that they were.

    Raises GLFileError, naming the file and the lines as ``line N``, before anything is written.
    """
    try:
        content = path.read_bytes()
        text = content.removeprefix(BOM_UTF8).decode()
    except OSError as error:
        raise GLFileError(f"The file {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise GLFileError(f"The file {path} can't be read: line {line} is not UTF-8 text.") from None
    problems: list[str] = []
    rows = list(_rows(text, _FORMS[kind], problems))
    if kind == "gl" and not rows and not problems:
        problems.append("line 1: it holds no balance")
    if problems:
        shown = "".join(f"\n  {problem}" for problem in problems[:_MOST_PROBLEMS])
        more = f"\n  … and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
        raise GLFileError(
            f"The file {path} has {len(problems)} problem(s), and nothing of it was loaded:{shown}{more}"
        )
    return _write(engine, kind, hashlib.sha256(content).hexdigest(), rows)


def _write(engine: Engine, kind: Kind, sha256: str, rows: list[list[str]]) -> Load:
    form = _FORMS[kind]
    with transaction(engine) as connection:
        require_newest(connection)
        load_no = execute(connection, "recon_load", kind=kind, sha256=sha256, rows=len(rows)).scalar()
        if load_no is None:
            earlier = execute(connection, "recon_loaded", kind=kind, sha256=sha256).scalar_one()
            log.info("gl: this file of %s is already load %s", kind, earlier)
            return Load(earlier, len(rows), is_new=False)
        lines = ("\t".join([str(load_no), *row]) + "\n" for row in rows)
        cursor = connection.connection.cursor()
        cursor.copy_expert(
            f"COPY {form.table} (load_no, {', '.join(form.columns)}) FROM STDIN", io.StringIO("".join(lines))
        )
    log.info("gl: load %s has %s rows of %s", load_no, len(rows), kind)
    return Load(load_no, len(rows), is_new=True)


def _copied(column: str, cell: str) -> str:
    """A cell in COPY's text format; none holds a control character."""
    return r"\N" if column == "cleared_date" and not cell else cell.replace("\\", r"\\")


def _rows(text: str, form: _Form, problems: list[str]) -> Iterator[list[str]]:
    """The rows that are right, as COPY takes them; what is wrong goes to ``problems``."""
    separator = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    first_line: dict[tuple[str, ...], int] = {}
    ended = 0  # the last line of the record before: an open quote runs on, and began in the line after it
    try:
        header = next(reader, [])
        if tuple(header) != form.columns:
            problems.append(f"line 1: the header must be {','.join(form.columns)}")
            return
        ended = reader.line_num
        for cells in reader:
            line, ended = ended + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(form.columns):
                problems.append(f"line {line}: it has {len(cells)} fields, the header {len(form.columns)}")
                continue
            row = dict(zip(form.columns, cells, strict=True))
            wrong = list(_wrong(row))
            key = tuple(row[column] for column in form.key)
            if not wrong and key in first_line:
                wrong.append(
                    f"a row for the same {', '.join(form.key)} stands already at line {first_line[key]}"
                )
            first_line.setdefault(key, line)
            problems.extend(f"line {line}: {what}" for what in wrong)
            if not wrong:
                yield [_copied(column, cell) for column, cell in row.items()]
    except csv.Error as error:
        problems.append(f"line {ended + 1}: {error}")


def _wrong(row: Mapping[str, str]) -> Iterator[str]:
    """What a row has that its columns can't take."""
    for column, cell in row.items():
        if not cell and column in _MAY_BE_EMPTY:
            continue
        fits, what = _CHECKS[column]
        if not cell:
            yield f"{column} is missing"
        elif cell != cell.strip() or not cell.isprintable():
            yield f"{column} is {cell!r}: it holds a space around it or a character that can't be seen"
        elif not fits(cell):
            yield f"{column} is {cell!r:.80}: write {what}"
    item_date, cleared = row.get("item_date", ""), row.get("cleared_date", "")
    if cleared and _is_date(item_date) and _is_date(cleared) and cleared < item_date:
        yield f"cleared_date {cleared} is before item_date {item_date}"


def _is_date(cell: str) -> bool:
    try:
        return bool(_DATE.fullmatch(cell)) and bool(date.fromisoformat(cell))
    except ValueError:
        return False


def _is_amount(cell: str) -> bool:
    return bool(_AMOUNT.fullmatch(cell))


def _is_text(cell: str) -> bool:
    return len(cell) <= _MOST_CHARACTERS


_A_DATE = (_is_date, "a date such as 2026-10-31")
_A_TEXT = (_is_text, f"at most {_MOST_CHARACTERS} characters")
_AN_AMOUNT = (_is_amount, "a plain decimal such as -1234.50: digits, a point, a leading minus")
_CHECKS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "entity": _A_TEXT,
    "gl_account": _A_TEXT,
    "kind": _A_TEXT,
    "reference": _A_TEXT,
    "currency": (_CURRENCIES.__contains__, "an ISO 4217 code such as EUR"),
    "as_of_date": _A_DATE,
    "item_date": _A_DATE,
    "cleared_date": _A_DATE,
    "balance": _AN_AMOUNT,
    "amount": _AN_AMOUNT,
    "side": (("bank", "book").__contains__, "bank or book"),
}
