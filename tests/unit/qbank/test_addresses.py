"""Which of a host's addresses is connected to, and how long each is waited for."""

import socket
import time
from typing import Any

import pytest

from qbank.connection import Origin, _tcp

SWALLOWS, ANSWERS = ("2001:db8::1", 443, 0, 0), ("192.0.2.1", 443)


def test_an_address_that_swallows_packets_leaves_the_others_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: dict[Any, float | None] = {}

    class Socket(socket.socket):
        def connect(self, address: Any) -> None:
            waited[address] = self.gettimeout()
            if address == SWALLOWS:
                raise TimeoutError

    def found(*_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", SWALLOWS),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ANSWERS),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(socket, "socket", Socket)
    origin = Origin("https", "bank.example", 443, "bank.example")
    _tcp(origin, time.monotonic() + 10, loopback_only=False).close()
    assert waited == {SWALLOWS: pytest.approx(5, abs=1), ANSWERS: pytest.approx(10, abs=1)}
