"""Whose answer is it? The bank's need not say, so the connection must: whatever comes around it."""

import json
import re
import socket
import ssl
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbank import transport
from qbank.answer import BalanceAnswer
from qbank.client import QBankClient
from tests.contract.bank import Bank
from tests.contract.conftest import settings_of
from tests.contract.test_bank_http import serving
from tests.contract.test_bank_tls import Authority, tunnel

IDS = [f"account-{number}" for number in range(60)]
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def own_number(account_id: str) -> str:
    return f"{zlib.crc32(account_id.encode()) + 10_000_000}.25"


def body_of(account_id: str) -> bytes:
    number = own_number(account_id)
    return json.dumps({"available_balance": number, "ledger_balance": number}).encode()


def whole(account_id: str, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    body = body_of(account_id)
    lines = [b"HTTP/1.1 " + status, b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, *headers, b"", body])


def chunked(account_id: str, *headers: bytes) -> bytes:
    body = body_of(account_id)
    head = b"\r\n".join([b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", *headers, b"", b""])
    return head + b"%x;ext=1\r\n%s\r\n0\r\nTrailer: t\r\n\r\n" % (len(body), body)


@dataclass
class Talk:
    """What the server says to one request: pieces, with a pause in seconds before each; then maybe the end."""

    pieces: list[tuple[float, bytes]]
    closes: bool = False


@dataclass
class RawBank:
    """An API host that says whatever a test wants, one request at a time on each connection."""

    talk: Callable[[str, int], Talk]
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[int] = field(default_factory=list)  # of each connection
    ids: list[bytes] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held = b""
        number = len(self.requests)
        self.requests.append(0)
        while True:
            while b"\r\n\r\n" not in held:
                data = connection.recv(65536)
                if not data:
                    return
                held += data
            head, _, held = held.partition(b"\r\n\r\n")
            account_id = head.split()[1].rpartition(b"/")[2].decode()
            self.ids += re.findall(rb"(?i)^x-request-id: ([^\r\n]*)\r?$", head, re.MULTILINE)
            self.requests[number] += 1
            self.asked[account_id] += 1
            talk = self.talk(account_id, self.asked[account_id])
            for pause, piece in talk.pieces:
                if pause:
                    time.sleep(pause)
                connection.sendall(piece.replace(b"{request_id}", self.ids[-1] if self.ids else b""))
            if talk.closes:
                return


@contextmanager
def asking(raw: RawBank, **fields: object) -> Iterator[QBankClient]:
    with Bank().serving() as bank, serving(raw.serve) as port:
        known = {
            "api_url": f"http://127.0.0.1:{port}",
            "timeout_s": 3,
            "max_backoff_s": 0.02,
            "max_attempts": 8,
        }
        with QBankClient(settings_of(bank, **{**known, **fields})) as client:
            yield client


def check_own(answers: list[BalanceAnswer], but: frozenset[str] = frozenset()) -> None:
    """Each account has its own number, or a reason where nothing right was said of it."""
    assert sorted(answer.account_id for answer in answers) == sorted({a.account_id for a in answers})
    for answer in answers:
        if answer.account_id in but:
            assert answer.state == "failed", answer
        else:
            assert (answer.state, answer.reason) == ("answered", None), answer
            assert answer.ledger_balance == Decimal(own_number(answer.account_id)), answer.account_id


@pytest.mark.parametrize("concurrency", [1, 2, 16])
@pytest.mark.parametrize(
    "interim",
    [
        pytest.param([(0.0, EARLY_HINTS)], id="103"),
        pytest.param([(0.0, PROCESSING)], id="102"),
        pytest.param(
            [(0.0, EARLY_HINTS), (0.003, PROCESSING), (0.003, EARLY_HINTS), (0.0, CONTINUE)], id="many"
        ),
        pytest.param([(0.0, EARLY_HINTS[:9]), (0.002, EARLY_HINTS[9:])], id="in pieces"),
        pytest.param([(0.0, b"HTTP/1.1 199 Anything\r\nContent-Length: 0\r\n\r\n")], id="199"),
    ],
)
def test_interim_answers_are_read_over(interim: list[tuple[float, bytes]], concurrency: int) -> None:
    raw = RawBank(lambda account_id, _: Talk([*interim, (0.003, whole(account_id))]))
    with asking(raw, concurrency=concurrency) as client:
        check_own(list(client.get_balances(IDS)))
    assert set(raw.asked.values()) == {1}


def test_interim_answers_without_end_are_a_timeout() -> None:
    raw = RawBank(lambda *_: Talk([(0.02, PROCESSING)] * 40))
    with asking(raw, timeout_s=0.3, max_attempts=1) as client:
        assert client.get_balance("a").reason == "timeout"


def test_interim_answers_are_bounded_in_bytes() -> None:
    raw = RawBank(lambda *_: Talk([(0.0, EARLY_HINTS * 10_000)]))
    with asking(raw, max_attempts=1) as client:
        assert client.get_balance("a").reason == "connection"


def test_101_ends_the_connection_and_is_tried_again() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"
    raw = RawBank(
        lambda account_id, time_: Talk([(0.0, switch if time_ == 1 else b""), (0.0, whole(account_id))])
    )
    with asking(raw, concurrency=2) as client:
        check_own(list(client.get_balances(IDS[:6])))
    assert set(raw.asked.values()) == {2}


FOREIGN = whole("somebody-else")
ODD: dict[str, Callable[[str], Talk]] = {
    "two framings": lambda a: Talk([(0, chunked(a, b"Content-Length: 7"))]),
    "the length twice": lambda a: Talk([(0, whole(a, b"Content-Length: %d" % len(body_of(a))))]),
    "another answer after the end": lambda a: Talk([(0, whole(a) + FOREIGN)]),
    "another answer's body after the end": lambda a: Talk([(0, whole(a) + body_of("somebody-else"))]),
    "an empty line after the end": lambda a: Talk([(0, whole(a) + b"\r\n")]),
    "the end of chunks twice": lambda a: Talk([(0, chunked(a) + b"0\r\n\r\n")]),
    "close, without closing": lambda a: Talk([(0, whole(a, b"Connection: keep-alive, Close"))]),
    "HTTP/1.0": lambda a: Talk([(0, whole(a).replace(b"HTTP/1.1", b"HTTP/1.0"))]),
    "until it closes": lambda a: Talk([(0, b"HTTP/1.1 200 OK\r\n\r\n" + body_of(a))], closes=True),
    "an interim answer with a length": lambda a: Talk(
        [(0, EARLY_HINTS[:-2] + b"Content-Length: 0\r\n\r\n"), (0.001, whole(a))]
    ),
}  # fmt: skip


@pytest.mark.parametrize("concurrency", [1, 16])
@pytest.mark.parametrize("odd", ODD)
def test_an_answer_in_doubt_is_the_accounts_own_and_its_connection_is_not_asked_again(
    odd: str, concurrency: int
) -> None:
    raw = RawBank(lambda account_id, _: ODD[odd](account_id))
    with asking(raw, concurrency=concurrency) as client:
        check_own(list(client.get_balances(IDS)))
    assert set(raw.asked.values()) == {1}
    assert set(raw.requests) == {1}


BROKEN: dict[str, Callable[[str], Talk]] = {
    "lengths that differ": lambda a: Talk([(0, whole(a, b"Content-Length: 7"))]),
    "a length with a sign": lambda a: Talk([(0, whole(a).replace(b"Length: ", b"Length: +"))]),
    "a length in a list that differs": lambda a: Talk([(0, whole(a).replace(b"Length: ", b"Length: 1, "))]),
    "a cut chunk": lambda a: Talk([(0, chunked(a)[:-30])], closes=True),
    "a chunk longer than it says": lambda a: Talk([(0, chunked(a).replace(b"\r\n0\r\n", b" \r\n0\r\n"))]),
    "a chunk's size as Python would read it": lambda a: Talk([(0, chunked(a).replace(b";ext", b"_0;ext"))]),
    "a coding behind a blank that is none": lambda a: Talk([(0, chunked(a).replace(b": ch", b": \x0bch"))]),
    "a length before a blank that is none": lambda a: Talk([(0, whole(a).replace(b"Length: ", b"Length: \xa0"))]),
    "a coding nobody asked for": lambda a: Talk([(0, chunked(a).replace(b": chunked", b": gzip, chunked"))]),
    "a header without a colon": lambda a: Talk([(0, whole(a, b"Oops"))]),
    "a space before the colon": lambda a: Talk([(0, whole(a, b"Content-Length : 3"))]),
    "a body of an interim answer": lambda a: Talk([(0, EARLY_HINTS + FOREIGN[-40:]), (0, whole(a))]),
    "an answer to another request": lambda a: Talk([(0, whole(a, b"X-Request-ID: {request_id}0"))]),
    "one in a list": lambda a: Talk([(0, whole(a, b"X-Request-ID: gateway-7, {request_id}0"))]),
    "another protocol": lambda a: Talk([(0, whole(a).replace(b"HTTP/1.1", b"HTTP/2"))]),
    "nothing": lambda a: Talk([], closes=True),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_answer_is_none_and_its_connection_is_not_asked_again(broken: str) -> None:
    raw = RawBank(lambda a, time_: BROKEN[broken](a) if time_ == 1 else Talk([(0, whole(a))]))
    with asking(raw, concurrency=2) as client:
        check_own(list(client.get_balances(IDS[:10])))
    assert set(raw.asked.values()) == {2}


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize("pause", [0.0, 0.002])
def test_a_body_where_none_may_be_is_nobodys(status: bytes, pause: float) -> None:
    head, body = whole("somebody-else", status=status).split(b"\r\n\r\n")
    odd = set(IDS[::3])

    def talk(account_id: str, _: int) -> Talk:
        if account_id in odd:
            return Talk([(0.0, head + b"\r\n\r\n"), (pause, body + FOREIGN)])
        return Talk([(0.0, whole(account_id))])

    with asking(RawBank(talk), concurrency=2) as client:
        check_own(list(client.get_balances(IDS)), but=frozenset(odd))


def test_a_clean_connection_is_asked_again() -> None:
    """The control of the others: and no more connections than calls at once need, with those that rest."""
    raw = RawBank(lambda account_id, _: Talk([(0.002, whole(account_id))]))
    with asking(raw, concurrency=4) as client:
        check_own(list(client.get_balances(IDS)))
        connections = [c for idle in client._transport._idle.values() for c in idle]
        assert all(c.asked == c.answered > 0 for c in connections)
    assert len(raw.requests) <= 4 + 5


def test_what_comes_late_is_seen_before_the_connection_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "REST_S", 0.3)
    late = {IDS[1], IDS[4]}
    raw = RawBank(
        lambda a, _: Talk([(0.0, whole(a)), *([(0.05, whole("somebody-else"))] if a in late else [])])
    )
    with asking(raw, concurrency=1) as client:
        check_own(list(client.get_balances(IDS[:12])))
    assert set(raw.asked.values()) == {1}


def test_a_host_in_doubt_is_asked_once_a_connection(caplog: pytest.LogCaptureFixture) -> None:
    raw = RawBank(lambda a, _: Talk([(0.0, whole(a) + (FOREIGN if a == IDS[3] else b""))]))
    with asking(raw, concurrency=1) as client:
        answers = list(client.get_balances([IDS[3]]))
        answers += client.get_balances([id_ for id_ in IDS if id_ != IDS[3]])
        check_own(answers)
    assert raw.requests == [1] * len(IDS)
    assert sum("connection of its own" in record.message for record in caplog.records) == 1


def test_each_request_has_an_id_of_its_own() -> None:
    raw = RawBank(lambda account_id, _: Talk([(0, whole(account_id, b"X-Request-ID: {request_id}"))]))
    with asking(raw) as client:
        check_own(list(client.get_balances(IDS)))
    assert len(set(raw.ids)) == len(raw.ids) == len(IDS)


@pytest.mark.parametrize(
    "said",
    [
        b"X-Request-ID: gateway-7",
        b"X-Request-ID: {request_id}\r\nX-Request-ID: gateway-7",
        b"X-Request-ID: {request_id}, gateway-7",  # the same, once a proxy has joined the lines
        b"X-Request-ID: gateway-7,{request_id}",
    ],
)
def test_a_gateways_own_request_id_says_nothing(said: bytes) -> None:
    raw = RawBank(lambda account_id, _: Talk([(0, whole(account_id, said))]))
    with asking(raw) as client:
        check_own(list(client.get_balances(IDS)))
    assert set(raw.asked.values()) == {1}


def test_the_token_endpoint_is_read_the_same_way() -> None:
    with Bank().serving() as bank:
        right = json.dumps(bank.new_token(scope="balances.read")).encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(right), right)
        wrong = answer.replace(b'"access_token"', b'"access_taken"')

        def talk(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(EARLY_HINTS)
            time.sleep(0.01)
            connection.sendall(PROCESSING + answer + wrong)

        with serving(talk) as port:
            client = QBankClient(settings_of(bank, token_url=f"http://127.0.0.1:{port}/token"))
            assert client.get_balance("a").state == "answered"


@pytest.mark.parametrize(
    ("first", "connects"),
    [
        pytest.param(EARLY_HINTS + PROCESSING, True, id="interim answers"),
        pytest.param(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", False, id="407"),
        pytest.param(b"HTTP/1.1 200 Connected\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", False, id="bytes after"),
    ],
)
def test_a_proxy_is_read_the_same_way(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, connects: bool
) -> None:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    plain = tunnel([])

    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        plain(connection)

    with Bank().serving(authority.serve_as("127.0.0.1")) as bank, serving(talk) as port:
        fields = {"ca_bundle": str(authority.bundle), "proxy": f"http://127.0.0.1:{port}", "max_attempts": 1}
        client = QBankClient(settings_of(bank, **fields))
        if connects:
            assert client.get_balance("a").state == "answered"
        else:
            with pytest.raises(ConnectionError, match="could not be reached"):
                client.check()
            assert bank.calls == []


def test_a_session_ticket_over_tls_is_nothing_that_the_bank_said(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    context = authority.serve_as("127.0.0.1")
    assert context.maximum_version != ssl.TLSVersion.TLSv1_2  # 1.3 sends tickets after the handshake
    with Bank().serving(context) as bank:
        client = QBankClient(settings_of(bank, ca_bundle=str(authority.bundle), concurrency=2))
        assert {answer.state for answer in client.get_balances(IDS)} == {"answered"}
        connections = [c for idle in client._transport._idle.values() for c in idle]
        assert max(c.answered for c in connections) > 5


ODDITIES = [*ODD, *BROKEN]


@st.composite
def scripts(draw: st.DrawFn) -> dict[tuple[str, int], Talk]:
    """What the server says to an account's first and second request, where that is odd."""
    script: dict[tuple[str, int], Talk] = {}
    pauses = st.sampled_from([0.0, 0.0, 0.001, 0.004])
    for account_id in IDS[:24]:
        for time_ in (1, 2):
            kind = draw(st.sampled_from(["plain", "interim", "odd", "plain"]))
            if kind == "plain":
                continue
            name = draw(st.sampled_from(ODDITIES)) if kind == "odd" else "whole"
            talk = {**ODD, **BROKEN, "whole": lambda a: Talk([(0.0, whole(a))])}[name](account_id)
            before = draw(st.lists(st.sampled_from([EARLY_HINTS, PROCESSING, CONTINUE]), max_size=3))
            cut = draw(st.integers(1, 40))
            pieces = [(draw(pauses), piece) for piece in before]
            for pause, piece in talk.pieces:
                pieces += [(pause or draw(pauses), piece[:cut]), (draw(pauses), piece[cut:])]
            script[account_id, time_] = Talk(pieces, talk.closes)
    return script


@pytest.mark.parametrize("concurrency", [1, 2, 16])
@settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(script=scripts())
def test_whatever_is_said_around_the_answers_each_account_has_its_own(
    concurrency: int, script: dict[tuple[str, int], Talk]
) -> None:
    raw = RawBank(lambda a, time_: script.get((a, time_)) or Talk([(0.0, whole(a))]))
    with asking(raw, concurrency=concurrency) as client:
        check_own(list(client.get_balances(IDS[:24])))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("qbank-")]
