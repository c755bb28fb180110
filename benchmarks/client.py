"""The bank's client: how fast beside an asyncio client, how much memory, tokens and 429s.

Both clients ask the same server process for the same accounts, in turn, each in a fresh process,
with the same number of calls at once; both get their token first and read each amount as a Decimal.
The server counts what it was asked.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

import aiohttp

from benchmarks import Figure, Table, is_quick
from benchmarks.bank import SPAWN, Bank, bank
from qbank.client import QBankClient
from qbank.settings import Settings

CONCURRENCY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process needed for its accounts."""

    seconds: float
    cpu_s: float  # tells the client from the server, which may be what both wait for
    peak_mb: float


def measure() -> Iterator[Table]:
    """Each figure beside its goal."""
    accounts, many, limited = (200, 2_000, 120) if is_quick() else (5_000, 100_000, 400)
    few = many // 100
    rows: list[tuple[str, Figure, str]] = []
    for latency_ms, goal in ((200, 1.05), (20, 1.20)):
        title = f"{accounts:,} accounts at {latency_ms} ms, {CONCURRENCY} calls at once"
        ours, theirs = _side_by_side(accounts, latency_ms / 1000, 1 if is_quick() else 3)
        for what, unit in (("seconds", "s"), ("cpu_s", "s of CPU")):
            each = [getattr(run, what) for run in (ours, theirs)]
            told = f"{each[0]:.2f} and {each[1]:.2f} {unit}"
            rows.append((title, Figure(each[0] / each[1], "x asyncio", at_most=goal), told))
    with _bank(many) as (bank, settings):
        small, large = (_measure(_ours, settings, count) for count in (few, many))
        told = f"{small.peak_mb:.0f} MB, {large.peak_mb:.0f} MB"
        more = Figure(large.peak_mb - small.peak_mb, "MB", at_most=64)
        rows.append((f"Memory, from {few:,} to {many:,} accounts", more, told))
        rows.append(("Token requests, a process", Figure(bank.counts.tokens.value / 2, at_most=1), ""))
    for concurrency in (16, CONCURRENCY):  # the connection's default, and this page's
        with _bank(limited, rate_limit=100, concurrency=concurrency) as (bank, settings):
            _measure(_ours, settings, limited)
        calls, refused = bank.counts.balances.value, bank.counts.throttled.value
        title = f"429s at a limit of 100 calls/s, {limited} accounts, {concurrency} calls at once, none lost"
        rows.append((title, Figure(100 * refused / calls, "%", at_most=10), f"of {calls} calls"))
    yield Table(title="The bank's client", head=("figure", "measured", "of"), rows=rows)


def _side_by_side(accounts: int, latency_s: float, turns: int) -> tuple[Run, Run]:
    """The median run of ours and of the asyncio client, made in turn."""
    ours, theirs = [], []
    with _bank(accounts, latency_s=latency_s) as (_, settings):
        for _ in range(turns):
            ours.append(_measure(_ours, settings, accounts))
            theirs.append(_measure(_theirs, settings, accounts))
    return _median(ours), _median(theirs)


def _median(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def _measure(ask: Callable[[Settings, list[str]], int], settings: Settings, count: int) -> Run:
    with ProcessPoolExecutor(1, mp_context=SPAWN) as process:
        return process.submit(_run, ask, settings, count).result()


def _run(ask: Callable[[Settings, list[str]], int], settings: Settings, count: int) -> Run:
    ids = _ids(count)
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
) -> Iterator[tuple[Bank, Settings]]:
    with bank(_ids(accounts), latency_s=latency_s, rate_limit=rate_limit) as found:
        yield (
            found,
            Settings(
                client_id=found.client_id,
                client_secret=found.client_secret,
                api_url=found.url,
                token_url=f"{found.url}/token",
                concurrency=concurrency,
            ),
        )


def _ids(accounts: int) -> list[str]:
    return [f"account-{number}" for number in range(accounts)]
