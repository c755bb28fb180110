"""The local stack's command line: ``python -m local VERB``, which the Makefile calls."""

import argparse
import logging
import signal
import sys
from collections.abc import Callable

from local import StackError, foreground, ledger_commands, stack, state, triggered_run
from local.report import print_open_items
from local.settings import Settings
from qbank_ledger.errors import LedgerError
from qbank_ledger.terminal import print_anything, say

SYNC, RECONCILIATION = "qbank_balance_sync", "qbank_reconciliation"


def main() -> int:
    """Run one verb. Errors are one sentence on standard error; exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (_, does) in VERBS.items():
        verbs.add_parser(name, help=does, description=does)
    verb = VERBS[parser.parse_args().verb][0]
    # What ends us ends what we started in the foreground, too.
    signal.signal(signal.SIGTERM, _interrupt)
    print_anything()
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it warns each time that it asks again
    where = "the state directory"
    try:
        settings = Settings.read()
        where = f"{where} {settings.state}"
        return verb(settings)
    except (StackError, LedgerError) as error:
        say(error, sys.stderr)
        return 1
    except OSError as error:
        what = f"{error.strerror or error}: {error.filename}" if error.filename else error.strerror or error
        say(
            f"The system refused ({what}): check that {where} has space and is writable.",
            sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _run(settings: Settings) -> int:
    return 0 if triggered_run.start_and_run(settings, SYNC) else 1


def _sync(settings: Settings) -> int:
    return 0 if foreground.run_in_foreground(settings, SYNC, settings.environ.get("CONF", "")) else 1


def _reconcile(settings: Settings) -> int:
    conf = settings.environ.get("CONF", "")
    return 0 if foreground.run_in_foreground(settings, RECONCILIATION, conf, print_open_items) else 1


def _stop(settings: Settings) -> int:
    print("Stopped." if stack.stop(settings) else "Nothing was running.")
    return 0


def _clean(settings: Settings) -> int:
    left = []
    if settings.state.exists():
        with state.locked(settings.state):
            stack.stop_all(settings.state)
            left = state.delete(settings.state)
    say(f"The stack's data in {settings.state} is deleted.")
    if left:
        say(f"Left in place, because the stack did not make it: {', '.join(left)}.")
    return 0


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


VERBS: dict[str, tuple[Callable[[Settings], int], str]] = {
    "run": (_run, "start the stack, run the sync once through Airflow's API, show the balances"),
    "sync": (_sync, "one run of qbank_balance_sync in the foreground, with $CONF"),
    "reconcile": (_reconcile, "one run of qbank_reconciliation in the foreground, with $CONF"),
    "gl-preview": (ledger_commands.gl_preview, "what the ERP's $FILE would become, read by $PROFILE"),
    "gl-profile": (ledger_commands.gl_profile, "propose a profile for the ERP's $FILE"),
    "close": (ledger_commands.close, "the close pack of $MONTH"),
    "export": (ledger_commands.export, "the newest balances in $FORMAT"),
    "migrate": (ledger_commands.migrate, "bring the ledger to the newest schema"),
    "verify": (ledger_commands.verify, "recompute the chain of seals"),
    "health": (ledger_commands.health, "say how the ledger is, in counts"),
    "psql": (ledger_commands.psql, "a psql prompt as an analyst, or $SQL"),
    "stop": (_stop, "stop the stack"),
    "status": (stack.status, "say what is up; exit code 3 unless all of it is"),
    "clean": (_clean, "stop the stack and delete its data"),
}

if __name__ == "__main__":
    sys.exit(main())
