"""The verb ``export``: where the file goes, and what is said beside it."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path

from sqlalchemy.engine import URL

from qbank_ledger.db.connection import reader_of
from qbank_ledger.errors import ExportError, LedgerError
from qbank_ledger.export.bai2 import PARTY_CHARACTERS, RECEIVER, SENDER, Bai2, is_party
from qbank_ledger.export.camt052 import VERSIONS, Camt052
from qbank_ledger.export.csv_table import CsvTable
from qbank_ledger.export.file import Format, export_balances, standard_output, whole_file
from qbank_ledger.terminal import say

FORMATS: dict[str, Callable[[datetime], Format]] = {"camt052": Camt052, "bai2": Bai2, "csv": CsvTable}


def options(parser: ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("--format", required=True, choices=tuple(FORMATS), help="the file's format")
    parser.add_argument(
        "--date",
        type=_date,
        metavar="DATE",
        help="export a date's closing balances, such as 2026-10-31 (default: the newest balances)",
    )
    parser.add_argument(
        "--camt-version",
        default=VERSIONS[0],
        choices=VERSIONS,
        help="the version of camt052 (default: %(default)s)",
    )
    for option, default in (("--bai2-sender", SENDER), ("--bai2-receiver", RECEIVER)):
        parser.add_argument(
            option, default=default, type=_party, metavar="ID", help="only for bai2 (default: %(default)s)"
        )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="the file to write (default: standard output)"
    )


def run(url: URL, given: Namespace) -> str:
    """Write the file; all else goes to standard error.

    An analyst's login is enough. Raises ExportError when accounts were
    refused, after everything else was written.
    """
    form = FORMATS[given.format]
    if given.format == "camt052":
        form = partial(Camt052, version=given.camt_version)
    elif given.format == "bai2":
        form = partial(Bai2, sender=given.bai2_sender, receiver=given.bai2_receiver)
    try:
        with standard_output() if given.output is None else whole_file(given.output) as out:
            done = export_balances(reader_of(url), form, out, _say, given.date)
    except BrokenPipeError:
        # Who read has read enough. What is still in a buffer must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except LedgerError:
        raise  # some of them are OSErrors, too
    except OSError as error:
        where = given.output or "standard output"
        raise ExportError(f"The export can't be written to {where}: {error.strerror or error}.") from None
    if done.stale:
        when = "its time" if given.date is None else "the date asked for"
        _say(f"Warning: {done.stale} of {done.written} balances are stale; each carries {when}.")
    if done.refused:
        total = done.written + done.refused
        raise ExportError(
            f"The file is incomplete: it has {done.written} of {total} active accounts. The reasons are "
            "above."
        )
    return ""


def _party(text: str) -> str:
    if not is_party(text):
        raise ArgumentTypeError(
            f"{text!r} is not valid: write 1 to {PARTY_CHARACTERS} characters of plain ASCII without , and /"
        )
    return text


def _date(text: str) -> date:
    with suppress(ValueError):
        on = date.fromisoformat(text)
        if date.min.year < on.year < date.max.year:  # it begins and ends in a year, whatever the time zone
            return on
    raise ArgumentTypeError(f"{text!r} is not a date: write it as 2026-10-31")


def _say(line: str) -> None:
    say(line, sys.stderr)
