"""Each fault does what its line in the catalogue says; each is asked for by the request header."""

import base64
import gzip
import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from qbank_sandbox.catalogue import FAULTS
from qbank_sandbox.faults import FaultError
from tests.unit.qbank_sandbox.conftest import Bank

# Those that break the connection have no way through a call in process: see tests/integration/sandbox.
OF_THE_CONNECTION = {"hang", "drip", "drip_headers", "truncated", "drop", "reset"}
OF_THE_TOKEN = {"lifetime", "revoked", "wrong_scope"}


def _ledger(answer: Any) -> str:
    found = re.search(rb'"ledger_balance":([^,}]*)', answer.content)
    return found[1].decode() if found else ""


CASES: dict[str, Callable[[Any, Any], bool]] = {
    # header → what is true of the faulty answer, given the true one
    "status": lambda bad, _: bad.status_code == 503 and bad.json()["error"] == "sandbox_fault",
    "status=418": lambda bad, _: bad.status_code == 418,
    "status=304": lambda bad, _: bad.status_code == 304 and bad.content == b"",
    "latency=0.01": lambda bad, good: bad.content == good.content,
    "redirect": lambda bad, _: bad.status_code == 307 and bad.headers["location"] == "/elsewhere",
    "redirect=http://127.0.0.1:9/x": lambda bad, _: bad.headers["location"] == "http://127.0.0.1:9/x",
    "empty": lambda bad, _: bad.status_code == 204 and "content-length" not in bad.headers,
    "empty=200": lambda bad, _: bad.status_code == 200 and bad.headers["content-length"] == "0",
    "not_json": lambda bad, _: bad.status_code == 200 and bad.content.startswith(b"available_balance:"),
    "html": lambda bad, _: bad.headers["content-type"].startswith("text/html") and b"<title>" in bad.content,
    "body=[1e999, NaN]": lambda bad, _: bad.content == b"[1e999, NaN]",
    f"raw={base64.b64encode(bytes(range(256))).decode()}": lambda bad, _: bad.content == bytes(range(256)),
    "content_type": lambda bad, good: (
        bad.headers["content-type"] == "application/octet-stream" and bad.content == good.content
    ),
    "bom": lambda bad, good: bad.content == b"\xef\xbb\xbf" + good.content,
    "big_body=3": lambda bad, good: bad.content == good.content + b" " * 3072,
    "gzip_bomb=50": lambda bad, good: (
        len(bad.content) == len(good.content) + 50 * 2**20 and int(bad.headers["content-length"]) < 100_000
    ),
    "invalid_utf8": lambda bad, good: bad.content.startswith(good.content[:-1]) and b"caf\xe9" in bad.content,
    "utf16": lambda bad, good: bad.content.decode("utf-16") == good.text,
    "amounts=1e2": lambda bad, good: (
        b'"available_balance":1e2,' in bad.content and _ledger(bad) == _ledger(good)
    ),
    "not_finite": lambda bad, _: _ledger(bad) == "NaN",
    "not_finite=-Infinity": lambda bad, _: _ledger(bad) == "-Infinity",
    "too_precise": lambda bad, good: _ledger(bad) == f"{_ledger(good)}1",
    "too_large": lambda bad, _: _ledger(bad) == "9" * 39,
    "missing_field": lambda bad, good: set(good.json()) - set(bad.json()) == {"ledger_balance"},
    "missing_field=currency": lambda bad, good: set(good.json()) - set(bad.json()) == {"currency"},
    "duplicate_key": lambda bad, _: bad.content.count(b'"ledger_balance"') == 2,
    "account_mismatch": lambda bad, _: bad.json()["account_id"] == "someone-else",
    "currency_mismatch": lambda bad, _: bad.json()["currency"] == "CHF",
    "stale": lambda bad, _: bad.json()["as_of"] == "2026-10-24T00:59:58Z",
    "future_dated=6": lambda bad, _: bad.json()["as_of"] == "2026-10-25T01:05:58Z",
    "no_offset": lambda bad, _: bad.json()["as_of"] == "2026-10-25T00:59:58",
}


@pytest.mark.parametrize("header", CASES)
def test_a_fault_does_what_its_line_says(bank: Bank, header: str) -> None:
    good = bank.ask("eur-1")
    bad = bank.ask("eur-1", fault=header)
    assert CASES[header](bad, good), bad.content[:300]
    assert bank.ask("eur-1").content == good.content, "the fault outlived its call"


def test_every_fault_has_its_case() -> None:
    tried = {header.partition("=")[0] for header in CASES} | {"members"}
    assert tried | OF_THE_CONNECTION | OF_THE_TOKEN == set(FAULTS)
    assert all(fault.text.endswith(".") for fault in FAULTS.values())


def test_one_decimal_more_than_none_is_still_too_precise(bank: Bank) -> None:
    assert _ledger(bank.ask("jpy-1", fault="too_precise")) == f"{_ledger(bank.ask('jpy-1'))}.1"


def test_latency_is_as_long_as_was_asked(bank: Bank) -> None:
    began = time.monotonic()
    bank.ask("eur-1", fault="latency=0.2")
    assert 0.2 <= time.monotonic() - began < 2


def test_a_bomb_is_one_gzip_stream_a_thousandth_of_its_size(bank: Bank) -> None:
    with bank.http.stream(
        "GET",
        "/v1/balances/eur-1",
        headers={
            "Authorization": f"Bearer {bank.ask_token().json()['access_token']}",
            "X-Sandbox-Fault": "gzip_bomb=8",
        },
    ) as answer:
        packed = b"".join(answer.iter_raw())
    assert len(packed) < 10_000
    unpacked = gzip.decompress(packed)
    assert len(unpacked) > 8 * 2**20
    assert set(json.loads(unpacked)) == {
        "account_id",
        "currency",
        "available_balance",
        "ledger_balance",
        "as_of",
    }


def test_a_token_lives_as_long_as_the_fault_says(bank: Bank) -> None:
    told = bank.ask_token(headers={"X-Sandbox-Fault": "lifetime=0.5"}).json()
    assert told["expires_in"] == 0
    assert bank.ask("eur-1", token=told["access_token"]).status_code == 200
    time.sleep(0.5)
    assert bank.ask("eur-1", token=told["access_token"]).status_code == 401


def test_a_revoked_token_answers_just_so_many_calls(bank: Bank) -> None:
    told = bank.ask_token(headers={"X-Sandbox-Fault": "revoked=2"}).json()
    assert told["expires_in"] == 3600
    statuses = [bank.ask("eur-1", token=told["access_token"]).status_code for _ in range(3)]
    assert statuses == [200, 200, 401]


def test_a_wrong_scope_is_told_and_true(bank: Bank) -> None:
    told = bank.ask_token(headers={"X-Sandbox-Fault": "wrong_scope"}).json()
    assert told["scope"] == "accounts.read"
    assert bank.ask("eur-1", token=told["access_token"]).status_code == 403


def test_several_headers_are_several_faults(bank: Bank) -> None:
    token = bank.ask_token().json()["access_token"]
    faults = [("X-Sandbox-Fault", "amounts=1e2"), ("X-Sandbox-Fault", "stale")]
    told = bank.http.get("/v1/balances/eur-1", headers=[("Authorization", f"Bearer {token}"), *faults]).json()
    assert (told["available_balance"], told["as_of"]) == (100.0, "2026-10-24T00:59:58Z")


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("nonsense", "there is no fault 'nonsense' here; known are account_mismatch, "),
        ("lifetime=3", "there is no fault 'lifetime' here"),
        ("status=2.5", "status: code is '2.5', which is no int"),
        ("status=99", "status: 99 is no status of an answer"),
        ("status=600", "status: 600 is no status of an answer"),
        ("latency=nan", "latency: seconds is nan, which is not between 0 and 100000"),
        ("gzip_bomb=1000000", "megabytes is 1000000, which is not between"),
        ("drop=1", "drop has no options"),
        ("body", "body needs a value for text"),
        ("members=x", "members: values must be a mapping"),
        ("raw=***", "raw: "),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_the_reason(bank: Bank, header: str, why: str) -> None:
    answer = bank.ask("eur-1", fault=header)
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_fault")
    assert why in answer.json()["error_description"]


@pytest.mark.parametrize("value", ["1\r\nX-Evil: 1", "tomorrow\n", "süd"])
def test_no_option_can_break_a_header_apart(value: str) -> None:
    with pytest.raises(FaultError, match="a header must be one line of ASCII"):
        FAULTS["status"].choose({"retry_after": value})


def test_a_fault_at_the_token_endpoint_is_refused_there_too(bank: Bank) -> None:
    answer = bank.ask_token(headers={"X-Sandbox-Fault": "not_finite"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_fault")
