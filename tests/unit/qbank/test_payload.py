"""From bytes to exact numbers: bar lines 12 to 15."""

import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qbank.payload import UnusableAnswerError, exact_amount, printable, read_balance


def body_of(available: str, ledger: str = "1", more: str = "") -> bytes:
    return f'{{"available_balance":{available},"ledger_balance":{ledger}{more}}}'.encode()


def reason_of(body: bytes, content_type: str | None = "application/json") -> str | None:
    return read_balance("a", body, content_type).reason


@pytest.mark.parametrize("quote", ["", '"'], ids=["number", "text"])
@pytest.mark.parametrize(
    "text",
    [
        "0",
        "0.1",
        "0.30000000000000004",
        "1234567890123456.78",
        "90071992547409.93",
        "-42.50",
        "12345678901234567890123456789012345678",
        "1234567890123456789012345678901234567.8",
        "-0.00000000000000000000000000000000000001",
        "1e37",
        "1E+2",
        "12.5e-3",
        "99999999999999999999999999999999999999",
        "1.00000000000000000000000000000000000000",
        "12.50000000000000000000000000000000000000000000",
        "100e-2",
    ],
)
def test_a_number_is_exact_to_its_last_digit(text: str, quote: str) -> None:
    reading = read_balance("a", body_of(quote + text + quote, quote + text + quote), None)
    assert reading.reason is None
    assert reading.available_balance == reading.ledger_balance == Decimal(text)


def test_zeros_that_the_bank_wrote_are_kept_up_to_38_decimals() -> None:
    assert str(exact_amount("1234.50")) == "1234.50"
    assert str(exact_amount("1e2")) == "100"
    assert str(exact_amount("0.5" + "0" * 60000)) == "0.5" + "0" * 37


@pytest.mark.parametrize("text", ["-0", "-0.00", "0e999999999999999999999", "-0E-99999999999999"])
def test_zero_is_zero_without_a_sign(text: str) -> None:
    assert str(exact_amount(text)) == "0"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1e38", "too_large"),
        ("123456789012345678901234567890123456789", "too_large"),
        ("1.23456789012345678901234567890123456789", "too_large"),
        ("1e999999", "too_large"),
        ("-1e999999999999999999999999999999", "too_large"),
        ("9" * 5000, "too_large"),
        ("1" + "0" * 60000, "too_large"),
        ("1e" + "9" * 5000, "too_large"),
        ("1e-39", "too_precise"),
        ("1e-999999", "too_precise"),
        ("1e-" + "9" * 5000, "too_precise"),
        ("0.000000000000000000000000000000000000001", "too_precise"),
    ],
)
@pytest.mark.parametrize("quote", ["", '"'], ids=["number", "text"])
def test_a_number_out_of_range_is_said_to_be_without_much_work(text: str, reason: str, quote: str) -> None:
    began = time.process_time()
    assert reason_of(body_of(quote + text + quote)) == reason
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "false",
        "[]",
        "[1]",
        "{}",
        '""',
        '" 1"',
        '"1 "',
        '"1\\n"',
        '"+1"',
        '"1."',
        '".5"',
        '"007"',
        '"-"',
        '"1e"',
        '"12_3.5"',
        '"1,000.00"',
        '"1.000,00"',
        '"0x10"',
        '"\uff11\uff12"',
        '"\u0661"',
        '"12.50 EUR"',
        '"--1"',
        '"\u22121"',
        '"null"',
        '"true"',
    ],
)
def test_what_is_no_number_is_not_a_number(value: str) -> None:
    assert reason_of(body_of(value)) == "not_a_number"
    assert reason_of(body_of("1", value)) == "not_a_number"


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-Infinity", '"NaN"', '"nan"', '"-inf"', '"+Infinity"', '"sNaN"', '"INF"'],
)
def test_what_is_not_finite_is_said_to_be(value: str) -> None:
    assert reason_of(body_of(value)) == "not_finite"
    assert reason_of(body_of("1", value)) == "not_finite"


@pytest.mark.parametrize("more", [',"x":NaN', ',"x":[{"y":-Infinity}]', ',"currency":Infinity'])
def test_a_bare_constant_elsewhere_is_not_json(more: str) -> None:
    assert reason_of(body_of("1", "1", more)) == "not_json"
    assert reason_of(body_of("NaN", "1", more)) == "not_json"
    assert reason_of(body_of("[NaN]")) == "not_json"
    assert reason_of(b"NaN") == "not_json"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"1",
        b'"x"',
        b"null",
        body_of("null"),
        body_of("1", "null"),
        b'{"available_balance":1}',
        b'{"ledger_balance":1}',
        b'{"Available_Balance":1}',
    ],
)
def test_an_absent_or_null_balance_is_missing(body: bytes) -> None:
    assert reason_of(body) == "missing_field"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<html>",
        b"{",
        b'{"available_balance":1,}',
        body_of("1") + b"x",
        body_of("1") * 2,
        body_of("01"),
        body_of("1."),
        body_of("+1"),
        body_of(".5"),
        body_of("0x10"),
        body_of("'1'"),
        body_of("\uff11"),
        body_of("12_3.5"),
        body_of('"\t"'),
        b"/**/" + body_of("1"),
        b"[" * 65000,
        b'{"a":' * 10000,
        b"[" * 30000 + b"]" * 30000,
    ],
)
def test_what_is_not_json_is_said_to_be(body: bytes) -> None:
    assert reason_of(body) == "not_json"


@pytest.mark.parametrize(
    "body",
    [
        body_of("1", "1", ',"ledger_balance":1'),
        body_of("1", "1", ',"x":1,"x":1'),
        body_of("1", "1", ',"x":[{"y":{"z":1,"z":2}}]'),
        body_of("1", "1", ',"\\u0061vailable_balance":2'),
    ],
)
def test_a_key_twice_anywhere_is_a_duplicate(body: bytes) -> None:
    assert reason_of(body) == "duplicate_key"


@pytest.mark.parametrize(
    "body",
    [
        2 * b"\xef\xbb\xbf" + body_of("1"),
        body_of("1").decode().encode("utf-16"),
        body_of("1").decode().encode("utf-16-le"),
        body_of("1").decode().encode("utf-32-be"),
        body_of("1", "1", ',"x":"\xff"').decode().encode("latin-1"),
        body_of("1").replace(b"a", b"\xed\xa0\x80", 1),
        body_of("1").replace(b"a", b"\xc0\xaf", 1),
        body_of("1") + b"\x00",
        body_of("1", "1", ',"x":"\\u0000"'),
        body_of("1", "1", ',"x":"\\ud800"'),
        body_of("1", "1", ',"x":"\\udc00\\ud800"'),
        body_of("1", "1", ',"x":[[{"y":"\\udfff"}]]'),
        body_of("1", "1", ',"\\u0000":1'),
        body_of("1", "1", ',"currency":"E\\u0000R"'),
    ],
)
def test_what_postgres_could_not_store_is_bad_encoding(body: bytes) -> None:
    assert reason_of(body) == "bad_encoding"


def test_a_bom_before_the_json_is_skipped_and_kept_in_the_payload() -> None:
    body = b"\xef\xbb\xbf" + body_of("1.5")
    assert read_balance("a", body, "application/json").available_balance == Decimal("1.5")
    assert printable(body).startswith("\ufeff{")


def test_escapes_that_are_whole_characters_are_fine() -> None:
    assert reason_of(body_of("1", "1", ',"x":"\\ud83d\\ude00 \\u00e9"')) is None


MARKUP = [
    "text/html",
    "TEXT/HTML; charset=utf-8",
    "application/xhtml+xml",
    "text/xml",
    "application/soap+xml",
]
VAGUE = ["text/plain", "application/octet-stream", "text/plain;charset=utf-8", "", "json", "a/b", "text/csv"]
NAMED = ["application/json", "Application/JSON; charset=utf-8", "application/hal+json", "text/json"]
TWICE = ["application/json, application/json", "text/plain, application/json", "application/json,text/html"]


@pytest.mark.parametrize("kind", [None, *NAMED, *TWICE, *VAGUE, "text/plain, text/plain"])
def test_json_is_read_whatever_it_is_called(kind: str | None) -> None:
    assert reason_of(body_of("1"), kind) is None


@pytest.mark.parametrize("kind", [*MARKUP, "text/html, text/html", "text/plain, text/html"])
@pytest.mark.parametrize("body", [body_of("1"), b"<html>", b""])
def test_what_is_called_markup_is_the_wrong_content_type(kind: str, body: bytes) -> None:
    assert reason_of(body, kind) == "wrong_content_type"


@pytest.mark.parametrize("body", [b"<html>", b"down", b""])
def test_what_is_no_json_is_named_by_what_it_is_called(body: bytes) -> None:
    assert {reason_of(body, kind) for kind in VAGUE if kind} == {"wrong_content_type"}
    assert {reason_of(body, kind) for kind in (None, "", *NAMED, *TWICE)} == {"not_json"}


def test_what_is_json_and_unfit_keeps_its_reason_whatever_it_is_called() -> None:
    for kind in (None, *NAMED, *VAGUE):
        assert reason_of(b"{}", kind) == "missing_field"
        assert reason_of(body_of("1", "1", ',"x":1,"x":1'), kind) == "duplicate_key"
        assert reason_of(body_of("1").decode().encode("utf-16"), kind) == "bad_encoding"


def echo(more: str) -> Any:
    return read_balance("a", body_of("1", "1", more), None)


def test_echoes_are_the_banks_own_words() -> None:
    said = echo(',"account_id":"a","currency":"EUR","as_of":"2026-10-25T02:30:00.5+02:00","x":{}')
    assert (said.echoed_account_id, said.echoed_currency) == ("a", "EUR")
    assert said.echoed_as_of == "2026-10-25T02:30:00.5+02:00"
    assert said.bank_as_of == datetime(2026, 10, 25, 0, 30, 0, 500000, tzinfo=UTC)


def test_null_echoes_count_as_absent() -> None:
    said = echo(',"account_id":null,"accountId":null,"currency":null,"as_of":null')
    assert (said.echoed_account_id, said.echoed_currency) == (None, None)
    assert (said.echoed_as_of, said.bank_as_of) == (None, None)


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        (',"accountId":"b"', "b"),
        (',"account_id":"a","accountId":"b"', "b"),
        (',"account_id":"b","accountId":"a"', "b"),
        (',"account_id":"","accountId":"a"', ""),
        (',"account_id":7', "7"),
        (',"account_id":true', "(not text)"),
        (',"account_id":["a"]', "(not text)"),
    ],
)
def test_of_two_ids_the_one_that_disagrees_is_shown(more: str, shown: str) -> None:
    assert echo(more).echoed_account_id == shown


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-10-25",
        "2026-10-25T02:30:00",
        "2026-13-25T02:30:00Z",
        "2026-10-25T24:00:01Z",
        "2026-10-25T02:30:60Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-10-25T02:30:00+00:60",
        "2026-10-25T02:30:00-0199",
        "2026-W43-7T02:30:00Z",
        "1761350000",
        "\uff12026-10-25T02:30:00Z",
        "2026-10-25T02:30:00Z ",
        "",
    ],
)
def test_a_timestamp_that_is_unreadable_or_without_offset_is_kept_as_text(text: str) -> None:
    said = echo(f',"as_of":"{text}"')
    assert (said.echoed_as_of, said.bank_as_of) == (text, None)


def test_an_unfit_answer_still_says_what_it_echoes() -> None:
    said = read_balance("a", body_of("true", "1", ',"currency":"USD"'), None)
    assert (said.reason, said.echoed_currency) == ("not_a_number", "USD")
    assert (said.available_balance, said.ledger_balance) == (None, None)


def test_a_payload_can_be_stored_and_its_odd_bytes_be_read() -> None:
    assert printable(b'{"a":"\xff\x00\xc3\xa9"}') == '{"a":"\\xff\\x00é"}'


REASONS = {
    *("not_json", "duplicate_key", "missing_field", "not_a_number", "not_finite"),
    *("too_large", "too_precise", "bad_encoding", "wrong_content_type", None),
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_a_reason_and_a_payload(body: bytes) -> None:
    assert read_balance("a", body, None).reason in REASONS
    assert "\x00" not in printable(body)
    printable(body).encode()


@settings(max_examples=250, deadline=None)
@given(json_values, json_values, st.dictionaries(st.text(), json_values, max_size=3))
def test_any_document_is_read_or_has_a_reason(one: Any, two: Any, more: dict[str, Any]) -> None:
    document = more | {"available_balance": one, "ledger_balance": two}
    body = json.dumps(document).encode("utf-8", "surrogatepass")
    reading = read_balance("a", body, None)
    assert reading.reason in REASONS
    if reading.reason is None:
        for name, given_value in (("available_balance", one), ("ledger_balance", two)):
            assert isinstance(given_value, int | float | str)
            read = getattr(reading, name)
            assert isinstance(read, Decimal)
            assert read == Decimal(json.dumps(given_value).strip('"'))


digits = st.text("0123456789", min_size=1, max_size=45)
grammar = st.builds(
    lambda sign, whole, fraction, power: sign + (whole.lstrip("0") or "0") + fraction + power,
    st.sampled_from(["", "-"]),
    digits,
    st.just("") | digits.map(lambda text: "." + text),
    st.just("") | st.integers(-90, 90).map(lambda power: f"e{power}"),
)


@settings(max_examples=600, deadline=None)
@given(grammar)
@example("-0.0e-90")
def test_a_number_is_exact_or_out_of_range(text: str) -> None:
    true = Decimal(text)
    whole, _, fraction = f"{true:f}".lstrip("-").partition(".")
    kept = fraction.rstrip("0")
    if len((whole + kept).lstrip("0")) > 38:
        expected = "too_large"
    else:
        expected = "too_precise" if len(kept) > 38 else None
    try:
        amount = exact_amount(text)
    except UnusableAnswerError as unfit:
        reason: str | None = unfit.reason
    else:
        reason = None
        assert amount == true
        assert -38 <= int(amount.as_tuple().exponent) <= 0
    assert reason == expected


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_number_only_in_jsons_grammar(text: str) -> None:
    try:
        amount = exact_amount(text)
    except UnusableAnswerError:
        return
    assert text.isascii()
    assert Decimal(json.loads(text, parse_float=Decimal, parse_int=Decimal)) == amount
