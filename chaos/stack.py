"""The whole stack to put a fault into: what `make run` starts, in a directory and on ports of its own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import yaml
from local import processes
from local.settings import PORTS, ROOT, Settings
from local.stack import Stack
from local.state import open_keys
from sqlalchemy import make_url
from sqlalchemy.engine import URL

from chaos.hour import ACCOUNTS, NotHeldError, free_port, must_be_whole, rows, write_accounts

UP_S = 150  # until the first accounts are fetched, from nothing


class OwnStack:
    """Airflow, PostgreSQL and the sandbox, with a bank that is slow enough for a fault in mid-fetch."""

    def __init__(self, folder: Path) -> None:
        self.ids = [f"acc-{n:05}" for n in range(ACCOUNTS)]
        self.state = folder / "state"
        self.state.mkdir(0o700)
        file = folder / "accounts.csv"
        write_accounts(file, self.ids)
        self.bank_is(balances=[{"faults": {"latency": {"seconds": 1}}}])
        inherited = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "QBANK_"))}
        self.environ = {
            **inherited,
            "QBANK_STATE_DIR": str(self.state),
            "QBANK_ACCOUNTS_FILE": str(file),
            **{name: str(free_port()) for name in PORTS},
        }
        self._log = folder / "run.log"

    def bank_is(self, **scenario: Any) -> None:
        """From the next call on the bank behaves so; nothing: well."""
        (self.state / "scenario.yaml").write_text(yaml.safe_dump(scenario))

    def start(self, verb: str) -> "subprocess.Popen[bytes]":
        """A verb of ``python -m local``."""
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "local", verb],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run_until_in_fetch(self) -> "subprocess.Popen[bytes]":
        """`make run`, which is left while it fetches: some accounts have answered, most have not."""
        run = self.start("run")
        self._until(lambda: 50 <= self.count("sync.observation") < ACCOUNTS / 2, run)
        return run

    def _until(self, is_so: Callable[[], bool], run: "subprocess.Popen[bytes]") -> None:
        ends = time.monotonic() + UP_S
        while True:
            with suppress(Exception):  # nothing is there yet
                if is_so():
                    return
            if run.poll() is not None or time.monotonic() > ends:
                raise NotHeldError(f"the run did not come to its fetch: {self.said()}")
            time.sleep(0.2)

    def said(self) -> str:
        """The end of what its commands printed."""
        return " / ".join(self._log.read_text(errors="replace").splitlines()[-8:])

    @property
    def url(self) -> URL:
        """The ledger, as the superuser; NotHeldError before it has a password."""
        if not (self.state / "keys.json").exists():
            raise NotHeldError("the stack has no keys")
        stack = Stack(Settings.read(self.environ), open_keys(self.state))
        return make_url(stack.cluster.url("postgres", "ledger")).set(drivername="postgresql+psycopg2")

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(rows(self.url, f"SELECT count(*) FROM {table}")[0][0])

    def kill(self, *programs: str) -> None:
        """kill -9 of programs and all that they had started; without a name of all there is."""
        found = processes.find(self.state)
        roots = [process for name, process in processes.programs(found).items() if name in programs]
        if programs and len(roots) < len(programs):
            raise NotHeldError(f"not all of {', '.join(programs)} were up")
        each = {child for root in roots for child in (root, *root.children(recursive=True))}
        for process in each if programs else {one.process for one in found}:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    @contextmanager
    def without(self, program: str) -> Iterator[None]:
        """The program is gone, and nobody starts it again before the block ends."""
        found = processes.find(self.state)
        supervisor = processes.supervisor_of(program, found)
        if supervisor is None:
            raise NotHeldError(f"{program} was not up")
        supervisor.process.suspend()
        try:
            processes.end([processes.programs(found)[program]], 10, how=signal.SIGQUIT)
            yield
        finally:
            supervisor.process.resume()

    def must_be_whole(self, run: "subprocess.Popen[bytes]", most_s: float) -> None:
        """`make run` says so within so many seconds, and the ledger has each account's own number."""
        try:
            code = run.wait(most_s)
        except subprocess.TimeoutExpired:
            raise NotHeldError(f"no end within {most_s:.0f} s: {self.said()}") from None
        if code != 0:
            raise NotHeldError(f"`make run` ended with {code}: {self.said()}")
        must_be_whole(self.url, self.ids)

    def begun_again(self, room: str) -> float:
        """When the last task of a room that Airflow began again has begun."""
        sql = f"""SELECT extract(epoch FROM max(start_date)) FROM task_instance
                  WHERE task_id = '{room}' AND try_number > 1"""
        (begun,) = rows(self.url.set(database="airflow"), sql)[0]
        if begun is None:
            raise NotHeldError(f"no {room} began again")
        return float(begun)

    def end(self) -> None:
        """Nothing of it is left."""
        with suppress(subprocess.TimeoutExpired):
            self.start("stop").wait(90)
        processes.end([each.process for each in processes.find(self.state)], 5, how=signal.SIGKILL)


@contextmanager
def new_stack() -> Iterator[OwnStack]:
    """A stack of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = OwnStack(Path(folder))
        try:
            yield stack
        finally:
            stack.end()
