"""The ledger's command line: ``python -m qbank_ledger migrate``."""

import argparse
import sys

from qbank_ledger.config import ledger_url
from qbank_ledger.errors import LedgerError, MigrationNotAllowedError
from qbank_ledger.migrate import migrate


def main() -> int:
    """Run one verb; errors are one sentence on standard error, exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m qbank_ledger", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("migrate", help="bring the ledger database to the newest schema and its roles")
    parser.parse_args()
    try:
        print(migrate(ledger_url()))
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
