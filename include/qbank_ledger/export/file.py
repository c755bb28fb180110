"""The export itself: the newest balances, or the closings of a date, read and written as they come.

One REPEATABLE READ, READ ONLY transaction; memory holds some thousand rows, whatever the count.
"""

import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

from sqlalchemy import Engine, text

from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import plan_for_sets, snapshot
from qbank_ledger.errors import ExportError
from qbank_ledger.export.balance import Balance, NotExportableError
from qbank_ledger.export.sql import statement
from qbank_ledger.files.scratch import scratch

log = logging.getLogger(__name__)

_CHUNK_ROWS = 1000
_NOW = text("SELECT now()")
_FIELDS = tuple(field.name for field in fields(Balance))


class Format(Protocol):
    """A file's text in the order in which it is written: head, accounts, foot."""

    def head(self) -> str: ...
    def account(self, balance: Balance) -> str:
        """The account's text; raises NotExportableError, having written nothing of it, if it does not fit."""

    def foot(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Export:
    """How many accounts a file has, how many were refused, and how many of its balances are stale."""

    written: int
    refused: int
    stale: int


def export_balances(
    engine: Engine,
    form: Callable[[datetime], Format],
    out: TextIO,
    say: Callable[[str], None],
    closing_of: date | None = None,
) -> Export:
    """Write every active account's newest balance, or its closing of a date, to ``out``.

    ``form`` takes the moment of the export; the date is by each account's own time zone. ``say`` is told
    of each account that was refused, with the reason. Raises ExportError, and has written nothing, when
    no account is left.
    """
    written = refused = stale = 0
    with snapshot(engine) as connection:
        plan_for_sets(connection)
        require_newest(connection)
        writer = form(connection.execute(_NOW).scalar_one())
        stream = connection.execution_options(yield_per=_CHUNK_ROWS)
        rows = (
            stream.execute(statement("newest_balances"))
            if closing_of is None
            else stream.execute(statement("closings"), {"date": closing_of})
        )
        for row in rows:
            try:
                balance = _balance(row)
                account = writer.account(balance)
            except NotExportableError as why:
                refused += 1
                say(f"Not exported: {row.account_id}: {why}.")
                continue
            out.write(account if written else writer.head() + account)
            written += 1
            stale += balance.is_stale
    if not written:
        raise ExportError(
            f"Nothing was exported: none of the {refused} active account(s) has a balance that can be "
            "exported."
        )
    out.write(writer.foot())
    log.info("export: %d written, %d refused, %d stale", written, refused, stale)
    return Export(written, refused, stale)


def _balance(row: Any) -> Balance:
    on = row.closing_of
    if on and not row.is_over:
        raise NotExportableError(
            f"{on} ends at {row.closes_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}, and has no closing balance "
            "before then"
        )
    if row.ledger_balance is None:
        raise NotExportableError(f"it has no closing balance on {on}" if on else "it has no balance yet")
    if row.currency != row.account_currency:
        which = f"closing balance on {on}" if on else "newest balance"
        raise NotExportableError(f"its {which} is in {row.currency}, the account in {row.account_currency}")
    return Balance(**{name: getattr(row, name) for name in _FIELDS})


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Standard output in UTF-8 with the lines' own ends, whatever the terminal has."""
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
    try:
        yield out
    finally:
        out.detach()  # flushes it, and leaves standard output open


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """The file, whole or as it was: written beside it, then renamed. Raises ExportError and OSError."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise ExportError(f"The export can't be written to {path}: it is not a regular file.")
    with scratch(path.parent, f".{path.name}.") as folder:
        unfinished = folder / path.name
        with unfinished.open("x", encoding="utf-8", newline="") as out:
            yield out
        unfinished.replace(path)
