"""What goes over the wire, and what a hostile server can do to it: bar lines 8 to 11."""

import gzip
import itertools
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from qbank import transport
from qbank.connection import Connection, Origin, connect
from qbank.errors import QBankAuthError, QBankConfigError, QBankUnavailableError
from qbank.exchanges import Exchanges
from tests.contract.bank import Answer, Bank, as_bytes
from tests.contract.conftest import ClientOf

GOOD = as_bytes(Answer())


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A raw server: `talk` gets each connection, in a thread of its own. Gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=guarded, args=(connection,), daemon=True).start()

        def guarded(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def drip(data: bytes, every: float = 0.1) -> Callable[[socket.socket], None]:
    """A server that sends a byte now and then, which no read timeout ever sees."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return talk


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_of_a_balance_is_followed(bank: Bank, client_of: ClientOf, status: int) -> None:
    with Bank().serving() as other:
        headers = {"Location": f"{other.url}/v1/balances/a"}
        bank.balance = lambda call: Answer(status=status, headers=headers)
        answer = client_of().get_balance("a")
    assert (answer.state, answer.reason, answer.http_status) == ("failed", "redirect", status)
    assert other.calls == []
    assert len(bank.balance_calls) == 1


@pytest.mark.parametrize("status", [302, 307, 308])
def test_no_redirect_of_the_secret_is_followed(bank: Bank, client_of: ClientOf, status: int) -> None:
    with Bank().serving() as other:
        bank.token = lambda call: Answer(status=status, headers={"Location": f"{other.url}/token"})
        with pytest.raises(QBankAuthError, match="redirects elsewhere"):
            client_of().check()
    assert other.calls == []


def test_nothing_in_the_environment_changes_a_call(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    client = client_of()
    assert client.get_balance("a").state == "answered"
    assert client._transport.tls.keylog_filename is None
    assert all("somebody" not in str(call.headers) for call in bank.calls)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 99, id="headers"),
        pytest.param(GOOD[:-20] + b" " * 99, id="body"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 99, id="continue"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 99,
            id="chunks",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;" + b"x" * 99, id="ext"),
    ],
)
def test_one_deadline_holds_for_all_that_drips(bank: Bank, client_of: ClientOf, data: bytes) -> None:
    with serving(drip(data)) as port:
        client = client_of(api_url=f"http://127.0.0.1:{port}", timeout_s=0.4, max_attempts=2)
        began = time.monotonic()
        answer = client.get_balance("a")
        took = time.monotonic() - began
    assert (answer.reason, answer.http_status, answer.attempts) == ("timeout", None, 2)
    assert 0.8 <= took < 1.3


def test_a_header_of_blanks_costs_no_more_than_another(bank: Bank, client_of: ClientOf) -> None:
    """A pattern that goes back and forth over them took twenty seconds, and nothing else ran meanwhile."""
    head = b"HTTP/1.1 200 OK\r\nX-A: a" + b" " * 60000 + b"b \t\r\nContent-Type: \tapplication/json \r\n"
    body = b'{"available_balance":1,"ledger_balance":1}'
    bank.balance = lambda call: Answer(raw=head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    began = time.process_time()
    assert client_of().get_balance("a").state == "answered"
    assert time.process_time() - began < 1


def test_what_came_while_the_process_stood_still_is_no_answer(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, or frozen with its container: the number in its socket is of then, and the hour that of now."""
    numbers = itertools.count(1)
    asked, standing = threading.Event(), threading.Event()
    wait = Exchanges.wait

    def balance(_call: Any) -> Answer:
        asked.set()
        standing.wait(5)
        return Answer(body=f'{{"available_balance":{next(numbers)},"ledger_balance":1}}')

    def stopped(self: Any, seconds: float) -> Any:
        if asked.is_set() and not standing.is_set():
            standing.set()
            time.sleep(0.8)
        return wait(self, seconds)

    bank.balance = balance
    monkeypatch.setattr(Exchanges, "wait", stopped)
    answer = client_of(timeout_s=0.4).get_balance("a")
    assert answer.available_balance == answer.attempts > 1  # that of the call that was waited for


def test_a_server_that_reads_nothing_is_a_timeout(bank: Bank, client_of: ClientOf) -> None:
    with serving(lambda connection: time.sleep(2)) as port:
        client = client_of(api_url=f"http://127.0.0.1:{port}", timeout_s=0.3, max_attempts=1)
        assert client.get_balance("a").reason == "timeout"


def test_a_connection_that_hangs_in_the_making_is_a_timeout(bank: Bank, client_of: ClientOf) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        client = client_of(api_url=f"http://127.0.0.1:{port}", timeout_s=0.4, max_attempts=1)
        began = time.monotonic()
        assert client.get_balance("a").reason == "timeout"
        assert time.monotonic() - began < 1.0
        for filler in fillers:
            filler.close()


def test_a_name_that_is_looked_up_for_long_holds_no_call(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = socket.getaddrinfo
    opened: list[Connection] = []
    pauses = iter([1.0])

    def slow_once(*args: Any, **kwargs: Any) -> Any:
        time.sleep(next(pauses, 0.0))
        return found(*args, **kwargs)

    def connect_late(origin: Origin, ends: float, **kwargs: Any) -> Connection:
        opened.append(connect(origin, ends + 5, **kwargs))
        return opened[-1]

    client = client_of(timeout_s=0.5, max_attempts=1)
    client.check()
    monkeypatch.setattr(socket, "getaddrinfo", slow_once)
    monkeypatch.setattr(transport, "connect", connect_late)
    began = time.monotonic()
    answers = [(a.reason, time.monotonic() - began) for a in client.get_balances(["a", "b", "c", "d", "e"])]
    assert [reason for reason, _ in answers] == [None, None, None, None, "timeout"]
    assert max(took for reason, took in answers if reason is None) < 0.4
    assert answers[-1][1] < 0.9
    assert opened[-1].sock.fileno() == -1  # came too late, and is closed


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", id="truncated"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", id="chunk cut"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{", id="no chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{", id="chunk of -5"),
        pytest.param(b"SSH-2.0-OpenSSH_9\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", id="200 headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", id="lengths"),
    ],
)
def test_a_broken_answer_is_a_connection_failure(bank: Bank, client_of: ClientOf, raw: bytes) -> None:
    bank.balance = lambda call: Answer(raw=raw)
    answer = client_of(max_attempts=2).get_balance("a")
    assert (answer.state, answer.reason, answer.attempts) == ("failed", "connection", 2)
    assert (answer.http_status, answer.payload) == (None, None)


@pytest.mark.parametrize(
    "raw", [b"A: " + b"b" * 70_000 + b"\r\n\r\n", (b"A: " + b"b" * 900 + b"\r\n") * 75 + b"\r\n"]
)
def test_headers_of_70_kb_say_so(bank: Bank, client_of: ClientOf, raw: bytes) -> None:
    bank.balance = lambda call: Answer(raw=b"HTTP/1.1 200 OK\r\n" + raw)
    answer = client_of(max_attempts=2).get_balance("a")
    assert (answer.state, answer.reason, answer.attempts) == ("failed", "header_too_big", 2)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", id="chunk of -1"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", id="trailers"),
    ],
)
def test_an_answer_without_end_is_cut_on_the_wire(bank: Bank, client_of: ClientOf, head: bytes) -> None:
    sent = [0]

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head)
        while True:
            connection.sendall(b"A: b\r\n" * 10_000)
            sent[0] += 60_000

    with serving(flood) as port:
        client = client_of(api_url=f"http://127.0.0.1:{port}", timeout_s=5, max_attempts=1)
        answer = client.get_balance("a")
    assert answer.reason == "connection"
    assert sent[0] < 20_000_000  # what the kernel's buffers took, and not five seconds of it


def test_a_late_answer_is_never_taken_for_another_accounts(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(
        body={"account_id": call.account_id, "available_balance": 1, "ledger_balance": 2},
        delay_s=0.3 if call.account_id.startswith("slow") else 0.0,
    )
    ids = [f"{'slow' if number % 10 == 0 else 'quick'}-{number}" for number in range(60)]
    client = client_of(timeout_s=0.15, max_attempts=1, concurrency=4)
    answers = list(client.get_balances(ids))
    assert {a.reason for a in answers if a.account_id.startswith("slow")} == {"timeout"}
    assert all(a.echoed_account_id == a.account_id for a in answers if a.account_id.startswith("quick"))


def test_bytes_after_an_answer_are_not_the_next_one(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(
        body=b'{"available_balance":1,"ledger_balance":1}' + as_bytes(Answer(body="{}")),
        headers={"Content-Length": "42", "Content-Type": "application/json"},
    )
    client = client_of(concurrency=1)
    assert {a.state for a in client.get_balances(["a", "b", "c", "d"])} == {"answered"}


def test_a_body_is_cut_at_64_kib(bank: Bank, client_of: ClientOf) -> None:
    fits = b'{"available_balance":1,"ledger_balance":2}'.ljust(64 * 1024)
    bank.balance = lambda call: Answer(body=fits + b" " * (call.account_id == "big"))
    client = client_of()
    assert client.get_balance("fits").state == "answered"
    answer = client.get_balance("big")
    assert (answer.state, answer.reason, answer.attempts) == ("unfit", "body_too_big", 1)
    assert len(answer.payload or "") == 64 * 1024


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_cut_at_64_kib(bank: Bank, client_of: ClientOf, encoding: str) -> None:
    zeros = b"0" * 50_000_000
    bomb = gzip.compress(zeros, 9) if "gzip" in encoding else zlib.compress(zeros, 9)
    if "," in encoding:
        bomb = gzip.compress(bomb)
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    bank.balance = lambda call: Answer(body=bomb, headers=headers)
    client = client_of()
    tracemalloc.start()
    answer = client.get_balance("a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (answer.state, answer.reason) == ("unfit", "body_too_big")
    assert peak < 4_000_000  # and not the 50,000,000 bytes that it would be
    assert bank.balance_calls[0].headers["accept-encoding"] == "identity"


def test_what_cannot_be_decompressed_is_bad_encoding(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(headers={"Content-Encoding": "gzip"})
    answer = client_of().get_balance("a")
    assert (answer.state, answer.reason, answer.attempts) == ("unfit", "bad_encoding", 1)


def test_compressed_answers_are_read(bank: Bank, client_of: ClientOf) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    body = gzip.compress(b'{"available_balance":1,"ledger_balance":2}')
    bank.balance = lambda call: Answer(body=body, headers=headers)
    assert client_of().get_balance("a").state == "answered"


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Content-Type: application/octet-stream\r\n",
        b"Content-Type: text/plain; charset=utf-8\r\n",
        b"Content-Type: application/json\r\nContent-Type: application/json\r\n",
        b"Content-Type: text/plain\r\nContent-Type: application/json\r\n",
    ],
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_json_is_read_under_any_type_or_two_or_none(
    bank: Bank, client_of: ClientOf, headers: bytes, bom: bytes
) -> None:
    body = bom + b'{"available_balance":"1.50","ledger_balance":2}'
    bank.balance = lambda call: Answer(
        raw=b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (headers, len(body), body)
    )
    answer = client_of().get_balance("a")
    assert (answer.state, str(answer.available_balance)) == ("answered", "1.50")


@pytest.mark.parametrize(
    "account_id", ["", "../admin", "a/b", "a b", "ä", "a" * 65, "a\n", "a\x00", "%2e%2e", None, 7]
)
def test_an_id_that_is_none_is_refused_before_any_request(
    bank: Bank, client_of: ClientOf, account_id: str
) -> None:
    with pytest.raises(QBankConfigError, match="is not an account id"):
        client_of().get_balances(["good", account_id])
    assert bank.calls == []


def test_one_id_is_not_taken_for_its_letters(bank: Bank, client_of: ClientOf) -> None:
    with pytest.raises(QBankConfigError, match="not one id"):
        client_of().get_balances("abc")
    assert bank.calls == []


def test_an_id_goes_into_the_path_as_it_is(bank: Bank, client_of: ClientOf) -> None:
    client_of(api_url=f"{bank.url}/base/").get_balance("A-z_09")
    assert [call.path for call in bank.balance_calls] == ["/base/v1/balances/A-z_09"]


@pytest.mark.parametrize(
    ("ages", "kept"),
    [
        (["61"], "stale"),
        (["86400"], "stale"),
        (["9" * 5000], "stale"),
        (["0", "7200"], "stale"),
        (["7200, 0"], "stale"),
        (["60"], None),
        (["0"], None),
        (["-7200"], None),
        (["old"], None),
        (["\u00b29999"], None),
    ],
)
def test_an_answer_that_a_cache_has_kept_is_stale(
    bank: Bank, client_of: ClientOf, ages: list[str], kept: str | None
) -> None:
    lines = "".join(f"Age: {age}\r\n" for age in ages)
    body = b'{"available_balance":1,"ledger_balance":1}'
    head = f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    bank.balance = lambda call: Answer(raw=head.encode("latin-1") + body)
    answer = client_of().get_balance("a")
    assert (answer.reason, answer.attempts, answer.http_status) == (kept, 1, 200)
    assert answer.state == ("unfit" if kept else "answered")
    assert answer.payload == body.decode()


def test_caches_are_told_to_ask_the_bank(bank: Bank, client_of: ClientOf) -> None:
    client_of().get_balance("a")
    assert bank.balance_calls[0].headers["cache-control"] == "no-cache"


def test_cookies_are_not_kept(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(headers={"Set-Cookie": "a=b"})
    client = client_of()
    for _ in range(2):
        client.get_balance("a")
    assert all("cookie" not in call.headers for call in bank.calls)


def test_a_name_for_loopback_that_leads_elsewhere_is_not_connected_to(
    bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", bank.port))]
    tried: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: tried.append(address))
    client = client_of(token_url=f"http://localhost:{bank.port}/token", max_attempts=1)
    with pytest.raises(QBankUnavailableError, match="could not be reached"):
        client.check()
    assert tried == []
