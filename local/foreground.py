"""One run of a DAG in the foreground: what `make sync` and `make reconcile` do.

``airflow dags test``, beside whatever else is up. It uses the bank and the ledger that the
environment names; where it names none, the embedded server, which then stays up, and a sandbox
that lives as long as the run.
"""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy.engine import URL

from local import metadata, processes, units
from local.airflow_settings import foreground_environment
from local.errors import StackError
from local.report import outcome_counts
from local.run_directory import run_directory, unit_of
from local.settings import LEDGER_CONNECTION, QBANK_CONNECTION, ROOT, Settings
from local.stack import Stack
from local.task_log import TaskLog
from qbank_ledger.config import ledger_url
from qbank_ledger.db.connection import LOADER
from qbank_ledger.db.migrate import migrate
from qbank_ledger.errors import LedgerError, MigrationNotAllowedError
from qbank_ledger.terminal import say

_AIRFLOW = [sys.executable, "-m", "local.redacted_airflow"]
_KEPT_LOGS = 20
_SANDBOX_S = 60
# One variable and one argument hold 131,071 bytes on Linux.
_LONGEST_CONF = 100_000
_SHOWN_CONF = 200
_DEEPEST_CONF = 10


def run_in_foreground(
    settings: Settings, dag_id: str, conf: str, show: Callable[[URL], None] | None = None
) -> bool:
    """Run the DAG once with ``conf``, JSON or empty; True when the run succeeded, and then ``show``.

    Raises StackError for what kept it from starting.
    """
    _require_object(conf)
    stack = Stack.open(settings)
    ledger = settings.environ.get(LEDGER_CONNECTION) or _embedded_ledger(stack)
    url = _migrated(ledger)
    with ExitStack() as ends:
        home = ends.enter_context(run_directory(settings))
        bank = settings.environ.get(QBANK_CONNECTION) or ends.enter_context(_sandbox(stack, home))
        connections = {QBANK_CONNECTION: bank, LEDGER_CONNECTION: ledger}
        environ = foreground_environment(settings, home, connections) | _mark(settings, home)
        log = _log_file(settings, dag_id)
        errors = _run(dag_id, conf, environ, log)
        run_id, state = _outcome(home)
    try:
        counts = outcome_counts(url, run_id, role=LOADER)
    except LedgerError:
        counts = None  # the run itself has said why
    say(counts or f"{dag_id}: {state}.")
    if show and state == "success":
        show(url)
    for error in errors if state != "success" else []:
        say(error, sys.stderr)
    say(f"The whole log: {os.path.relpath(log)}")
    return state == "success"


def _require_object(conf: str) -> None:
    size = len(conf.encode(errors="surrogateescape"))
    if size > _LONGEST_CONF:
        raise StackError(
            f"CONF has {size:,} bytes, and {_LONGEST_CONF:,} are the most that can be handed on."
        )
    try:
        given = json.loads(conf or "{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        shown = conf if len(conf) <= _SHOWN_CONF else f"{conf[:_SHOWN_CONF]}…"
        raise StackError(f'CONF must be a JSON object such as {{"dry_run": true}}, and is {shown!r}.')
    level: list[Any] = [given]
    for _ in range(_DEEPEST_CONF):
        if any(isinstance(each, str) and not _is_text(each) for each in level):
            raise StackError("CONF has a text with a NUL or half a character in it, which no database keeps.")
        pairs = [each.items() for each in level if isinstance(each, dict)]
        inner = [part for each in pairs for pair in each for part in pair]
        level = inner + [part for each in level if isinstance(each, list) for part in each]
    if level:
        raise StackError(f"CONF is nested more than {_DEEPEST_CONF} deep, and no setting is.")


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _embedded_ledger(stack: Stack) -> str:
    if stack.start_ledger():
        print("The embedded PostgreSQL was started and stays up: `make stop` ends it.", flush=True)
    return stack.cluster.url("ledger_loader", "ledger")


def _migrated(ledger: str) -> URL:
    """The ledger's URL, once it is at the newest schema, by its own login where that may."""
    try:
        url = ledger_url({LEDGER_CONNECTION: ledger})
        migrate(url)
    except MigrationNotAllowedError:
        raise StackError(
            "The ledger database is not at the newest schema, and its login may not migrate it: "
            "give a DBA the SQL that `make migrate` prints."
        ) from None
    except LedgerError as error:
        raise StackError(str(error)) from None
    return url


@contextmanager
def _sandbox(stack: Stack, home: Path) -> Iterator[str]:
    """A sandbox for one run, as the connection to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings, keys = stack.settings, stack.keys
    with (home / "sandbox.log").open("wb") as log:
        process = subprocess.Popen(
            units.sandbox_command(settings, port),
            env={**settings.environ, **units.sandbox_credentials(keys), **_mark(settings, home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        end = time.monotonic() + _SANDBOX_S
        while not units.sandbox_answers(port):
            if process.poll() is not None or time.monotonic() > end:
                said = (home / "sandbox.log").read_text("utf-8", "replace").strip()
                raise StackError(f"The sandbox does not come up: {said}")
            time.sleep(0.1)
        connection = metadata.qbank_connection(port, keys["client_id"], keys["client_secret"])
        yield json.dumps({name: value for name, value in connection.items() if name != "conn_id"})
    finally:
        processes.end([psutil.Process(process.pid)], 5)


def _run(dag_id: str, conf: str, environ: dict[str, str], log: Path) -> list[str]:
    """Run the DAG, showing each task's end; returns what its failed tasks said."""
    command = [*_AIRFLOW, "dags", "test", dag_id, *(["--conf", conf] if conf else [])]
    reader = TaskLog()
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            env=environ,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - asked for above
        for line in process.stdout:
            file.write(line)
            reader.read(line)
    return reader.errors


def _outcome(home: Path) -> tuple[str, str]:
    """The id and state of the run in the directory's database."""
    try:
        with closing(sqlite3.connect(home / "airflow.db")) as database:
            row = database.execute("SELECT run_id, state FROM dag_run").fetchone()
    except sqlite3.Error:
        row = None  # a full disk
    return row or ("", "the run did not start")


def _mark(settings: Settings, home: Path) -> dict[str, str]:
    return {processes.MARK: str(settings.state), processes.UNIT: unit_of(home)}


def _log_file(settings: Settings, dag_id: str) -> Path:
    """A new log; of the older ones the newest are kept."""
    logs = settings.state / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    for old in sorted(logs.glob("foreground-*"), key=lambda path: path.stat().st_mtime)[:-_KEPT_LOGS]:
        old.unlink(missing_ok=True)
    return logs / f"foreground-{dag_id}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
