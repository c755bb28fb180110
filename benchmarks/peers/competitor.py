"""Who is compared: each with the command that fetches all accounts once, and what it left in its database."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2.errors import UndefinedTable

from benchmarks.bank import Bank, ledger_balance
from benchmarks.peers.environment import HERE, environment
from benchmarks.stack import Stack, write_accounts

_LONGEST_S = 600
_ROOT = HERE.parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run took, what the bank counted, and how many accounts are exact in the database."""

    accounts: int
    seconds: float
    in_run: float | None  # seconds by its own clock, without what it takes to start
    requests: int
    tokens: int
    exact: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command that can be run again and again on one database."""

    command: Sequence[str]
    environ: dict[str, str] = field(repr=False)
    log: Path
    bank: Bank
    database: str = field(repr=False)
    competitor: "Competitor"
    ids: Sequence[str]

    def run(self) -> Outcome:
        """To its end, which may be red: what is in the database says what it was worth."""
        began = time.monotonic()
        with self._started() as process:
            process.wait(_LONGEST_S)
        seconds = time.monotonic() - began
        return Outcome(
            accounts=len(self.ids),
            seconds=seconds,
            in_run=self.competitor.in_run(self.database),
            requests=self.bank.counts.balances.value,
            tokens=self.bank.counts.tokens.value,
            exact=self.competitor.exact(self.database, self.ids),
        )

    def kill_at(self, calls: int) -> None:
        """Begin, and kill all of it without a warning once the bank was asked so often."""
        with self._started() as process:
            end = time.monotonic() + _LONGEST_S
            while self.bank.counts.balances.value < calls and process.poll() is None:
                if time.monotonic() > end:
                    raise TimeoutError(f"{self.competitor.name} made too few calls.")
                time.sleep(0.01)
            if process.poll() is not None:
                raise RuntimeError(f"{self.competitor.name} ended before it was killed: {self._said()}")

    @contextmanager
    def _started(self) -> "Iterator[subprocess.Popen[bytes]]":
        with self.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own
                self.command, env=self.environ, cwd=_ROOT, stdout=log, stderr=log, start_new_session=True
            )
            try:
                yield process
            finally:
                os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
                process.wait()

    def _said(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2000:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Competitor:
    """A peer, with the program of its name beside this file."""

    name: str
    program: str
    query: str = "SELECT account_id, ledger_balance::text FROM balance"
    is_sequential: bool = False

    def prepare(self) -> None:
        """Have its environment. Raises NotToBeHadError."""
        environment(self.program)

    @contextmanager
    def job(self, bank: Bank, stack: Stack, ids: Sequence[str]) -> Iterator[Job]:
        """All that one run needs, and an empty database."""
        with (
            tempfile.TemporaryDirectory(prefix="peer-") as folder,
            stack.database(f"peer_{secrets.token_hex(4)}") as database,
        ):
            command, environ = self.start(bank, stack, database, ids, Path(folder))
            yield Job(
                command=command,
                environ=environ,
                log=Path(folder) / "log",
                bank=bank,
                database=database,
                competitor=self,
                ids=ids,
            )

    def start(
        self, bank: Bank, _stack: Stack, database: str, ids: Sequence[str], folder: Path
    ) -> tuple[Sequence[str], dict[str, str]]:
        """The command and its environment."""
        asked = {
            "bank": bank.url,
            "client_id": bank.client_id,
            "client_secret": bank.client_secret,
            "database": database,
            "ids": list(ids),
        }
        (folder / "job.json").write_text(json.dumps(asked))
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "QBANK"))
        }
        programs = environment(self.program)
        environ |= {"PEER_FOLDER": str(folder), "HOME": str(folder), "NO_PROXY": "127.0.0.1"}
        return [str(programs / "python"), str(HERE / f"{self.program}.py")], environ

    def exact(self, database: str, ids: Sequence[str]) -> int:
        """How many of the accounts are in the database as the bank said them."""
        try:
            with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
                cursor.execute(self.query)
                found = dict(cursor.fetchall())
        except UndefinedTable:
            return 0
        return sum(Decimal(found[each]) == ledger_balance(each) for each in ids if each in found)

    def in_run(self, _database: str) -> float | None:
        """Seconds of the newest run by its own clock; None for one without such a clock."""
        return None


class _Airflow(Competitor):
    def start(
        self, bank: Bank, stack: Stack, database: str, ids: Sequence[str], folder: Path
    ) -> tuple[Sequence[str], dict[str, str]]:
        _, environ = super().start(bank, stack, database, ids, folder)
        (folder / "dags").mkdir()
        shutil.copy(HERE / f"{self.program}.py", folder / "dags")
        programs, where = environment(self.program), urlsplit(bank.url)
        environ |= {
            "PATH": f"{programs}:{environ['PATH']}",
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_BANK": json.dumps(
                {"conn_type": "http", "schema": "http", "host": where.hostname, "port": where.port}
            ),
            "AIRFLOW_CONN_LEDGER": database.replace("postgresql:", "postgres:", 1),
        }
        airflow = str(programs / "airflow")
        subprocess.run([airflow, "db", "migrate"], env=environ, check=True, capture_output=True)  # noqa: S603
        return [airflow, "dags", "test", "peer"], environ


class _Ours(Competitor):
    def prepare(self) -> None:
        """Nothing to be had: it is this tree."""

    def start(
        self, bank: Bank, stack: Stack, database: str, ids: Sequence[str], folder: Path
    ) -> tuple[Sequence[str], dict[str, str]]:
        migrate, environ = stack.command("migrate", database)
        subprocess.run(migrate, env=environ, cwd=_ROOT, check=True, capture_output=True)  # noqa: S603
        write_accounts(folder / "accounts.csv", ids)
        command, environ = stack.command("sync", database, bank)
        return command, {**environ, "QBANK_ACCOUNTS_FILE": str(folder / "accounts.csv")}

    def in_run(self, database: str) -> float | None:
        """From the plan to settle: what is left out is Airflow's start."""
        with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM finished_at - started_at)"
                "  FROM sync.run ORDER BY run_no DESC LIMIT 1"
            )
            found = cursor.fetchone()
        return float(found[0]) if found and found[0] is not None else None


OURS = _Ours(
    name="ours, in the foreground",
    program=sys.executable,
    query="SELECT account_id, ledger_balance::text FROM ledger.latest_balance",
)
PEERS = (
    Competitor(name="asyncio client", program="asyncio_client"),
    Competitor(name="dlt 1.31", program="dlt_pipeline"),
    Competitor(name="Singer tap, target-postgres", program="singer_tap", is_sequential=True),
    _Airflow(name="stock Airflow 3.3", program="airflow_dag", is_sequential=True),
)
