"""The ledger's command line: ``python -m qbank_ledger VERB``."""

import argparse
import sys
from collections.abc import Callable

from sqlalchemy.engine import URL

from qbank_ledger.config import ledger_url
from qbank_ledger.database import engine_for
from qbank_ledger.dictionary import dictionary
from qbank_ledger.errors import LedgerError, MigrationNotAllowedError
from qbank_ledger.migrate import migrate
from qbank_ledger.verify import verify


def _verify(url: URL) -> str:
    return verify(engine_for(url))


def _dictionary(url: URL) -> str:
    return dictionary(engine_for(url))


VERBS: dict[str, tuple[Callable[[URL], str], str]] = {
    "migrate": (migrate, "bring the ledger database to the newest schema and its roles"),
    "verify": (_verify, "recompute the chain of seals; exit code 0 only when nothing was altered"),
    "dictionary": (_dictionary, "the data dictionary, in Markdown, from the database's comments"),
}


def main() -> int:
    """Run one verb; errors are one sentence on standard error, exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m qbank_ledger", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, (_, does) in VERBS.items():
        verbs.add_parser(name, help=does, description=does)
    verb = VERBS[parser.parse_args().verb][0]
    try:
        print(verb(ledger_url()))
    except MigrationNotAllowedError as error:
        print(error.sql)
        print(error, file=sys.stderr)
        return 1
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
