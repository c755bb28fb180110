"""A socket keeps the bounds of the call that its thread makes."""

import math
import socket
import threading
import time

import pytest

from qbank.deadline import PlainSocket, bounds


@pytest.fixture
def pair() -> tuple[PlainSocket, socket.socket]:
    ours, theirs = socket.socketpair()
    return PlainSocket(fileno=ours.detach()), theirs


def test_sending_to_one_who_does_not_read_ends(pair: tuple[PlainSocket, socket.socket]) -> None:
    began = time.monotonic()
    with bounds(began + 0.2, 0), pytest.raises(TimeoutError):
        pair[0].sendall(b"x" * 10_000_000)
    assert 0.15 < time.monotonic() - began < 1


def test_nothing_is_begun_once_the_deadline_has_passed(pair: tuple[PlainSocket, socket.socket]) -> None:
    pair[1].sendall(b"here already")
    with bounds(time.monotonic() - 1, 100), pytest.raises(TimeoutError, match="has passed"):
        pair[0].recv_into(bytearray(100))


def test_no_more_is_received_than_there_is_room_for(pair: tuple[PlainSocket, socket.socket]) -> None:
    pair[1].sendall(b"x" * 100)
    with bounds(math.inf, 60):
        assert pair[0].recv_into(bytearray(50)) == 50
        with pytest.raises(ConnectionAbortedError):
            pair[0].recv_into(bytearray(50))


def test_bounds_are_a_threads_own_and_end_with_the_call(pair: tuple[PlainSocket, socket.socket]) -> None:
    pair[1].sendall(b"x" * 100)
    received: list[int] = []

    def another() -> None:
        with bounds(math.inf, 100):
            received.append(pair[0].recv_into(bytearray(10)))

    with bounds(time.monotonic() - 1, 0):
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert received == [10]
