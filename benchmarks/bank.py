"""The bank of the benchmarks: the sandbox in a process of its own, which counts what it is asked.

Its amounts have 18 digits, more than a binary float holds, and are the same whenever they are asked for. A
plain call for a balance is answered without the application, by the same bytes: on two cores the application
would take as much of them as whoever asks, and the figures would be its own.
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
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import requests
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qbank_sandbox.app import balance_reply, create_app
from qbank_sandbox.balance import Balance
from qbank_sandbox.scenario_file import ScenarioFile
from qbank_sandbox.server import SandboxProtocol, listen, serve
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
    tokens = _Tokens()
    app.add_middleware(_Counting, shared=shared, tokens=tokens)
    if scenario.read_text():
        serve(app, sock)
    else:
        serve(app, sock, partial(_Quick, known=frozenset(ids), shared=shared, tokens=tokens))


def _balance_at(account_id: str, _decimals: int, currency: str, now: datetime) -> Balance:
    amount = ledger_balance(account_id)
    return Balance(
        account_id=account_id,
        currency=currency,
        available_balance=amount,
        ledger_balance=amount,
        as_of=now,
    )


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Authorizations by what became of them."""

    in_use: set[bytes] = field(default_factory=set)
    accepted: set[bytes] = field(default_factory=set)
    revoked: set[bytes] = field(default_factory=set)


class _Counting:
    """Counts calls, delays answers, revokes tokens. One thread writes the counts, so no lock is needed."""

    def __init__(self, app: ASGIApp, shared: Shared, tokens: _Tokens) -> None:
        self._app = app
        self._shared = shared
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shared = self._shared
        if scope["path"] == "/token":
            shared.tokens.value += 1
        elif scope["path"].startswith("/v1/"):
            shared.balances.value += 1
            scope = {**scope, "headers": [self._admitted(*header) for header in scope["headers"]]}
            if shared.balances.value == shared.revoke_at.value:
                self._tokens.revoked.update(self._tokens.in_use)
        if shared.latency_s.value:
            await asyncio.sleep(shared.latency_s.value)

        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                shared.throttled.value += message["status"] == 429
                if message["status"] == 200:
                    self._tokens.accepted.update(v for n, v in scope["headers"] if n == b"authorization")
            await send(message)

        await self._app(scope, receive, count)

    def _admitted(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        """The header; a revoked token is one that the bank never gave."""
        if name != b"authorization":
            return name, value
        self._tokens.in_use.add(value)
        return name, b"Bearer revoked" if value in self._tokens.revoked else value


class _Quick(SandboxProtocol):
    """Answers a plain call for a balance itself, where the application took its token before.

    Whatever else comes on a connection goes to the application, and all after a call that came in parts.
    """

    def __init__(
        self, *arguments: Any, known: frozenset[str], shared: Shared, tokens: _Tokens, **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._known, self._shared, self._tokens = known, shared, tokens
        self._in_parts = False

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        account_id = None if self._in_parts else self._asked_for(data)
        if account_id is None:
            self._in_parts = self._in_parts or not (data[:4] == b"GET " and data.endswith(b"\r\n\r\n"))
            super().data_received(data)
            return
        self._shared.balances.value += 1
        self._unset_keepalive_if_required()
        said = list(self.server_state.default_headers)
        self.loop.call_later(self._shared.latency_s.value, self._say, account_id, said)

    def _asked_for(self, data: bytes) -> str | None:
        shared, tokens = self._shared, self._tokens
        line, _, headers = data.partition(b" HTTP/1.1\r\n")
        _, _, token = headers.partition(b"Authorization: ")
        token = token.partition(b"\r\n")[0]
        is_plain = (
            line.startswith(b"GET /v1/balances/")
            and headers.find(b"\r\n\r\n") == len(headers) - 4
            and b"onnection: close" not in headers
            and b"andbox" not in headers.lower()
        )
        if not is_plain or token not in tokens.accepted or token in tokens.revoked:
            return None
        if shared.balances.value + 1 == shared.revoke_at.value:
            return None
        account_id = line[17:].decode("latin-1")
        return account_id if account_id in self._known else None

    def _say(self, account_id: str, said: list[tuple[bytes, bytes]]) -> None:
        if self.transport.is_closing():
            return
        reply = balance_reply(_balance_at(account_id, 2, CURRENCY, datetime.now(UTC)))
        body = reply.body()
        said += [(b"content-type", reply.content_type.encode()), (b"content-length", b"%d" % len(body))]
        head = b"".join(b"%b: %b\r\n" % header for header in said)
        self.transport.write(b"HTTP/1.1 200 OK\r\n%b\r\n%b" % (head, body))
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
