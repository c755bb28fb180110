"""The bank of the benchmarks: the sandbox in a process of its own, which counts what it is asked.

Its amounts have 18 digits, more than a binary float holds, and are the same whenever they are asked for.
"""

import asyncio
import hashlib
import multiprocessing
import secrets
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import requests
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qbank_sandbox.app import create_app
from qbank_sandbox.balance import Balance
from qbank_sandbox.scenario_file import ScenarioFile
from qbank_sandbox.server import listen, serve
from qbank_sandbox.token_endpoint import Client

SPAWN = multiprocessing.get_context("spawn")  # a forked process would begin with our memory
CURRENCY = "EUR"


def ledger_balance(account_id: str) -> Decimal:
    """What the bank says of an account: 18 digits, two of them behind the point."""
    digest = hashlib.sha256(account_id.encode()).digest()
    return Decimal(10**17 + int.from_bytes(digest[:8]) % (9 * 10**17)).scaleb(-2)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the bank counts, and what it is told, in memory that its process shares with ours."""

    tokens: "Synchronized[int]" = field(default_factory=lambda: SPAWN.Value("q"))
    balances: "Synchronized[int]" = field(default_factory=lambda: SPAWN.Value("q"))
    throttled: "Synchronized[int]" = field(default_factory=lambda: SPAWN.Value("q"))  # 429, of balances
    latency_s: "Synchronized[float]" = field(default_factory=lambda: SPAWN.Value("d"))
    revoke_at: "Synchronized[int]" = field(default_factory=lambda: SPAWN.Value("q"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Where it is, who may ask it, and what it counted."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    counts: Shared

    def begin(self, *, latency_s: float, revoke_at: int = 0) -> None:
        """Count anew; revoke every token in use once so many balances were asked for (0: none)."""
        for count in (self.counts.tokens, self.counts.balances, self.counts.throttled):
            count.value = 0
        self.counts.latency_s.value = latency_s
        self.counts.revoke_at.value = revoke_at


@contextmanager
def bank(ids: Sequence[str], *, latency_s: float = 0.0, rate_limit: int | None = None) -> Iterator[Bank]:
    """A bank with these accounts, on a free port of loopback."""
    client = Client("bench", secrets.token_urlsafe(16))
    with tempfile.TemporaryDirectory() as folder, listen("127.0.0.1", 0) as sock:
        scenario = Path(folder) / "scenario.yaml"
        scenario.write_text(f"rate_limit: {rate_limit}\n" if rate_limit else "")
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        found = Bank(url=url, client_id=client.client_id, client_secret=client.client_secret, counts=Shared())
        found.begin(latency_s=latency_s)
        process = SPAWN.Process(target=_serve, args=(sock, client, ids, scenario, found.counts), daemon=True)
        process.start()
        try:
            requests.get(f"{url}/healthz", timeout=60)  # waits in the socket's queue until it is up
            yield found
        finally:
            process.terminate()
            process.join()


def _serve(sock: socket.socket, client: Client, ids: Sequence[str], scenario: Path, shared: Shared) -> None:
    currencies = dict.fromkeys(ids, CURRENCY)
    app = create_app(currencies, client, scenario=ScenarioFile(scenario), balance_at=_balance_at)
    app.add_middleware(_Counting, shared=shared)
    serve(app, sock)


def _balance_at(account_id: str, _decimals: int, currency: str, now: datetime) -> Balance:
    amount = ledger_balance(account_id)
    return Balance(
        account_id=account_id,
        currency=currency,
        available_balance=amount,
        ledger_balance=amount,
        as_of=now,
    )


class _Counting:
    """Counts calls, delays answers, revokes tokens. One thread writes the counts, so no lock is needed."""

    def __init__(self, app: ASGIApp, shared: Shared) -> None:
        self._app = app
        self._shared = shared
        self._in_use: set[bytes] = set()
        self._revoked: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = self._shared
        if scope["path"] == "/token":
            shared.tokens.value += 1
        elif scope["path"].startswith("/v1/"):
            shared.balances.value += 1
            scope = {**scope, "headers": [self._admitted(*header) for header in scope["headers"]]}
            if shared.balances.value == shared.revoke_at.value:
                self._revoked |= self._in_use
        if shared.latency_s.value:
            await asyncio.sleep(shared.latency_s.value)

        async def count(message: Message) -> None:
            shared.throttled.value += message["type"] == "http.response.start" and message["status"] == 429
            await send(message)

        await self._app(scope, receive, count)

    def _admitted(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        """The header; a revoked token is one that the bank never gave."""
        if name != b"authorization":
            return name, value
        self._in_use.add(value)
        return name, b"Bearer revoked" if value in self._revoked else value
