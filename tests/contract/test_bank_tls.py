"""Certificates and proxies: not a byte of the secret leaves for a host that can't prove itself."""

import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from requests import Request

from qbank.client import QBankClient
from qbank.errors import QBankAuthError, QBankConfigError, QBankUnavailableError
from qbank.transport import NoReply, Transport
from tests.contract.bank import Answer, Bank
from tests.contract.conftest import settings_of
from tests.contract.test_bank_http import drip, serving
from tests.words.authority import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_a_bank_that_proves_itself_is_asked(authority: Authority) -> None:
    with Bank().serving(authority.serve_as("127.0.0.1")) as bank:
        client = QBankClient(settings_of(bank, ca_bundle=str(authority.bundle)))
        assert [a.state for a in client.get_balances(["a", "b"])] == ["answered"] * 2


def test_an_answer_of_many_records_is_read_whole(authority: Authority) -> None:
    """A record that was read ahead wakes nobody."""
    body = b'{"available_balance":1,"ledger_balance":2}'.ljust(60_000)
    with Bank().serving(authority.serve_as("127.0.0.1")) as bank:
        bank.balance = lambda call: Answer(body=body)
        client = QBankClient(
            settings_of(bank, ca_bundle=str(authority.bundle), concurrency=4, max_attempts=1)
        )
        answers = list(client.get_balances([f"account-{number}" for number in range(40)]))
    assert {(a.state, len(a.payload or "")) for a in answers} == {("answered", 60_000)}


@pytest.mark.parametrize(
    ("host", "days", "trusted"),
    [
        pytest.param("127.0.0.1", 10, False, id="unknown authority"),
        pytest.param("api.qbankconnect.com", 10, True, id="another host"),
        pytest.param("127.0.0.1", -1, True, id="expired"),
    ],
)
def test_a_bank_that_does_not_is_told_nothing(
    authority: Authority, tmp_path: Path, host: str, days: int, trusted: bool
) -> None:
    known = authority if trusted else Authority(tmp_path)
    with Bank().serving(authority.serve_as(host, days)) as bank:
        client = QBankClient(settings_of(bank, ca_bundle=str(known.bundle)))
        with pytest.raises(QBankAuthError, match="certificate is not trusted") as caught:
            client.check()
    assert bank.calls == []
    assert not caught.value.retryable


def test_an_api_host_that_does_not_is_not_asked_twice(authority: Authority) -> None:
    with Bank().serving() as auth, Bank().serving(authority.serve_as("elsewhere")) as api:
        settings = settings_of(auth, api_url=api.url, ca_bundle=str(authority.bundle))
        answer = QBankClient(settings).get_balance("a")
    assert (answer.reason, answer.attempts) == ("connection", 1)
    assert api.calls == []


def test_a_bundle_that_is_written_anew_is_read_anew(authority: Authority, tmp_path: Path) -> None:
    bundle = tmp_path / "roots.pem"
    for known in (authority, Authority(tmp_path)):
        bundle.write_bytes(known.bundle.read_bytes())
        with Bank().serving(known.serve_as("127.0.0.1")) as bank:
            QBankClient(settings_of(bank, ca_bundle=str(bundle))).check()


def test_without_a_bundle_only_public_authorities_are_trusted(authority: Authority) -> None:
    with (
        Bank().serving(authority.serve_as("127.0.0.1")) as bank,
        pytest.raises(QBankAuthError, match="ca_bundle"),
    ):
        QBankClient(settings_of(bank)).check()


def test_one_deadline_holds_for_a_handshake_that_drips() -> None:
    with serving(drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 99)) as port:
        settings = settings_of(
            bank_at(port), token_url=f"https://127.0.0.1:{port}/t", timeout_s=0.4, max_attempts=1
        )
        began = time.monotonic()
        with pytest.raises(QBankUnavailableError, match="did not answer in time"):
            QBankClient(settings).check()
    assert time.monotonic() - began < 0.8


def test_one_deadline_holds_for_an_answer_over_tls_that_drips(authority: Authority) -> None:
    context = authority.serve_as("127.0.0.1")

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 99)(secure)

    with serving(talk) as port:
        settings = settings_of(
            bank_at(port),
            token_url=f"https://127.0.0.1:{port}/t",
            ca_bundle=str(authority.bundle),
            timeout_s=0.5,
            max_attempts=1,
        )
        began = time.monotonic()
        with pytest.raises(QBankUnavailableError, match="did not answer in time"):
            QBankClient(settings).check()
    assert time.monotonic() - began < 1.0


def test_sending_over_tls_to_one_who_does_not_read_ends(authority: Authority) -> None:
    context = authority.serve_as("127.0.0.1")

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            time.sleep(1.5)

    transport = Transport(connections=1, ca_bundle=str(authority.bundle), proxy=None)
    with serving(talk) as port:
        request = Request("POST", f"https://127.0.0.1:{port}/token", data=b"x" * 20_000_000).prepare()
        began = time.monotonic()
        assert transport.send(request, began + 0.4) == NoReply(reason="timeout")
        assert time.monotonic() - began < 1.2


def bank_at(port: int) -> Bank:
    bank = Bank()
    bank.url = f"http://127.0.0.1:{port}"
    return bank


@pytest.fixture
def proxy() -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that takes CONNECT, and what it was asked for."""
    asked: list[bytes] = []
    with serving(tunnel(asked)) as port:
        yield port, asked


def tunnel(asked: list[bytes]) -> Callable[[socket.socket], None]:
    def talk(client: socket.socket) -> None:
        head = client.recv(65536)
        asked.append(head)
        host, _, port = head.split()[1].rpartition(b":")
        with socket.create_connection((host.decode(), int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            sides = {client: server, server: client}
            while True:
                for side in select.select(list(sides), [], [], 5)[0]:
                    data = side.recv(65536)
                    if not data:
                        return
                    sides[side].sendall(data)

    return talk


def test_a_proxy_sees_the_hosts_name_and_no_secret(
    authority: Authority, proxy: tuple[int, list[bytes]]
) -> None:
    port, asked = proxy
    with Bank().serving(authority.serve_as("127.0.0.1")) as bank:
        settings = settings_of(bank, ca_bundle=str(authority.bundle), proxy=f"http://127.0.0.1:{port}")
        assert QBankClient(settings).get_balance("a").state == "answered"
        assert all(b"127.0.0.1:%d" % bank.port in head for head in asked)
        assert len(asked) >= 1
        assert all(bank.client_secret.encode() not in head for head in asked)


def test_a_bank_behind_a_proxy_must_prove_itself_too(
    authority: Authority, proxy: tuple[int, list[bytes]]
) -> None:
    with Bank().serving(authority.serve_as("elsewhere")) as bank:
        settings = settings_of(bank, ca_bundle=str(authority.bundle), proxy=f"http://127.0.0.1:{proxy[0]}")
        with pytest.raises(QBankAuthError, match="certificate is not trusted"):
            QBankClient(settings).check()
    assert bank.calls == []


def test_one_deadline_holds_for_a_proxy_that_drips(authority: Authority) -> None:
    with serving(drip(b"HTTP/1.1 200 Connected\r\n" + b"X-A: b\r\n" * 99)) as port:
        settings = settings_of(
            bank_at(1),
            token_url="https://127.0.0.1:1/token",
            proxy=f"http://127.0.0.1:{port}",
            timeout_s=0.5,
            max_attempts=1,
        )
        began = time.monotonic()
        with pytest.raises(QBankUnavailableError, match="did not answer in time"):
            QBankClient(settings).check()
    assert time.monotonic() - began < 1.0


def test_a_plain_bank_is_reached_through_a_local_proxy() -> None:
    with Bank().serving() as bank, Bank().serving() as proxy:
        proxy.client_id, proxy.client_secret = bank.client_id, bank.client_secret
        settings = settings_of(bank, proxy=proxy.url)
        assert QBankClient(settings).get_balance("a").state == "answered"
    assert bank.calls == []
    assert proxy.calls[-1].path == f"{bank.url}/v1/balances/a"


def test_a_plain_secret_is_not_given_to_a_proxy_elsewhere() -> None:
    with pytest.raises(QBankConfigError, match="it could read the secret"):
        settings_of(bank_at(1), proxy="http://proxy.example:3128")
