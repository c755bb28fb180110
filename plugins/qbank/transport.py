"""One HTTP exchange, hardened: nothing from the environment, no redirect, one deadline, one cap.

Takes requests' prepared requests, and leaves out what a Session adds: .netrc, *_PROXY,
REQUESTS_CA_BUNDLE, cookies, redirects. Decides which connection is asked: docs/adr/0016 says why.
Foreign exceptions end here: a call has a Reply or a NoReply. `send` waits for it; `exchanges.py` has many
on their way at once.
"""

import logging
import re
import secrets
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
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
_AGE = re.compile(r"[0-9]+")


@dataclass(slots=True, kw_only=True)
class Reply:
    """What a server answered, whatever the status."""

    status: int
    content_type: str | None
    retry_after: str | None
    body: bytes  # decompressed, cut at BODY_CAP
    date: str | None = None
    age_s: int = 0  # how long a cache on the way has had it, where one says so
    flaw: Flaw | None = None  # cut, or not to be decompressed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply:
    """No whole answer came. `untrusted`: the certificate is why, and trying again won't help."""

    reason: Literal["timeout", "connection", "header_too_big"]
    untrusted: bool = False


class Transport:
    """Connections to the bank's hosts, shared by all calls of a client.

    Opens no more to a host while `connections` of them rest. Raises QBankConfigError for a `ca_bundle`
    that can't be read.
    """

    def __init__(self, *, connections: int, ca_bundle: str | None, proxy: str | None) -> None:
        self.tls = _tls_context(ca_bundle)
        self._proxy = Origin.of(proxy) if proxy else None
        self._most_resting = connections
        self._idle: defaultdict[Origin, deque[Connection]] = defaultdict(deque)
        self._distrusted: set[Origin] = set()
        self._lock = threading.Lock()
        self._ids = f"{secrets.token_hex(8)}-"
        self._numbers = count(1)

    def send(self, request: PreparedRequest, ends: float) -> Reply | NoReply:
        """Send, and wait for the answer until an instant of time.monotonic(). Never raises for the net.

        The URL must have passed `hosts.check_url`.
        """
        form = self.form(request)
        data, number = form.fill("")
        try:
            connection = self.take(form.origin) or self.connect(form.origin, ends)
            try:
                answer = connection.ask(data, ends, most_body=BODY_CAP)
                return self.settle(connection, answer, form.origin, number)
            except BaseException:
                connection.close()
                raise
        except (OSError, ValueError) as error:
            return no_reply(error, ends)

    def form(self, request: PreparedRequest) -> "Form":
        """The request as bytes, but for what differs from one to the next of its kind."""
        url = request.url or ""
        path_at = url.find("/", len("https://"))
        origin = Origin.of(url[:path_at])
        target = url if origin.is_plain and self._proxy is not None else url[path_at:]
        body = request.body or b""
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        return Form(
            origin=origin,
            before=f"{request.method} {target}".encode("latin-1"),
            between=f" HTTP/1.1\r\nHost: {origin.netloc}\r\n{REQUEST_ID}: {self._ids}".encode("latin-1"),
            after="\r\n".join(["", *headers, "", ""]).encode("latin-1")
            + (body.encode() if isinstance(body, str) else body),
            numbers=self._numbers,
        )

    def connect(self, origin: Origin, ends: float) -> Connection:
        """A new connection, by an instant of time.monotonic(). Raises OSError or ValueError."""
        connection = connect(origin, ends, tls=self.tls, proxy=self._proxy)
        log.debug("connected to %s", origin.netloc)
        return connection

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            for idle in self._idle.values():
                while idle:
                    idle.pop().close()

    def rest(self, origin: Origin) -> float:
        """The seconds until a connection may be asked; none, where one rested or may be opened."""
        with self._lock:
            idle = self._idle.get(origin)
            if not idle or len(idle) < self._most_resting:
                return 0.0
            return idle[0].idle_since + REST_S - time.monotonic()

    def take(self, origin: Origin) -> Connection | None:
        """The connection idle for longest, once it has rested and nothing was heard on it meanwhile."""
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle or idle[0].idle_since + REST_S > time.monotonic():
                    return None
                connection = idle.popleft()
            state = connection.listen()
            if state == "quiet":
                return connection
            connection.close()
            if state == "speaks":
                self._distrust(origin, "something came that nobody had asked for")

    def settle(self, connection: Connection, answer: Answer, origin: Origin, number: int) -> Reply:
        """What a request's answer says; its connection may be asked again, or is closed.

        Raises ConnectionError for an answer that names another of our requests.
        """
        echoed = answer.headers.get(REQUEST_ID.lower(), ())
        own = f"{self._ids}{number}"
        said = [text.strip() for value in echoed for text in value.split(",")]  # a gateway's own say nothing
        if any(text.startswith(self._ids) and text != own for text in said):
            self._distrust(origin, "an answer names another request")
            raise ConnectionError("the answer belongs to another request")
        if answer.in_doubt:
            self._distrust(origin, "an answer was framed in two ways, or was not all that came")
        self._give_back(origin, connection)
        return _reply(answer)

    def _give_back(self, origin: Origin, connection: Connection) -> None:
        with self._lock:
            idle = self._idle[origin]
            if connection.may_be_asked and origin not in self._distrusted:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A request's bytes, made once for many: but for the end of its path, and its id."""

    origin: Origin
    before: bytes
    between: bytes
    after: bytes = field(repr=False)  # has the token
    numbers: Iterator[int]

    def fill(self, path_end: str) -> tuple[bytes, int]:
        """The bytes of the next request, and the number that its id ends with."""
        number = next(self.numbers)
        return b"%b%b%b%d%b" % (
            self.before,
            path_end.encode("ascii"),
            self.between,
            number,
            self.after,
        ), number


def no_reply(error: OSError | ValueError, ends: float) -> NoReply:
    """Why an exchange that had time until an instant of time.monotonic() brought no answer."""
    if isinstance(error, HeaderTooBigError):
        return NoReply(reason="header_too_big")
    late = time.monotonic() >= ends - 0.001  # a poll may return a little early
    untrusted = isinstance(error, ssl.SSLCertVerificationError)
    return NoReply(reason="timeout" if late else "connection", untrusted=untrusted)


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
        date=answer.header("date"),
        body=body,
        age_s=_age(answer) if "age" in answer.headers else 0,
        flaw=flaw,
    )


def _age(answer: Answer) -> int:
    """The greatest Age (RFC 9111, 5.1) that any cache wrote; what is no number of seconds says nothing."""
    said = [text.strip() for value in answer.headers["age"] for text in value.split(",")]
    return max((int(text[:12]) for text in said if _AGE.fullmatch(text)), default=0)


def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    where = Path(ca_bundle or certifi.where())
    try:
        if not (where.is_file() or where.is_dir()):  # a pipe has no end
            raise FileNotFoundError(where)
        return _trusting(where, where.stat().st_mtime_ns)
    except (OSError, ValueError):  # a path may have a NUL in it
        raise QBankConfigError("ca_bundle is not a PEM file or folder that this worker can read.") from None


@lru_cache(maxsize=8)  # to read certifi's roots takes 60 ms; one that was written anew is another
def _trusting(roots: Path, _written_ns: int) -> ssl.SSLContext:
    """Verifies chain, name and dates. Not `create_default_context`, which reads SSLKEYLOGFILE."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_verify_locations(**{"capath" if roots.is_dir() else "cafile": str(roots)})
    return context
