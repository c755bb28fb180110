"""Faults of the connection itself, seen from a socket."""

import contextlib
import socket
import time

import pytest
import requests

from tests.unit.qbank_sandbox.test_faults import OF_THE_CONNECTION
from tests.words.bank import SandboxProcess

TRIED = {"hang", "drip", "drip_headers", "truncated", "drop", "reset"}


def _open(sandbox: SandboxProcess, fault: str) -> socket.socket:
    """A connection on which a balance has been asked for with a fault."""
    connection = socket.create_connection(("127.0.0.1", sandbox.port), timeout=5)
    connection.sendall(
        f"GET /v1/balances/acc-0000 HTTP/1.1\r\nHost: bank\r\nX-Sandbox-Fault: {fault}\r\n"
        f"Authorization: Bearer {sandbox.token()}\r\n\r\n".encode()
    )
    return connection


def _pieces(connection: socket.socket) -> list[bytes]:
    """Everything that comes until the bank closes, as it comes."""
    found = []
    while piece := connection.recv(65536):
        found.append(piece)
    return found


def test_every_fault_of_the_connection_is_tried_here() -> None:
    assert TRIED == OF_THE_CONNECTION


def test_a_hang_holds_the_connection_without_a_byte(sandbox: SandboxProcess) -> None:
    with _open(sandbox, "hang") as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_drip_sends_headers_at_once_and_the_body_byte_by_byte(sandbox: SandboxProcess) -> None:
    with _open(sandbox, "drip=0.005") as connection:
        pieces = _pieces(connection)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert f"content-length: {len(body)}".encode() in head
    assert pieces[0].startswith(head)
    assert len(pieces) > len(body) / 2


def test_dripping_headers_come_byte_by_byte_from_the_first_on(sandbox: SandboxProcess) -> None:
    began = time.monotonic()
    with _open(sandbox, "drip_headers=0.005") as connection:
        pieces = _pieces(connection)
    whole = b"".join(pieces)
    assert len(pieces[0]) < 10
    assert time.monotonic() - began > 0.005 * len(whole)
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert whole.endswith(b"}")


def test_a_drip_that_nobody_reads_any_more_ends(sandbox: SandboxProcess) -> None:
    with _open(sandbox, "drip=0.01"):
        pass
    assert sandbox.ask("acc-0000").status_code == 200
    assert "ERROR" not in sandbox.log()


def test_a_truncated_body_ends_before_its_content_length(sandbox: SandboxProcess) -> None:
    with _open(sandbox, "truncated") as connection:
        head, _, body = b"".join(_pieces(connection)).partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == promised // 2
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        sandbox.ask("acc-0000", "truncated")


def test_a_drop_closes_without_a_byte(sandbox: SandboxProcess) -> None:
    with _open(sandbox, "drop") as connection:
        assert _pieces(connection) == []
    with pytest.raises(requests.exceptions.ConnectionError):
        sandbox.ask("acc-0000", "drop")


def test_a_reset_is_a_reset(sandbox: SandboxProcess) -> None:
    with _open(sandbox, "reset") as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_the_bank_is_well_after_all_of_it_and_says_nothing_of_it(sandbox: SandboxProcess) -> None:
    for fault in ("drop", "reset", "truncated"):
        with _open(sandbox, fault) as connection, contextlib.suppress(ConnectionResetError):
            _pieces(connection)
    assert sandbox.ask("acc-0001").status_code == 200
    assert "ERROR" not in sandbox.log()
