"""By the number of accounts: each room of a run in the foreground, and the peak memory of its processes.

As many as an accounts file lists without the fetch, which would only measure the bank.
"""

import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from benchmarks import Cell, Figure, Table, is_quick
from benchmarks.bank import SPAWN, Bank, bank
from benchmarks.ledger import new_ledger
from benchmarks.rooms import ROOMS, time_rooms
from benchmarks.stack import ROOT, Stack, own_stack
from qbank_ledger.db.connection import engine_for

_STAGES = ("plan", "fetch", "audit", "publish", "settle")
_MOST_MB = 300
_LATENCY_S = 0.005


def measure() -> Iterator[Table]:
    """The runs in the foreground, then the rooms of the largest."""
    sizes, largest = ((10, 100), 1_000) if is_quick() else ((100, 1_000, 10_000, 100_000), 250_000)
    ids = _ids(sizes[-1])
    rows = []
    with bank(ids) as found, own_stack(ids) as stack:
        _foreground(stack, found, ids[:10])  # a metadata database is made once, and copied after that
        for size in sizes:
            took, peak = _foreground(stack, found, ids[:size])
            whole = Figure(sum(took.values()), "s", at_most=60 if size == 100_000 else None)
            stages = [Figure(took.get(stage, 0.0), "s") for stage in _STAGES]
            rows.append((Figure(size), *stages, whole, Figure(peak, "MB", at_most=_MOST_MB)))
    yield Table(
        title="A run in the foreground at 5 ms, by its accounts",
        head=("accounts", *_STAGES, "whole", "largest process"),
        rows=rows,
        note="Rooms are seen every 0.3 s, and the plan has the start of Airflow in it.",
        plot="lines",
    )
    with new_ledger() as (_, superuser), ProcessPoolExecutor(1, mp_context=SPAWN) as process:
        url = superuser.url.render_as_string(hide_password=False)
        took, peak = process.submit(_rooms, url, largest).result()
        cells: list[tuple[Cell, ...]] = [(room, Figure(took[room], "s")) for room in ROOMS]
        yield Table(
            title=f"Rooms of {largest:,} accounts, in one process",
            head=("room", "measured"),
            rows=[*cells, ("peak memory", Figure(peak, "MB", at_most=_MOST_MB))],
        )


def _rooms(url: str, accounts: int) -> tuple[dict[str, float], float]:
    parsed = make_url(url)
    took = time_rooms(engine_for(parsed), create_engine(parsed, poolclass=NullPool), _ids(accounts))
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ids(accounts: int) -> list[str]:
    return [f"account-{number:07}" for number in range(accounts)]


def _foreground(stack: Stack, found: Bank, ids: Sequence[str]) -> tuple[dict[str, float], float]:
    """Seconds from one room's end to the next one's, and the peak of the largest process, in MB."""
    stack.ask_for(ids)
    found.begin(latency_s=_LATENCY_S)
    with stack.database("curve") as database:
        migrate, environ = stack.command("migrate", database)
        subprocess.run(migrate, env=environ, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
        command, environ = stack.command("sync", database, found)
        last, took = time.monotonic(), {}
        process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
        with _Peaks(process.pid) as peaks:
            for line in process.stdout or ():
                stage, _, state = line.strip().partition(" ")
                if stage in _STAGES and _is_over(state.strip()):
                    now = time.monotonic()
                    took[stage], last = now - last, now
            if process.wait():
                raise RuntimeError(f"A run of {len(ids)} accounts failed.")
        return took, max(peaks.values()) / 1024


def _is_over(state: str) -> bool:
    """Success, of all tasks where there are several: success 4/4."""
    word, _, share = state.partition(" ")
    done, _, of = share.partition("/")
    return word == "success" and done == of


class _Peaks:
    """The most memory, in KB, that each process below one had, while it is entered.

    The kernel keeps it for each, so that looking now and then misses little.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> dict[int, int]:
        self._thread.start()
        return self._peaks

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.2):
            with suppress(psutil.Error):
                above = psutil.Process(self._pid)
                for each in (above, *above.children(recursive=True)):
                    with suppress(OSError, StopIteration):
                        said = Path(f"/proc/{each.pid}/status").read_text("utf-8").splitlines()
                        peak = next(line.split()[1] for line in said if line.startswith("VmHWM:"))
                        self._peaks[each.pid] = int(peak)
