"""Sockets that keep the bounds of a whole call, however slowly or much the other side sends.

A socket's timeout bounds one read, so a server that sends a byte now and then holds a client for
good. These sockets set what is left of the calling thread's deadline before each operation:
connecting, the TLS handshake, a proxy's answer, headers and body alike. The thread that waits is
the one that gives up, hence no watchdog, and no connection shut after somebody else took it over.
They count what comes in, too: a chunk that says it is -1 bytes long is read without end.
"""

import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Call(threading.local):
    ends = math.inf  # time.monotonic()
    room = 0  # bytes that may still come


_call = _Call()


@contextmanager
def bounds(ends: float, most_bytes: int) -> Iterator[None]:
    """Every socket operation of this thread ends by then, and no more than so much is received."""
    _call.ends, _call.room = ends, most_bytes
    try:
        yield
    finally:
        _call.ends, _call.room = math.inf, 0


def _left() -> float | None:
    """What a socket may wait; TimeoutError once nothing is left."""
    left = _call.ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the call's deadline has passed")
    return None if left == math.inf else left


def _count(received: int) -> int:
    _call.room -= received
    if _call.room < 0:
        raise ConnectionAbortedError("more came than any answer has")
    return received


class PlainSocket(socket.socket):
    """A TCP socket that keeps the deadline."""

    def connect(self, address: Any) -> None:
        self.settimeout(_left())
        super().connect(address)

    def recv_into(self, *args: Any) -> int:
        self.settimeout(_left())
        return _count(super().recv_into(*args))

    def sendall(self, *args: Any) -> None:
        self.settimeout(_left())
        super().sendall(*args)


class TLSSocket(ssl.SSLSocket):
    """The same over TLS: `SSLContext.sslsocket_class`."""

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(_left())
        super().do_handshake(block)

    def recv_into(self, *args: Any) -> int:
        self.settimeout(_left())
        return _count(super().recv_into(*args))

    def send(self, *args: Any) -> int:  # SSLSocket.sendall sends through it
        self.settimeout(_left())
        return super().send(*args)
