"""What of the stack runs: found by the mark that each of its processes carries in its environment.

No file says what is up, so nothing can be out of date: what carries the mark belongs to the stack,
also when whatever had started it was killed. Only processes of our own user count: anybody can write a mark.

``python local/processes.py COMMAND …``, run by a supervisor, starts a program once what a killed one of the
same name left behind has been ended. A scheduler that is killed leaves its workers and their tasks: the
scheduler that comes after it does not know them, and starts the same tasks again.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "QBANK_STACK"  # the state directory
UNIT = "QBANK_UNIT"
FINGERPRINT = "QBANK_FINGERPRINT"
PROGRAM = "SUPERVISOR_PROCESS_NAME"  # set by supervisord for what it starts
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Marked:
    """One process of the stack; ``program`` is None for a unit's supervisor."""

    process: psutil.Process
    unit: str
    program: str | None
    fingerprint: str


def find(state: Path) -> list[Marked]:
    """Every process that carries the mark of the stack in ``state``."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if not _is_our_own(process, state):
                continue
            environ = process.environ()
            if environ.get(MARK) == str(state) and not _is_zombie(process):
                found.append(
                    Marked(
                        process,
                        environ.get(UNIT, ""),
                        environ.get(PROGRAM),
                        environ.get(FINGERPRINT, ""),
                    )
                )
    return found


def _is_our_own(process: psutil.Process, state: Path) -> bool:
    """Whether our user runs it; as root, also the server that root had started as another user.

    That one works in the state directory, which nobody else can enter.
    """
    me = os.geteuid()
    if set(process.uids()) == {me}:
        return True
    workplace = Path(process.cwd()) if me == 0 else Path("/")
    # The path may be one of another file system than ours.
    return workplace.is_relative_to(state) and os.path.samestat(
        Path(f"/proc/{process.pid}/cwd").stat(), workplace.stat()
    )


def supervisor_of(unit: str, found: Iterable[Marked]) -> Marked | None:
    """The supervisor of ``unit``, if it runs."""
    return next((each for each in found if each.unit == unit and each.program is None), None)


def programs(found: Iterable[Marked]) -> dict[str, psutil.Process]:
    """Each program's own process, a child of the supervisor, without those that it started."""
    found = list(found)
    supervisors = {each.process.pid for each in found if each.program is None}
    running = {}
    for each in found:
        with contextlib.suppress(psutil.Error):
            if each.program and each.process.ppid() in supervisors:
                running[each.program] = each.process
    return running


def orphans(found: Iterable[Marked]) -> list[Marked]:
    """What a supervisor or a program that was killed had started: no supervisor is above it."""
    by_pid = {each.process.pid: each for each in found}
    left = []
    for each in by_pid.values():
        above: Marked | None = each
        with contextlib.suppress(psutil.Error):
            while above and above.program:
                above = by_pid.get(above.process.ppid())
            if above is None:
                left.append(each)
    return left


def ports(found: Iterable[Marked]) -> dict[str, set[int]]:
    """The ports that each unit listens on."""
    listening: dict[str, set[int]] = {}
    for each in found:
        with contextlib.suppress(psutil.Error):
            listening.setdefault(each.unit, set()).update(
                connection.laddr.port
                for connection in each.process.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN
            )
    return listening


def end(processes: Iterable[psutil.Process], seconds: float, *, how: int = signal.SIGTERM) -> None:
    """Signal the processes and wait; what is left after ``seconds`` is killed."""
    processes = list(processes)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(how)
    left = _wait(processes, seconds)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(left, 10)


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after ``seconds``, or as soon as none does.

    One that has ended does not run, whether or not its parent has taken notice.
    """
    ends = time.monotonic() + seconds
    while True:
        _, left = psutil.wait_procs(processes, timeout=0)
        left = [process for process in left if not _is_zombie(process)]
        if not left or time.monotonic() >= ends:
            return left
        time.sleep(_POLL_S)


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _replace() -> None:
    """End what the predecessor left, then become the command."""
    left = [
        each.process
        for each in find(Path(os.environ[MARK]))
        if each.program == os.environ[PROGRAM] and each.process.pid != os.getpid()
    ]
    # Killed at once: a task that is asked to end says that it failed, and that costs one of its tries.
    end(left, 5, how=signal.SIGKILL)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the supervisor's own configuration


if __name__ == "__main__":
    _replace()
