"""Many HTTP exchanges on their way at once, seen to by one thread: docs/adr/0028 says why.

What blocks is not done here: a name's look-up, a connection and its handshake, a new token. Those run in
threads, and their end wakes the one that waits.
"""

import selectors
import socket
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Generic, TypeVar

from qbank.connection import Connection
from qbank.transport import BODY_CAP, Form, NoReply, Reply, Transport, no_reply

_About = TypeVar("_About")
_T = TypeVar("_T")


@dataclass(eq=False, slots=True)
class Exchange(Generic[_About]):
    """A request on its way, for whoever began it."""

    about: _About
    ends: float  # time.monotonic()
    form: Form
    data: bytes = field(repr=False)  # has the token
    number: int
    connection: Connection | None = None  # None: it is being connected


class Exchanges(Generic[_About]):
    """The exchanges of one thread: it begins them and waits for their ends. `wake` is for any thread."""

    def __init__(self, transport: Transport, *, at_once: int) -> None:
        self._transport = transport
        self._on_way: dict[Exchange[_About], None] = {}  # in the order of their deadlines
        self._ended: list[tuple[_About, Reply | NoReply]] = []
        self._connected: deque[tuple[Exchange[_About], Future[Connection]]] = deque()
        self._threads = ThreadPoolExecutor(at_once + 1, thread_name_prefix="qbank-connect")
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)

    def begin(self, about: _About, form: Form, path_end: str, ends: float) -> None:
        """Send a request of this form, by an instant of time.monotonic() not before the last one's."""
        data, number = form.fill(path_end)
        exchange = Exchange(about, ends, form, data, number)
        self._on_way[exchange] = None
        connection = self._transport.take(form.origin)
        if connection is not None:
            self._ask(exchange, connection)
            return
        opened = self._threads.submit(self._transport.connect, form.origin, ends)
        opened.add_done_callback(partial(self._note_connected, exchange))

    def run(self, job: Callable[..., _T], *arguments: object) -> "Future[_T]":
        """Run what may block in a thread; its end ends the wait."""
        future = self._threads.submit(job, *arguments)
        future.add_done_callback(lambda _: self.wake())
        return future

    def wait(self, seconds: float) -> list[tuple[_About, Reply | NoReply]]:
        """What ended, each with what came of it: after so long at most, or when `wake` is called."""
        if self._ended:
            seconds = 0
        first = next(iter(self._on_way), None)
        if first is not None:
            seconds = min(seconds, first.ends - monotonic())
        events = self._selector.select(max(seconds, 0))
        self._end_late()  # first: what waited here while this process stood still is no news any more
        for key, _ in events:
            if key.data is None:
                with suppress(BlockingIOError):
                    self._woken.recv(4096)
            elif key.data[0] in self._on_way:
                self._proceed(*key.data)
        while self._connected:
            self._take_connected(*self._connected.popleft())
        ended, self._ended = self._ended, []
        return ended

    def wake(self) -> None:
        """End the wait."""
        with suppress(BlockingIOError):
            self._waker.send(b"\0")

    def close(self) -> list[_About]:
        """Let go of what is on its way, and leave no thread; returns what had not ended."""
        left = [exchange.about for exchange in self._on_way]
        for exchange in self._on_way:
            if exchange.connection is not None:
                exchange.connection.close()
        self._on_way.clear()
        self._threads.shutdown(cancel_futures=True)
        while self._connected:
            self._take_connected(*self._connected.popleft())
        self._selector.close()
        self._woken.close()
        self._waker.close()
        return left

    def _note_connected(self, exchange: Exchange[_About], opened: "Future[Connection]") -> None:
        self._connected.append((exchange, opened))
        self.wake()

    def _take_connected(self, exchange: Exchange[_About], opened: "Future[Connection]") -> None:
        error = None if opened.cancelled() else opened.exception()
        if exchange not in self._on_way:  # too late: nobody waits for it
            if not opened.cancelled() and error is None:
                opened.result().close()
        elif error is None:
            self._ask(exchange, opened.result())
        elif isinstance(error, OSError | ValueError):
            self._end(exchange, no_reply(error, exchange.ends))
        else:
            raise error

    def _ask(self, exchange: Exchange[_About], connection: Connection) -> None:
        exchange.connection = connection
        try:
            connection.begin(exchange.data, most_body=BODY_CAP)
        except (OSError, ValueError) as error:
            self._fail(exchange, connection, error)
        else:
            self._selector.register(connection.sock, connection.wants, (exchange, connection))

    def _proceed(self, exchange: Exchange[_About], connection: Connection) -> None:
        wanted = connection.wants
        try:
            answer = connection.proceed()
            if answer is None:
                if connection.wants != wanted:
                    self._selector.modify(connection.sock, connection.wants, (exchange, connection))
                return
            self._selector.unregister(connection.sock)
            reply = self._transport.settle(connection, answer, exchange.form.origin, exchange.number)
        except (OSError, ValueError) as error:
            self._fail(exchange, connection, error)
        else:
            self._end(exchange, reply)

    def _end_late(self) -> None:
        """The deadlines that have passed."""
        while (first := next(iter(self._on_way), None)) is not None and first.ends <= monotonic():
            late = TimeoutError("the call's deadline has passed")
            if first.connection is None:
                self._end(first, no_reply(late, first.ends))
            else:
                self._fail(first, first.connection, late)

    def _fail(self, exchange: Exchange[_About], connection: Connection, error: OSError | ValueError) -> None:
        with suppress(KeyError):
            self._selector.unregister(connection.sock)
        connection.close()
        self._end(exchange, no_reply(error, exchange.ends))

    def _end(self, exchange: Exchange[_About], outcome: Reply | NoReply) -> None:
        del self._on_way[exchange]
        self._ended.append((exchange.about, outcome))
