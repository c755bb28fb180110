"""The ledger's command line: ``qbank-ledger VERB``, or ``python -m qbank_ledger VERB``."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from qbank_ledger.config import (
    DISTRIBUTION,
    PACKS,
    accounts_place,
    alert_connections,
    alert_remind_hours,
    connection_fields,
    gl_sources_place,
    ledger_url,
    package_version,
    packs_place,
)
from qbank_ledger.db.connection import engine_for, reader_of
from qbank_ledger.db.dictionary import dictionary
from qbank_ledger.db.migrate import migrate, newest_revision
from qbank_ledger.db.transaction import snapshot
from qbank_ledger.errors import (
    AccountsFileError,
    AlertNotSentError,
    CloseError,
    LedgerError,
    MigrationNotAllowedError,
    UnwellError,
)
from qbank_ledger.export import command as export
from qbank_ledger.month_end.pack import close_month
from qbank_ledger.recon.draft import draft
from qbank_ledger.recon.match import GLAccount
from qbank_ledger.recon.preview import Mirror, preview
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.profile_file import PLAIN, read_gl_sources
from qbank_ledger.seals.verify import verify
from qbank_ledger.sync.accounts_file import read_accounts
from qbank_ledger.terminal import print_anything, say
from qbank_ledger.watch import health
from qbank_ledger.watch.receiver import Receiver
from qbank_ledger.watch.watch import watch


def _no_options(_parser: ArgumentParser) -> None:
    pass


def _close_options(parser: ArgumentParser) -> None:
    parser.add_argument("--month", required=True, help="the month to close, such as 2026-10")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help=f"the folder to write to (default: {PACKS})"
    )


def _accounts_options(parser: ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: QBANK_ACCOUNTS_FILE")


def _check_accounts(file: Path) -> str:
    accounts = read_accounts(file)
    active = sum(account.active for account in accounts)
    entities = len({account.entity for account in accounts})
    currencies = ", ".join(sorted({account.currency for account in accounts}))
    return (
        f"{file}: {len(accounts)} accounts, {active} active. Entities: {entities}. Currencies: {currencies}."
    )


def _file_option(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the ERP's file, CSV or XLSX")


def _draft_options(parser: ArgumentParser) -> None:
    _file_option(parser)
    parser.add_argument("--sheet", help="the sheet to read, if the workbook has several")


def _preview_options(parser: ArgumentParser) -> None:
    _file_option(parser)
    parser.add_argument("--profile", default=PLAIN, help="the profile to read it with (default: %(default)s)")
    for name, what in (("date", "2026-10-31"), ("entity", "QB01"), ("currency", "EUR")):
        parser.add_argument(f"--{name}", help=f"needed if the profile leaves it to the run, such as {what}")


def _preview(given: Namespace) -> str:
    place = gl_sources_place()
    profile = read_gl_sources(Path(place) if place else None).profile(given.profile)
    try:
        mirrors = _mirrors()
    except AccountsFileError as error:
        say(f"The rows are not matched to accounts: {error}")
        mirrors = []
    preview(given.file, profile, Given(given.date, given.entity, given.currency), mirrors, say)
    return ""


def _mirrors() -> list[Mirror]:
    return [
        Mirror(
            GLAccount(account.entity, account.gl_account, account.currency),
            datetime.now(ZoneInfo(account.time_zone)).date(),
        )
        for account in read_accounts(Path(accounts_place()))
        if account.active
    ]


def _pack_folder(given: Namespace) -> Path | None:
    if given.output:
        return Path(given.output)
    place = packs_place()
    if "://" in place:
        raise CloseError(f"{PACKS} is {place}, and only Airflow can write there: set --output to a folder.")
    return Path(place) if place else None


def _health() -> str:
    try:
        with snapshot(reader_of(ledger_url())) as connection:
            found = health.health(connection)
    except LedgerError as error:
        raise UnwellError(str(error), json.dumps(health.UNREACHABLE.as_json(), indent=2)) from None
    answer = json.dumps(found.as_json(), indent=2)
    if found.problems:
        raise UnwellError(
            f"The ledger has problems: {', '.join(found.problems)}. See docs/runbook.md.", answer
        )
    return answer


def _watch() -> str:
    done = watch(engine_for(ledger_url()), alert_connections(), _receiver, alert_remind_hours())
    if done.unsent:
        raise AlertNotSentError("\n".join((str(done), *done.unsent)))
    return str(done)


def _receiver(conn_id: str) -> Receiver:
    try:
        fields = connection_fields(conn_id)
    except LedgerError as error:
        raise AlertNotSentError(str(error)) from None
    del fields["schema"]
    return Receiver(conn_id, **fields)


# Whoever keeps the watch going tells a ledger that was not looked at from a receiver that is away.
_NOT_TOLD = 3
_DOES = "Work on the ledger that AIRFLOW_CONN_LEDGER_DEFAULT names."


@dataclass(frozen=True, slots=True)
class _Verb:
    """What a verb does, the options that it takes, and its work, which gives what is to be printed."""

    does: str
    run: Callable[[Namespace], str]
    options: Callable[[ArgumentParser], None] = _no_options


VERBS = {
    "migrate": _Verb(
        "bring the ledger database to the newest schema and its roles", lambda _: migrate(ledger_url())
    ),
    "verify": _Verb(
        "recompute the chain of seals; exit code 0 only when nothing was altered",
        lambda _: verify(reader_of(ledger_url())),
    ),
    "health": _Verb(
        "print the ledger's health in counts, as JSON; exit code 0 when healthy, 1 when not",
        lambda _: _health(),
    ),
    "watch": _Verb(
        "check the ledger once, record problems in ledger.alert, send alerts to QBANK_ALERT_CONNECTIONS; "
        "exit code 0 only when every message was sent",
        lambda _: _watch(),
    ),
    "close": _Verb(
        "make a month's close pack, a workbook and a web page; exit code 0 when made, even if the month is "
        "not ready",
        lambda given: str(close_month(reader_of(ledger_url()), given.month, _pack_folder(given))),
        _close_options,
    ),
    "export": _Verb(
        "export balances as a file for an ERP; exit code 0 only when no active account is left out",
        lambda given: export.run(ledger_url(), given),
        export.options,
    ),
    "accounts-check": _Verb(
        "check an accounts file; exit code 0 only when a run would accept it",
        lambda given: _check_accounts(given.file or Path(accounts_place())),
        _accounts_options,
    ),
    "gl-preview": _Verb(
        "show how a file from the ERP would load with a profile; loads nothing; exit code 0 only if it would "
        "load",
        _preview,
        _preview_options,
    ),
    "gl-profile": _Verb(
        "propose a profile for a file from the ERP, for you to check; it is not put to use",
        lambda given: draft(given.file, given.sheet).rstrip("\n"),
        _draft_options,
    ),
    "version": _Verb(
        "print the version of this package, and the newest schema that it knows",
        lambda _: f"{DISTRIBUTION} {package_version()}, schema {newest_revision()}",
    ),
    "dictionary": _Verb(
        "print the data dictionary, in Markdown, from the database's comments",
        lambda _: dictionary(reader_of(ledger_url())),
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb (default: the command line's); errors are one sentence on standard error, exit code 1.

    3 where the watch has looked, and not everybody could be told; 130 when interrupted.
    """
    parser = ArgumentParser(prog="qbank-ledger", description=_DOES)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        verb.options(verbs.add_parser(name, help=verb.does, description=verb.does))
    print_anything()
    given = parser.parse_args(arguments)
    try:
        said = VERBS[given.verb].run(given)
        if said:
            say(said)
    except MigrationNotAllowedError as error:
        print(error.sql)
        say(error, sys.stderr)
        return 1
    except UnwellError as error:
        say(error.answer)
        say(error, sys.stderr)
        return 1
    except LedgerError as error:
        say(error, sys.stderr)
        return _NOT_TOLD if isinstance(error, AlertNotSentError) else 1
    except BrokenPipeError:  # who reads it has read enough, as head does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
