"""A program of somebody else's that a test needs: found, started, waited for, and ended."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"  # where Debian keeps servers, and not every login looks
UP_S = 30.0  # how long a program may take to listen, on a busy machine


def found(name: str, *, todo: str, path: str = PATH) -> str:
    """The path of a program. Where it is not there the test fails, and says what to do."""
    program = shutil.which(name, path=path)
    if program is None:
        pytest.fail(f"{name} is not on this machine: {todo}.", pytrace=False)
    return program


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server on 127.0.0.1 from when it listens until the block ends; its output goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(env or os.environ)
        )
    try:
        _wait(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + UP_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"{process.args!r:.200} did not listen; it said: {log.read_text(errors='replace')[-2000:]}")
