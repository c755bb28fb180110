"""One run of a DAG in the foreground: what `make sync` and `make reconcile` do.

``airflow dags test``, beside whatever else is up. It uses the bank and the ledger that the
environment names; where it names none, the embedded server, which then stays up, and a sandbox
that lives as long as the run.
"""

import itertools
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.engine import URL

from local import StackError, databases, processes, units
from local.report import Progress, outcome_counts
from local.settings import LEDGER_CONNECTION, QBANK_CONNECTION, ROOT, Settings, foreground_environment
from local.stack import Stack
from qbank_ledger.config import ledger_url
from qbank_ledger.db.connection import LOADER
from qbank_ledger.db.migrate import migrate
from qbank_ledger.errors import LedgerError, MigrationNotAllowedError
from qbank_ledger.files.scratch import scratch
from qbank_ledger.terminal import say

_AIRFLOW = [sys.executable, "-m", "local.redacted_airflow"]
_PREFIX = "run-"  # of a run's directory, which is the name of its unit, too
_POLL_S = 0.3
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
    ledger = stack.ledger_connection("ledger_loader")
    url = _migrated(ledger)
    with _run_directory(settings) as home:
        bank = settings.environ.get(QBANK_CONNECTION) or _start_sandbox(stack, home)
        connections = {QBANK_CONNECTION: bank, LEDGER_CONNECTION: ledger}
        environ = foreground_environment(settings, home, connections) | _mark(settings, home)
        log = _log_file(settings, dag_id)
        _run(dag_id, conf, environ, home, log)
        run_id, state = _outcome(home)
        failed = _rows(home, "SELECT id FROM task_instance WHERE state = 'failed' ORDER BY end_date")
        with log.open(encoding="utf-8", errors="replace") as lines:
            warnings, errors = _warnings_and_errors(lines, [str(UUID(row["id"])) for row in failed])
    for warning in warnings:
        say(f"  {warning}")
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
        raise StackError(f"CONF has {size:,} bytes: at most {_LONGEST_CONF:,} can be passed on.")
    try:
        given = json.loads(conf or "{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        shown = conf if len(conf) <= _SHOWN_CONF else f"{conf[:_SHOWN_CONF]}…"
        raise StackError(f'CONF must be a JSON object such as {{"dry_run": true}}, and is {shown!r}.')
    if any("\0" in text or any("\ud800" <= char <= "\udfff" for char in text) for text in _texts(given)):
        raise StackError("CONF has a text with a NUL or an unpaired surrogate, which no database can store.")


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """Every text in it, keys included. Raises StackError where it is nested too deep."""
    if depth > _DEEPEST_CONF:
        raise StackError(f"CONF is nested more than {_DEEPEST_CONF} levels deep, and no setting is.")
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        parts = itertools.chain(*value.items()) if isinstance(value, dict) else value
        for part in parts:
            yield from _texts(part, depth + 1)


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


def _start_sandbox(stack: Stack, home: Path) -> str:
    """A sandbox that ends with the run, as the connection to it."""
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
    end = time.monotonic() + _SANDBOX_S
    while not units.sandbox_answers(port):
        if process.poll() is not None or time.monotonic() > end:
            said = (home / "sandbox.log").read_text("utf-8", "replace").strip()
            raise StackError(f"The sandbox does not come up: {said}")
        time.sleep(0.1)
    connection = databases.qbank_connection(port, keys["client_id"], keys["client_secret"])
    return json.dumps({name: value for name, value in connection.items() if name != "conn_id"})


@contextmanager
def _run_directory(settings: Settings) -> Iterator[Path]:
    """The run's AIRFLOW_HOME, gone at the end, with what the run started.

    It has a metadata database of its own: a copy of an empty one that is migrated once, both SQLite files.
    """
    folder = settings.state / "sync"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with scratch(folder, _PREFIX) as home:
        # What a killed run left: its directory is gone by now.
        _end_units(settings, lambda name: not (folder / name).exists())
        try:
            shutil.copyfile(_template(settings, folder), home / "airflow.db")
            (home / "tmp").mkdir()
            yield home
        finally:
            _end_units(settings, lambda name: name == home.name)


def _end_units(settings: Settings, is_over: Callable[[str], bool]) -> None:
    """End what the runs in these directories have started."""
    found = processes.find(settings.state)
    processes.end([each.process for each in found if each.unit.startswith(_PREFIX) and is_over(each.unit)], 5)


def _template(settings: Settings, folder: Path) -> Path:
    template = folder / f"metadata-{version('apache-airflow')}.db"
    if not template.exists():
        print("Making the template of a run's metadata database (once) …", flush=True)
        with scratch(folder, "template-") as unfinished:
            databases.migrate_airflow(foreground_environment(settings, unfinished, {}), [])
            (unfinished / "airflow.db").replace(template)
    return template


def _run(dag_id: str, conf: str, environ: dict[str, str], home: Path, log: Path) -> None:
    """Run the DAG, showing what becomes of each task."""
    command = [*_AIRFLOW, "dags", "test", dag_id, *(["--conf", conf] if conf else [])]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env=environ, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    progress, ended = Progress(), False
    while not ended:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)
            ended = True
        progress.show(_rows(home, "SELECT * FROM task_instance ORDER BY start_date, map_index"))


def _rows(home: Path, sql: str) -> list[dict[str, Any]]:
    """Of the run's metadata database; none where that can't be read, as on a full disk."""
    try:
        with closing(sqlite3.connect(home / "airflow.db")) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql)]
    except sqlite3.Error:
        return []


def _outcome(home: Path) -> tuple[str, str]:
    """The id and state of the run."""
    for run in _rows(home, "SELECT run_id, state FROM dag_run"):
        return run["run_id"], run["state"]
    return "", "the run did not start"


def _warnings_and_errors(log: Iterable[str], failed: Iterable[str]) -> tuple[list[str], list[str]]:
    """What our own code warned of, and what the tasks with these ids failed with, or what stopped the run.

    Each once, of a log whose lines are JSON objects; the lines after one with a task's id are the task's.
    """
    task, warnings, said = "", [], dict[str, str]()
    for event in _events(log):
        task = str(event.get("ti_id", task))
        if event.get("level") == "warning" and str(event.get("logger")).startswith("qbank"):
            warnings.append(str(event.get("event")))
        elif event.get("exception") and event.get("level") in ("error", "critical"):
            error = event["exception"][0]
            sentence = str(error.get("exc_value") or error.get("exc_type"))
            said[task] = sentence.partition("\n\n")[0]  # a schema's error goes on for pages
    errors = [said[each] for each in failed if each in said] or said.values()
    return list(dict.fromkeys(warnings)), list(dict.fromkeys(errors))


def _events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The lines that are JSON objects."""
    for line in lines:
        with suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event


def _mark(settings: Settings, home: Path) -> dict[str, str]:
    return {processes.MARK: str(settings.state), processes.UNIT: home.name}


def _log_file(settings: Settings, dag_id: str) -> Path:
    """A new log; of the older ones the newest are kept."""
    logs = settings.state / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    for old in sorted(logs.glob("foreground-*"), key=lambda path: path.stat().st_mtime)[:-_KEPT_LOGS]:
        old.unlink(missing_ok=True)
    return logs / f"foreground-{dag_id}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.jsonl"
