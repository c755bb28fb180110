"""Sockets that keep one deadline for a whole call, however slowly the other side drips.

A socket's timeout bounds one read, so a server that sends a byte now and then holds a client for
good. These sockets set what is left of the calling thread's deadline before each operation:
connecting, the TLS handshake, a proxy's answer, headers and body alike. The thread that waits is
the one that gives up, hence no watchdog, and no connection shut after somebody else took it over.
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
    ends = math.inf


_call = _Call()


@contextmanager
def deadline(ends: float) -> Iterator[None]:
    """Every socket operation of this thread ends by this instant of time.monotonic()."""
    _call.ends = ends
    try:
        yield
    finally:
        _call.ends = math.inf


def _left() -> float | None:
    """What a socket may wait; TimeoutError once nothing is left."""
    left = _call.ends - time.monotonic()
    if left <= 0:
        raise TimeoutError("the call's deadline has passed")
    return None if left == math.inf else left


class PlainSocket(socket.socket):
    """A TCP socket that keeps the deadline."""

    def connect(self, address: Any) -> None:
        self.settimeout(_left())
        super().connect(address)

    def recv_into(self, *args: Any) -> int:
        self.settimeout(_left())
        return super().recv_into(*args)

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
        return super().recv_into(*args)

    def send(self, *args: Any) -> int:  # SSLSocket.sendall sends through it
        self.settimeout(_left())
        return super().send(*args)
