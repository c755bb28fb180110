"""The ledger's command line: ``python -m qbank_ledger VERB``."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from qbank_ledger.config import PACKS, ledger_url, packs_place
from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.dictionary import dictionary
from qbank_ledger.db.migrate import migrate
from qbank_ledger.errors import CloseError, LedgerError, MigrationNotAllowedError
from qbank_ledger.export import command as export
from qbank_ledger.month_end.pack import close_month
from qbank_ledger.seals.verify import verify
from qbank_ledger.terminal import print_anything, say


def _no_options(_parser: ArgumentParser) -> None:
    pass


def _close_options(parser: ArgumentParser) -> None:
    parser.add_argument("--month", required=True, help="the month to close, such as 2026-10")
    parser.add_argument("--output", type=Path, metavar="DIR", help=f"where to (default: {PACKS})")


def _pack_folder(given: Namespace) -> Path | None:
    if given.output:
        return Path(given.output)
    place = packs_place()
    if "://" in place:
        raise CloseError(f"{PACKS} is {place}, where only Airflow writes: give --output a folder.")
    return Path(place) if place else None


@dataclass(frozen=True, slots=True)
class _Verb:
    """What a verb does, the options that it takes, and its work, which gives what is to be printed."""

    does: str
    run: Callable[[URL, Namespace], str]
    options: Callable[[ArgumentParser], None] = _no_options


VERBS = {
    "migrate": _Verb(
        "bring the ledger database to the newest schema and its roles", lambda url, _: migrate(url)
    ),
    "verify": _Verb(
        "recompute the chain of seals; exit code 0 only when nothing was altered",
        lambda url, _: verify(engine_for(url)),
    ),
    "close": _Verb(
        "the close pack of a month, a workbook and a page; exit code 0 when it was made, ready or not",
        # With what the login itself may read: an analyst's is enough.
        lambda url, given: str(close_month(engine_for(url, role=None), given.month, _pack_folder(given))),
        _close_options,
    ),
    "export": _Verb(
        "the newest balances as a file for an ERP; exit code 0 only when no active account is left out",
        export.run,
        export.options,
    ),
    "dictionary": _Verb(
        "the data dictionary, in Markdown, from the database's comments",
        lambda url, _: dictionary(engine_for(url)),
    ),
}


def main() -> int:
    """Run one verb; errors are one sentence on standard error, exit code 1; 130 when interrupted."""
    parser = ArgumentParser(prog="python -m qbank_ledger", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        verb.options(verbs.add_parser(name, help=verb.does, description=verb.does))
    print_anything()
    given = parser.parse_args()
    try:
        said = VERBS[given.verb].run(ledger_url(), given)
        if said:
            say(said)
    except MigrationNotAllowedError as error:
        print(error.sql)
        say(error, sys.stderr)
        return 1
    except LedgerError as error:
        say(error, sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
