"""A stack of the test's own: in a state directory of its own, on free ports, gone afterwards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from local import processes
from local.settings import PORTS, ROOT

from tests.conftest import free_port


@dataclass(frozen=True)
class Commands:
    """``python -m local`` in one environment."""

    environ: dict[str, str]

    @property
    def state(self) -> Path:
        return Path(self.environ["QBANK_STATE_DIR"])

    def start(self, verb: str, **environ: str) -> "subprocess.Popen[str]":
        """The verb in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "local", verb],
            cwd=ROOT,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, verb: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        """The verb to its end."""
        process = self.start(verb, **environ)
        out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def query(self, sql: str) -> list[str]:
        """The rows that ``make psql`` prints, without heading and count."""
        done = self.run("psql", SQL=f"\\copy ({sql}) TO STDOUT WITH (FORMAT csv)")
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def marked(self) -> list[psutil.Process]:
        """What of the stack runs."""
        return [each.process for each in processes.find(self.state)]

    def open_ports(self) -> list[int]:
        """Those of its ports that somebody listens on."""
        ours = {int(self.environ[name]) for name in PORTS}
        return [
            connection.laddr.port
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port in ours
        ]


@contextmanager
def own_stack(state: Path, **environ: str) -> Iterator[Commands]:
    """The command line for a stack that is not there yet."""
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "QBANK_"))}
    own = {"QBANK_STATE_DIR": str(state), **{name: str(free_port()) for name in PORTS}}
    commands = Commands({**inherited, **own, **environ})
    try:
        yield commands
    finally:
        commands.run("stop")
        processes.end(commands.marked(), 5)
