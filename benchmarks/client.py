"""The bank's client: how fast beside an asyncio client, how much memory, tokens and 429s.

Both clients ask the same server process for the same accounts, in turn, each in a fresh process,
with the same number of calls at once; both get their token first and read each amount as a Decimal.
The server counts what it was asked.
"""

import asyncio
import json
import multiprocessing
import resource
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import aiohttp
import requests
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks import is_quick, print_table
from qbank.client import QBankClient
from qbank.settings import Settings
from qbank_sandbox.app import create_app
from qbank_sandbox.scenario_file import ScenarioFile
from qbank_sandbox.server import listen, serve
from qbank_sandbox.token_endpoint import Client

CONCURRENCY = 64
_SPAWN = multiprocessing.get_context("spawn")  # a forked process would begin with our memory


@dataclass(frozen=True, slots=True)
class Counts:
    """The answers of a bank, in memory that its process shares with ours."""

    tokens: "Synchronized[int]" = field(default_factory=lambda: _SPAWN.Value("q"))
    balances: "Synchronized[int]" = field(default_factory=lambda: _SPAWN.Value("q"))
    throttled: "Synchronized[int]" = field(default_factory=lambda: _SPAWN.Value("q"))  # 429, of balances


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """The sandbox in a process of its own: what a client is told of it, and what it counted."""

    settings: Settings
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process needed for its accounts."""

    seconds: float
    cpu_s: float  # tells the client from the server, which may be what both wait for
    peak_mb: float


def main() -> None:
    """Measure, and print each figure beside its goal."""
    accounts, many, limited = (200, 2_000, 120) if is_quick() else (5_000, 100_000, 400)
    few = many // 100
    rows: list[tuple[str, str, str]] = []
    for latency_ms, goal in ((200, 1.05), (20, 1.20)):
        title = f"{accounts:,} accounts at {latency_ms} ms, {CONCURRENCY} calls at once"
        ours, theirs = _side_by_side(accounts, latency_ms / 1000, 1 if is_quick() else 3)
        for what, unit in (("seconds", "s"), ("cpu_s", "s of CPU")):
            each = [getattr(run, what) for run in (ours, theirs)]
            measured = f"{each[0] / each[1]:.2f} x asyncio ({each[0]:.2f} and {each[1]:.2f} {unit})"
            rows.append((title, measured, f"at most {goal:.2f} x"))
    with _bank(many) as bank:
        small, large = (_measure(_ours, bank, count) for count in (few, many))
        more = large.peak_mb - small.peak_mb
        measured = f"{more:+.0f} MB ({small.peak_mb:.0f} MB, {large.peak_mb:.0f} MB)"
        rows.append((f"Memory, from {few:,} to {many:,} accounts", measured, "at most +64 MB"))
        rows.append(("Token requests, a process", f"{bank.counts.tokens.value / 2:g}", "1"))
    for concurrency in (16, CONCURRENCY):  # the connection's default, and this page's
        with _bank(limited, rate_limit=100, concurrency=concurrency) as bank:
            _measure(_ours, bank, limited)
        calls, refused = bank.counts.balances.value, bank.counts.throttled.value
        title = f"429s at a limit of 100 calls/s, {limited} accounts, {concurrency} calls at once, none lost"
        rows.append((title, f"{refused / calls:.1%} of {calls} calls", "below 10 %"))
    print_table("The bank's client", ("figure", "measured", "goal"), rows)


def _side_by_side(accounts: int, latency_s: float, turns: int) -> tuple[Run, Run]:
    """The median run of ours and of the asyncio client, made in turn."""
    ours, theirs = [], []
    with _bank(accounts, latency_s=latency_s) as bank:
        for _ in range(turns):
            ours.append(_measure(_ours, bank, accounts))
            theirs.append(_measure(_theirs, bank, accounts))
    return _median(ours), _median(theirs)


def _median(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _measure(ask: Callable[[Settings, list[str]], int], bank: Bank, count: int) -> Run:
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as process:
        return process.submit(_run, ask, bank.settings, count).result()


def _run(ask: Callable[[Settings, list[str]], int], settings: Settings, count: int) -> Run:
    ids = [f"account-{number}" for number in range(count)]
    began, cpu = time.perf_counter(), time.process_time()
    answered = ask(settings, ids)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    if answered != count:
        raise RuntimeError(f"{answered} of {count} accounts were answered")
    unit = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss, a MB
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Run(seconds=seconds, cpu_s=cpu_s, peak_mb=peak_mb)


def _ours(settings: Settings, ids: list[str]) -> int:
    with QBankClient(settings) as client:
        return sum(answer.state == "answered" for answer in client.get_balances(ids))


def _theirs(settings: Settings, ids: list[str]) -> int:
    return asyncio.run(_ask_all(settings, ids))


async def _ask_all(settings: Settings, ids: list[str]) -> int:
    """What one would write with asyncio, and no more: as many workers as calls at once."""
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "scope": settings.scope,
    }
    fresh = iter(ids)
    answered = 0
    connections = aiohttp.TCPConnector(limit=settings.concurrency)
    async with aiohttp.ClientSession(connector=connections) as session:
        async with session.post(settings.token_url, data=form) as reply:
            token = (await reply.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

        async def work() -> None:
            nonlocal answered
            for account_id in fresh:
                url = f"{settings.api_url}/v1/balances/{account_id}"
                async with session.get(url, headers=headers) as reply:
                    body = await reply.read()
                balance = json.loads(body, parse_float=Decimal, parse_int=Decimal)
                answered += reply.status == 200 and isinstance(balance["ledger_balance"], Decimal)

        await asyncio.gather(*(work() for _ in range(settings.concurrency)))
    return answered


@contextmanager
def _bank(
    accounts: int, *, latency_s: float = 0.0, rate_limit: int | None = None, concurrency: int = CONCURRENCY
) -> Iterator[Bank]:
    """A bank with this many accounts, on a free port of loopback."""
    client = Client("bench", secrets.token_urlsafe(16))
    counts = Counts()
    with tempfile.TemporaryDirectory() as folder, listen("127.0.0.1", 0) as sock:
        scenario = Path(folder) / "scenario.yaml"
        scenario.write_text(f"rate_limit: {rate_limit}\n" if rate_limit else "")
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        settings = Settings(
            client_id=client.client_id,
            client_secret=client.client_secret,
            api_url=url,
            token_url=f"{url}/token",
            concurrency=concurrency,
        )
        options = {"scenario": scenario, "latency_s": latency_s, "counts": counts}
        process = _SPAWN.Process(target=_serve, args=(sock, client, accounts), kwargs=options, daemon=True)
        process.start()
        try:
            requests.get(f"{url}/healthz", timeout=60)  # waits in the socket's queue until it is up
            yield Bank(settings=settings, counts=counts)
        finally:
            process.terminate()
            process.join()


def _serve(
    sock: socket.socket, client: Client, accounts: int, *, scenario: Path, latency_s: float, counts: Counts
) -> None:
    currencies = {f"account-{number}": "EUR" for number in range(accounts)}
    app = create_app(currencies, client, scenario=ScenarioFile(scenario), latency_s=latency_s)
    app.add_middleware(_Counting, counts=counts)
    serve(app, sock)


class _Counting:
    """Counts the answers of an application; one thread writes the counts, so no lock is needed."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                is_token = scope["path"] == "/token"
                (self._counts.tokens if is_token else self._counts.balances).value += 1
                self._counts.throttled.value += message["status"] == 429
            await send(message)

        await self._app(scope, receive, count)


if __name__ == "__main__":
    main()
