"""Our own stack for a benchmark, in a folder of its own: PostgreSQL alone, or with Airflow's scheduler."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg2
from local import processes
from local.airflow_api import AirflowApi
from local.settings import LEDGER_CONNECTION, PORTS, QBANK_CONNECTION, ROOT, Settings
from local.stack import Stack as LocalStack

from benchmarks.bank import CURRENCY, Bank

CALLS_AT_ONCE = 64
SYNC = "qbank_balance_sync"
_BESIDE = ("qbank_reconciliation", "qbank_watch")  # begin when they like, on the same two cores
_WAIT_S = 300


@dataclass(frozen=True, slots=True)
class Stack:
    """A PostgreSQL that is up, and the environment in which `make sync` and the scheduler find it."""

    environ: dict[str, str]
    accounts: Sequence[str]

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return Path(self.environ["QBANK_STATE_DIR"])

    @property
    def ledger_url(self) -> str:
        """The scheduler's ledger, as the superuser."""
        return self._local().cluster.url(database="ledger")

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """An empty database on the server, gone afterwards, as the superuser."""
        cluster = self._local().cluster
        with closing(psycopg2.connect(cluster.url())) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(f'CREATE DATABASE "{name}"')
            try:
                yield cluster.url(database=name)
            finally:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def command(self, verb: str, database: str, bank: Bank | None = None) -> tuple[list[str], dict[str, str]]:
        """`make VERB` with that ledger and that bank, and its environment."""
        environ = {**self.environ, LEDGER_CONNECTION: database.replace("postgresql:", "postgres:", 1)}
        if bank is not None:
            environ[QBANK_CONNECTION] = json.dumps(_connection(bank))
        return [sys.executable, "-m", "local", verb], environ

    @contextmanager
    def scheduler(self, bank: Bank, dag: Path) -> Iterator["Scheduler"]:
        """Airflow's own processes, asking that bank with 64 calls at once, with one more DAG."""
        self.ask_for(self.accounts[:10])  # of the stack's own bank, which has run by then
        dags = self.folder.with_name("dags")
        shutil.copytree(ROOT / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(dag, dags)
        self.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(dags)
        _do("run", self.environ)
        stack = self._local()
        scheduler = Scheduler(stack.api)
        scheduler.settle((SYNC, *_BESIDE, dag.stem))
        connection = {**_connection(bank), "connection_id": "qbank_default"}
        connection["extra"] = json.dumps(connection["extra"])
        stack.api.call("PATCH", "/connections/qbank_default", json=connection)
        yield scheduler

    def ask_for(self, ids: Sequence[str]) -> None:
        """Have the next run ask for these accounts."""
        write_accounts(Path(self.environ["QBANK_ACCOUNTS_FILE"]), ids)

    def _local(self) -> LocalStack:
        return LocalStack.open(Settings.read(self.environ))


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Runs DAGs, and says how long they take."""

    api: AirflowApi

    def time(self, dag_id: str = SYNC) -> float:
        """Seconds from the trigger to green."""
        began = time.monotonic()
        run_id = self.api.trigger(dag_id, {})
        while (state := self.api.run_state(dag_id, run_id)) not in ("success", "failed"):
            time.sleep(0.1)
        if state == "failed":
            raise RuntimeError(f"{dag_id} {run_id} failed.")
        return time.monotonic() - began

    def settle(self, dag_ids: Sequence[str]) -> None:
        """Wait until these are known, stop what would run beside them, and let what has begun end."""
        end = time.monotonic() + _WAIT_S
        while any(self.api.dag(dag_id) is None for dag_id in dag_ids) and time.monotonic() < end:
            time.sleep(0.5)
        for dag_id in _BESIDE:
            self.api.call("PATCH", f"/dags/{dag_id}", json={"is_paused": True})
            for run_id in self.api.unfinished_runs(dag_id):  # would wait until its DAG goes on
                run = f"/dags/{dag_id}/dagRuns/{quote(run_id)}"
                self.api.call("PATCH", run, json={"state": "failed"})
        while any(self.api.unfinished_runs(dag_id) for dag_id in dag_ids) and time.monotonic() < end:
            time.sleep(0.5)


@contextmanager
def own_stack(accounts: Sequence[str]) -> Iterator[Stack]:
    """A stack on free ports, with nothing but PostgreSQL up; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "QBANK"))}
        own = {
            "QBANK_STATE_DIR": f"{folder}/state",
            "QBANK_ACCOUNTS_FILE": f"{folder}/accounts.csv",
            "QBANK_SCHEDULE": "0 0 1 1 *",  # not while we measure
            **{name: str(port) for name, port in zip(PORTS, _free_ports(len(PORTS)), strict=True)},
        }
        stack = Stack({**inherited, **own}, accounts)
        write_accounts(Path(own["QBANK_ACCOUNTS_FILE"]), accounts)
        try:
            _do("migrate", stack.environ)
            yield stack
        finally:
            _do("stop", stack.environ)
            processes.end([each.process for each in processes.find(stack.folder)], 5)


def _do(verb: str, environ: dict[str, str]) -> None:
    """`make VERB`, by a process that ends: what it starts would wait for us to bury it."""
    command = [sys.executable, "-m", "local", verb]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)  # noqa: S603


def write_accounts(file: Path, ids: Sequence[str]) -> None:
    """An accounts file with these."""
    lines = ["account_id,name,currency,entity,gl_account"]
    lines += [f"{each},Account {each},{CURRENCY},QB01,{100_000 + number}" for number, each in enumerate(ids)]
    unfinished = file.with_suffix(".new")
    unfinished.write_text("\n".join(lines) + "\n", "utf-8")
    unfinished.replace(file)


def _connection(bank: Bank) -> dict[str, object]:
    return {
        "conn_type": "qbank",
        "host": "http://127.0.0.1",
        "port": urlsplit(bank.url).port,
        "login": bank.client_id,
        "password": bank.client_secret,
        "extra": {"token_url": f"{bank.url}/token", "concurrency": CALLS_AT_ONCE},
    }


def _free_ports(count: int) -> list[int]:
    """Different ones: each is held until all are found."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
