"""A bank to test the client against: real HTTP on loopback, its answers made by the test.

It shares no code with the client nor with the sandbox. Everything that a request held is kept, so
that a test can say what went over the wire.
"""

import json
import secrets
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

GOOD = {"available_balance": "100.25", "ledger_balance": "120.50"}


@dataclass
class Call:
    """A request as it came, and how to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def is_for_token(self) -> bool:
        return urlsplit(self.path).path == "/token"

    @property
    def account_id(self) -> str:
        return urlsplit(self.path).path.rpartition("/")[2]


@dataclass
class Answer:
    """What is sent back. `raw` is written as it is, headers included, instead of all others."""

    status: int = 200
    body: bytes | str | dict[str, Any] = field(default_factory=lambda: dict(GOOD))
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    raw: bytes | None = None
    delay_s: float = 0.0
    drip_s: float | None = None  # seconds between two bytes


class Bank:
    """Both hosts of the bank on one port. Override `balance` and `token` with functions."""

    def __init__(self) -> None:
        self.client_id = "client-" + secrets.token_hex(4)
        self.client_secret = "s/+=%& " + secrets.token_urlsafe(24)
        self.lifetime: Any = 3600
        self.valid: dict[str, float] = {}  # token → when it dies
        self.calls: list[Call] = []
        self.balance: Callable[[Call], Answer] = lambda call: Answer()
        self.token: Callable[[Call], Answer] = self.grant
        self.token_delay_s = 0.0
        self.refusals = 0  # balance calls without a valid token
        self.tokens_at_once = self.most_tokens_at_once = 0
        self._lock = threading.Lock()

    def grant(self, call: Call) -> Answer:
        """What a bank does with the right secret and with a wrong one."""
        right = {"client_id": self.client_id, "client_secret": self.client_secret}
        if {name: call.form.get(name) for name in right} != right:
            return Answer(status=401, body={"error": "invalid_client"})
        return Answer(body=self.new_token(scope=call.form["scope"]))

    def new_token(self, **members: Any) -> dict[str, Any]:
        token = secrets.token_urlsafe(32)
        lives = self.lifetime if isinstance(self.lifetime, int) and self.lifetime > 0 else 3600
        with self._lock:
            self.valid[token] = time.monotonic() + lives
        given = {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}
        return {name: value for name, value in (given | members).items() if value is not None}

    def revoke(self) -> None:
        with self._lock:
            self.valid.clear()

    def answer(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
        if call.is_for_token:
            with self._lock:
                self.tokens_at_once += 1
                self.most_tokens_at_once = max(self.most_tokens_at_once, self.tokens_at_once)
            try:
                time.sleep(self.token_delay_s)
                return self.token(call)
            finally:
                with self._lock:
                    self.tokens_at_once -= 1
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self.valid.get(token, 0) < time.monotonic():
            self.refusals += 1
            return Answer(status=401, body={"error": "invalid_token"})
        return self.balance(call)

    @property
    def token_calls(self) -> list[Call]:
        return [call for call in self.calls if call.is_for_token]

    @property
    def balance_calls(self) -> list[Call]:
        return [call for call in self.calls if not call.is_for_token]

    @property
    def calls_by_account(self) -> Counter[str]:
        return Counter(call.account_id for call in self.balance_calls)

    @contextmanager
    def serving(self, tls: ssl.SSLContext | None = None) -> Iterator["Bank"]:
        bank = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(length)
                call = Call(self.command, self.path, headers, body, time.monotonic())
                answer = bank.answer(call)
                time.sleep(answer.delay_s)
                data = as_bytes(answer)
                try:
                    if answer.drip_s is None:
                        self.wfile.write(data)
                    else:
                        for byte in data:
                            self.wfile.write(bytes([byte]))
                            self.wfile.flush()
                            time.sleep(answer.drip_s)
                except OSError:
                    self.close_connection = True
                self.close_connection = self.close_connection or answer.raw is not None

            do_GET = do_POST = handle_any

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *args: object) -> None:
                pass

        with Server(("127.0.0.1", 0), Handler) as server:
            if tls:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            self.port = server.server_port
            self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()


def as_bytes(answer: Answer) -> bytes:
    if answer.raw is not None:
        return answer.raw
    body = answer.body
    if isinstance(body, dict):
        body = json.dumps(body)
    data = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {answer.status} Whatever"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if "Content-Length" not in answer.headers and answer.status != 204:
        lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + data
