"""An hour to put a fault into: a server, a bank, and the rooms of a run, tried again as Airflow would."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from local.postgres import Cluster
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import migrate
from qbank_ledger.seals.verify import verify
from qbank_sandbox.balance import balance_at

ACCOUNTS = 600
ROOM_S = 200  # a room that takes longer is ended
TRIES = {"plan": 3, "fetch": 2, "audit": 3, "publish": 3, "settle": 3}


class NotHeldError(AssertionError):
    """What was promised under a fault did not hold; the text says what was seen."""


@dataclass(slots=True)
class Room:
    """A room at work, or what is left of it."""

    process: "subprocess.Popen[str]"
    said: str = ""

    def wait_until_at(self) -> None:
        """Until the process waits where it was told to."""
        self.said = self._line()
        if not self.said.startswith("at "):
            raise NotHeldError(f"the room did not come to the place of the fault: {self.said}")

    def go_on(self) -> None:
        assert self.process.stdin is not None  # noqa: S101 - asked for when it was started
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """kill -9: nothing in it gets to clean up."""
        self.process.kill()
        self.process.wait(10)

    def end(self) -> int:
        """Its exit code; negative: the signal that ended it."""
        line = self._line()
        self.said = line or self.said
        return self.process.wait(ROOM_S)

    def _line(self) -> str:
        assert self.process.stdout is not None  # noqa: S101
        killer = threading.Timer(ROOM_S, self.process.kill)
        killer.start()
        try:
            return self.process.stdout.readline().strip()
        finally:
            killer.cancel()


class Hour:
    """Six hundred accounts, and everything that an hour needs."""

    def __init__(
        self, folder: Path, stack: ExitStack, accounts: int = ACCOUNTS, latency_ms: int = 10
    ) -> None:
        self.ids = [f"acc-{n:05}" for n in range(accounts)]
        self.folder = folder
        self.cluster = Cluster(folder / "postgres", free_port())
        stack.callback(self.cluster.stop)
        self.cluster.start()
        self.url = make_url(self.cluster.url()).set(drivername="postgresql+psycopg2")
        migrate(self.url)
        self.file = folder / "accounts.csv"
        write_accounts(self.file, self.ids)
        self._scenario = folder / "scenario.yaml"
        self.bank_is()
        self._secret = secrets.token_urlsafe(16)
        self._bank = self._start_bank(latency_ms)
        stack.callback(self._bank.kill)
        self.run_no = 0
        self.port = self.cluster.port  # by which the rooms reach the server

    def _start_bank(self, latency_ms: int) -> "subprocess.Popen[bytes]":
        log = self.folder / "bank.log"
        arguments = ["--port", "0", "--accounts", str(self.file), "--scenario", str(self._scenario)]
        environ = {
            **os.environ, "QBANK_SANDBOX_CLIENT_ID": "erp", "QBANK_SANDBOX_CLIENT_SECRET": self._secret,
        }  # fmt: skip
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "qbank_sandbox", *arguments, "--latency-ms", str(latency_ms)],
                stderr=errors,
                env=environ,
            )
        ends = time.monotonic() + 30
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
            if time.monotonic() > ends or process.poll() is not None:
                raise NotHeldError(f"the sandbox did not start: {log.read_text()}")
            time.sleep(0.05)
        self.bank_url = found[0]
        return process

    def bank_is(self, **scenario: Any) -> None:
        """From the next call on the bank behaves so; nothing: well."""
        self._scenario.write_text(yaml.safe_dump(scenario))

    def room(self, name: str, *, at: str = "", **environ: str) -> Room:
        """Start a room; ``at``: it waits at this statement, for the fault."""
        process = subprocess.Popen(
            [sys.executable, "-m", "chaos.room", name],
            env={**os.environ, **self._environ(), "CHAOS_STOP_AT": at, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(self.folder / f"{name}.log").open("ab"),
            text=True,
        )
        return Room(process)

    def _environ(self) -> dict[str, str]:
        return {
            "AIRFLOW_CONN_LEDGER_DEFAULT": self.url.set(
                drivername="postgres", port=self.port
            ).render_as_string(False),
            "QBANK_ACCOUNTS_FILE": str(self.file),
            "QBANK_STATE_DIR": str(self.folder / "state"),
            "CHAOS_API_URL": self.bank_url,
            "CHAOS_CLIENT_ID": "erp",
            "CHAOS_CLIENT_SECRET": self._secret,
            "CHAOS_RUN_NO": str(self.run_no),
        }

    def through(self, rooms: Sequence[str] = tuple(TRIES), *, tried: int = 0, **environ: str) -> str:
        """The rooms one after the other, each tried again where it may be; what the last one said."""
        said = ""
        for name in rooms:
            for attempt in range(TRIES[name] - tried):
                room = self.room(name, **environ)
                code = room.end()
                said = room.said
                if code == 0 or (code == 1 and name == "settle"):
                    break
                if code == 1 or attempt == TRIES[name] - tried - 1:
                    raise NotHeldError(f"{name} ended with {code}: {said}")
            if name == "plan":
                self.run_no = int(said.split()[1])
            tried = 0
        return said

    def rows(self, sql: str) -> list[Any]:
        """Rows of a query, as the superuser."""
        return rows(self.url, sql)

    def must_be_whole(self, missing: Sequence[str] = ()) -> None:
        """Each account has its own number, once, and no run is open; ``missing`` ones have a reason."""
        must_be_whole(self.url, self.ids, missing)

    def stop_server(self, *, hard: bool) -> None:
        """PostgreSQL goes away: shot, or stopped as an operator would."""
        pid = self.cluster.pid
        if pid is None:
            raise NotHeldError("the server was not up")
        process = psutil.Process(pid)
        process.send_signal(signal.SIGQUIT if hard else signal.SIGINT)
        process.wait(30)


@contextmanager
def new_hour(**options: Any) -> Iterator[Hour]:
    """An hour of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        yield Hour(Path(folder), stack, **options)


def rows(url: URL, sql: str) -> list[Any]:
    """Rows of a query in a transaction of its own."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        return list(connection.execute(text(sql)).all())


def must_be_whole(url: URL, ids: Sequence[str], missing: Sequence[str] = ()) -> None:
    """Each account has its own number, once, and no run is open; ``missing`` ones have a reason."""
    found = rows(url, "SELECT account_id, ledger_balance, observed_at FROM ledger.balance")
    published, expected = {row.account_id for row in found}, set(ids) - set(missing)
    if published != expected:
        raise NotHeldError(f"{len(published & expected)} of {len(expected)} accounts are published")
    for row in found:
        if row.ledger_balance != balance_at(row.account_id, 2, "EUR", row.observed_at).ledger_balance:
            raise NotHeldError(f"{row.account_id} has a number that is not its own")
    if rows(url, "SELECT FROM sync.run WHERE state = 'running'"):
        raise NotHeldError("a run is still open")
    if rows(url, "SELECT FROM sync.outcome WHERE outcome <> 'published' AND reasons = '{}'"):
        raise NotHeldError("an account is missing without a reason")
    verify(engine_for(url))


def write_accounts(file: Path, ids: Sequence[str]) -> None:
    """An accounts file with these, all in EUR."""
    lines = "".join(f"{id_},EUR,QB01,1100\n" for id_ in ids)
    file.write_text(f"account_id,currency,entity,gl_account\n{lines}")


def free_port() -> int:
    """A port on 127.0.0.1 that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
