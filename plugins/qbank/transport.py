"""One HTTP exchange, hardened: nothing from the environment, no redirect, one deadline, one cap.

Takes requests' prepared requests, and leaves out what a Session adds: .netrc, *_PROXY,
REQUESTS_CA_BUNDLE, cookies, redirects. Decides which connection is asked: docs/adr/0016 says why.
Foreign exceptions end here: a call has a Reply or a NoReply.
"""

import logging
import secrets
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Literal

import certifi
from requests import PreparedRequest

from qbank.coding import UndecodableError, decode
from qbank.connection import Connection, Origin, connect
from qbank.errors import QBankConfigError
from qbank.http1 import Answer, HeaderTooBigError

log = logging.getLogger(__name__)

Flaw = Literal["body_too_big", "bad_encoding"]
BODY_CAP = 64 * 1024  # bytes, after decompression
# A connection rests between two calls, while others are asked: what a server says after the end of an
# answer has come by then, and is seen.
REST_S = 0.005
USER_AGENT = f"airflow-provider-qbank-ledger/{version('airflow-provider-qbank-ledger')}"
REQUEST_ID = "X-Request-ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered, whatever the status."""

    status: int
    content_type: str | None
    retry_after: str | None
    body: bytes  # decompressed, cut at BODY_CAP
    flaw: Flaw | None = None  # cut, or not to be decompressed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply:
    """No whole answer came. `untrusted`: the certificate is why, and trying again won't help."""

    reason: Literal["timeout", "connection", "header_too_big"]
    untrusted: bool = False


class Transport:
    """Connections to the bank's hosts, shared by all threads of a client.

    Keeps up to `connections` idle ones for each host. Raises QBankConfigError for a `ca_bundle` that
    can't be read.
    """

    def __init__(self, *, connections: int, ca_bundle: str | None, proxy: str | None) -> None:
        self.tls = _tls_context(ca_bundle)
        self._proxy = Origin.of(proxy) if proxy else None
        self._most_idle = connections
        self._idle: dict[Origin, deque[Connection]] = {}
        self._distrusted: set[Origin] = set()
        self._lock = threading.Lock()
        self._origins: dict[str, Origin] = {}
        self._ids = f"{secrets.token_hex(8)}-"
        self._numbers = count(1)

    def send(self, request: PreparedRequest, ends: float) -> Reply | NoReply:
        """Send, and read the answer, by an instant of time.monotonic(). Never raises for the net.

        The URL must have passed `hosts.check_url`.
        """
        untrusted = False
        try:
            return _reply(self._exchange(request, ends))
        except HeaderTooBigError:
            return NoReply(reason="header_too_big")
        except (OSError, ValueError) as error:  # ValueError: a host's name that is none
            untrusted = isinstance(error, ssl.SSLCertVerificationError)
        late = time.monotonic() >= ends - 0.001  # a poll may return a little early
        return NoReply(reason="timeout" if late else "connection", untrusted=untrusted)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            for idle in self._idle.values():
                while idle:
                    idle.pop().close()

    def _exchange(self, request: PreparedRequest, ends: float) -> Answer:
        origin = self._origin(request.url or "")
        request_id = f"{self._ids}{next(self._numbers)}"
        connection = self._take_idle(origin)
        if connection is None:
            connection = connect(origin, ends, tls=self.tls, proxy=self._proxy)
            log.debug("connected to %s", origin.netloc)
        try:
            data = self._as_bytes(request, origin, request_id)
            answer = connection.ask(data, ends, most_body=BODY_CAP)
            self._check(answer, origin, request_id)
        except BaseException:
            connection.close()
            raise
        self._give_back(origin, connection)
        return answer

    def _origin(self, url: str) -> Origin:
        base = url[: url.find("/", len("https://"))]
        origin = self._origins.get(base)
        if origin is None:
            origin = self._origins[base] = Origin.of(base)
        return origin

    def _as_bytes(self, request: PreparedRequest, origin: Origin, request_id: str) -> bytes:
        url = request.url or ""
        through_proxy = origin.is_plain and self._proxy is not None
        target = url if through_proxy else url[url.find("/", len("https://")) :]
        head = [
            f"{request.method} {target} HTTP/1.1",
            f"Host: {origin.netloc}",
            f"{REQUEST_ID}: {request_id}",
        ]
        head += [f"{name}: {value}" for name, value in request.headers.items()]
        body = request.body or b""
        return "\r\n".join([*head, "", ""]).encode("latin-1") + (
            body.encode() if isinstance(body, str) else body
        )

    def _check(self, answer: Answer, origin: Origin, request_id: str) -> None:
        """Note a host in doubt. Raises ConnectionError for an answer that names another of our requests."""
        echoed = answer.headers.get(REQUEST_ID.lower(), ())  # a gateway's own ids say nothing
        if any(text.startswith(self._ids) and text != request_id for text in echoed):
            self._distrust(origin, "an answer names another request")
            raise ConnectionError("the answer belongs to another request")
        if answer.in_doubt:
            self._distrust(origin, "an answer was framed in two ways, or was not all that came")

    def _take_idle(self, origin: Origin) -> Connection | None:
        """The connection idle for longest, once it has rested and nothing was heard on it meanwhile."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle:
                    return None
                rest = idle[0].idle_since + REST_S - time.monotonic()
                if rest > 0 and len(idle) < self._most_idle:
                    return None
                connection = idle.popleft()
            if rest > 0:
                time.sleep(rest)
            state = connection.listen()
            if state == "quiet":
                return connection
            connection.close()
            if state == "speaks":
                self._distrust(origin, "something came that nobody had asked for")

    def _give_back(self, origin: Origin, connection: Connection) -> None:
        with self._lock:
            idle = self._idle.setdefault(origin, deque())
            if connection.may_be_asked and origin not in self._distrusted and len(idle) < self._most_idle:
                connection.idle_since = time.monotonic()
                idle.append(connection)
                return
        connection.close()

    def _distrust(self, origin: Origin, why: str) -> None:
        """No connection to this host is asked twice from now on."""
        with self._lock:
            known = origin in self._distrusted
            self._distrusted.add(origin)
            idle = self._idle.pop(origin, ())
        for connection in idle:
            connection.close()
        if not known:
            log.warning("%s: %s; each call gets a connection of its own now.", origin.netloc, why)


def _reply(answer: Answer) -> Reply:
    body = answer.body
    flaw: Flaw | None = "body_too_big" if answer.cut else None
    if "content-encoding" in answer.headers and not flaw:
        try:
            body = decode(body, answer.header("content-encoding"), most=BODY_CAP + 1)
        except UndecodableError:
            flaw = "bad_encoding"
    if len(body) > BODY_CAP:
        body, flaw = body[:BODY_CAP], "body_too_big"
    return Reply(
        status=answer.status,
        content_type=answer.header("content-type"),
        retry_after=answer.header("retry-after"),
        body=body,
        flaw=flaw,
    )


def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Verifies chain, name and dates. Not `create_default_context`, which reads SSLKEYLOGFILE."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    where = Path(ca_bundle or certifi.where())
    try:
        context.load_verify_locations(**{"capath" if where.is_dir() else "cafile": str(where)})
    except OSError:
        raise QBankConfigError("ca_bundle is not a PEM file or folder that this worker can read.") from None
    return context
