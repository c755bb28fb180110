"""Who is told of alerts: a mail server and a webhook on this machine, and what came in."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class MailServer:
    """A mail server: ``mails`` that it took; it refuses them while ``refuses``, and who is ``unknown`` always."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False
        self.unknown: set[str] = set()
        self.host, self.port = "127.0.0.1", 0

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 taken"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 try again later"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@contextmanager
def mail_server(port: int, login: tuple[str, str] | None = None, **tls: Any) -> Iterator[MailServer]:
    """A mail server at a port, that asks for a login where one is given.

    tls: ``ssl_context``, spoken from the start, or ``tls_context``, by STARTTLS before anything else.
    """
    server = MailServer()

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login.decode(), data.password.decode()) == login, handled=False)

    options: dict[str, Any] = {
        "authenticator": authenticate,
        "auth_required": True,
        "auth_require_tls": False,
    }
    options = {**(options if login else {}), "require_starttls": "tls_context" in tls, **tls}
    controller = Controller(server, hostname="127.0.0.1", port=port, **options)
    controller.start()
    server.port = port
    try:
        yield server
    finally:
        controller.stop()


class Webhook(ThreadingHTTPServer):
    """A webhook that takes JSON: ``posts`` that came in; it answers with ``status``."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Hook)

    @property
    def place(self) -> str:
        """Its address, as Apprise has it."""
        return f"json://127.0.0.1:{self.server_port}/hook-secret"


class _Hook(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.posts.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A webhook on this machine."""
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
