"""A connection to one of the bank's hosts: opened by a deadline, asked one thing at a time.

The bank's answer need not name its account: which account a number belongs to is known only from the
connection that it came on. So a connection counts what it was asked and what was answered whole, and is
asked again only while the two agree and nothing is left to read.

Its socket never blocks: one thread may see to many connections (`begin`, `proceed`), or wait for one (`ask`).
"""

import math
import selectors
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from qbank.hosts import is_loopback
from qbank.http1 import Answer, BrokenAnswerError, Incoming, read_answer

WIRE_CAP = 512 * 1024  # bytes of one exchange as they come, headers and interim answers and all
_READ = 64 * 1024  # and of one read: more than a record of TLS has, so that none is left behind unseen


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL that has passed ``hosts.check_url``."""

    scheme: str
    host: str  # without the brackets of IPv6
    port: int
    netloc: str  # as the Host header has it

    def __hash__(self) -> int:
        return hash(self.netloc)  # looked up with each call

    @classmethod
    def of(cls, url: str) -> "Origin":
        """The origin that a URL names."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return cls(parts.scheme, parts.hostname or "", port, parts.netloc)

    @property
    def is_plain(self) -> bool:
        return self.scheme == "http"


class Connection:
    """One socket, and what was said on it. Not for two threads at once."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.wants = selectors.EVENT_READ  # what `proceed` waits for
        self.asked = 0
        self.answered = 0  # whole, and the connection may be asked again
        self.idle_since = math.inf  # time.monotonic(), while it waits to be asked again

    @property
    def may_be_asked(self) -> bool:
        """Whether everything that was asked is answered, and nothing else was heard."""
        return self.asked == self.answered

    def begin(self, request: bytes, *, most_body: int, head_only: bool = False) -> None:
        """Ask. Raises OSError, here and in `proceed`, also for an answer that is broken."""
        if not self.may_be_asked:
            raise BrokenAnswerError("an earlier answer may still be on its way")
        self.asked += 1
        self._unsent = memoryview(request)
        self._incoming = Incoming(WIRE_CAP)
        self._reader = read_answer(self._incoming, most_body=most_body, head_only=head_only)
        next(self._reader)
        self._send()

    def proceed(self) -> Answer | None:
        """What there is to do without waiting: the answer, or None until what it `wants` can be done."""
        try:
            if self._unsent:
                self._send()
                return None
            self._incoming.feed(self.sock.recv(_READ))
            next(self._reader)
        except (BlockingIOError, ssl.SSLWantReadError):
            self.wants = selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            self.wants = selectors.EVENT_WRITE
        except StopIteration as end:
            answer: Answer = end.value
            if not answer.is_last:
                self.answered += 1
            return answer
        return None

    def ask(self, request: bytes, ends: float, *, most_body: int, head_only: bool = False) -> Answer:
        """Ask, and wait for the answer until an instant of time.monotonic()."""
        self.begin(request, most_body=most_body, head_only=head_only)
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, self.wants)
            while (answer := self.proceed()) is None:
                selector.modify(self.sock, self.wants)
                selector.select(seconds_left(ends))
        return answer

    def _send(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self.sock.send(self._unsent) :]
            self.wants = selectors.EVENT_READ
        except (BlockingIOError, ssl.SSLWantWriteError):
            self.wants = selectors.EVENT_WRITE
        except ssl.SSLWantReadError:
            self.wants = selectors.EVENT_READ

    def listen(self) -> Literal["quiet", "closed", "speaks"]:
        """What the other side did since its last answer; anything but quiet ends the connection."""
        try:
            return "speaks" if self.sock.recv(1) else "closed"
        except (BlockingIOError, ssl.SSLWantReadError):  # over TLS also after a ticket for later sessions
            return "quiet"
        except OSError:
            return "closed"

    def close(self) -> None:
        self.sock.close()


def connect(origin: Origin, ends: float, *, tls: ssl.SSLContext, proxy: Origin | None) -> Connection:
    """A connection to the origin, through the proxy where there is one. Raises OSError or ValueError.

    Plain http goes to loopback addresses alone, whatever a name resolves to.
    """
    sock = _tcp(proxy or origin, ends, loopback_only=origin.is_plain and proxy is None)
    try:
        if origin.is_plain:
            return Connection(sock)
        if proxy is not None:
            _tunnel(sock, origin, ends)
        sock.settimeout(seconds_left(ends))
        sock = tls.wrap_socket(sock, server_hostname=origin.host, do_handshake_on_connect=False)
        sock.settimeout(seconds_left(ends))
        sock.do_handshake()
        return Connection(sock)
    except BaseException:
        sock.close()
        raise


def _tcp(origin: Origin, ends: float, *, loopback_only: bool) -> socket.socket:
    failure = OSError("the host has no address")
    found = [
        each
        for each in socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        if not loopback_only or is_loopback(str(each[4][0]))
    ]
    for number, (family, kind, protocol, _, address) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # An address whose packets nobody answers leaves the others their time.
            sock.settimeout(seconds_left(ends) / (len(found) - number))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _tunnel(sock: socket.socket, origin: Origin, ends: float) -> None:
    """Let a proxy connect us to the origin: what it answers is read as strictly as a balance."""
    target = f"{f'[{origin.host}]' if ':' in origin.host else origin.host}:{origin.port}"
    request = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()
    answer = Connection(sock).ask(request, ends, most_body=0, head_only=True)
    if not 200 <= answer.status <= 299 or answer.in_doubt:
        raise BrokenAnswerError(f"the proxy did not connect: HTTP {answer.status}")


def seconds_left(ends: float) -> float:
    """Until an instant of time.monotonic(); TimeoutError where none is left."""
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the call's deadline has passed")
    return left
