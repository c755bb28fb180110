"""Documents and strings that others wrote to break parsers: bar lines 15 and 29."""

import gzip
import json
import string
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qbank.client import QBankClient
from qbank.errors import QBankConfigError
from qbank.payload import UnusableAnswerError, decode_json, exact_amount, printable, read_balance
from qbank.settings import Settings

LETTERS = set(string.ascii_letters + string.digits + "_-")
DATA = Path(__file__).parent / "data"


def load(name: str) -> Any:
    return json.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))


DOCUMENTS: dict[str, bytes] = {
    name: text.encode("utf-8", "surrogatepass") for name, text in load("json_test_suite").items()
}
STRINGS: list[str] = load("blns")


def named(kind: str) -> list[str]:
    return [name for name in DOCUMENTS if name.startswith(kind)]


def test_all_of_them_are_there() -> None:
    assert (len(named("n_")), len(named("y_")), len(named("i_"))) == (188, 95, 35)
    assert len(STRINGS) == 485


@pytest.mark.parametrize("name", named("n_"))
def test_an_invalid_document_is_not_json(name: str) -> None:
    reading = read_balance("a", DOCUMENTS[name], "application/json")
    assert reading.reason in {"not_json", "bad_encoding"}


@pytest.mark.parametrize("name", named("n_"))
def test_an_invalid_document_in_a_balances_place_gives_no_number(name: str) -> None:
    body = b'{"available_balance":' + DOCUMENTS[name] + b',"ledger_balance":1}'
    reading = read_balance("a", body, "application/json")
    assert reading.reason is not None
    assert reading.available_balance is None


@pytest.mark.parametrize("name", named("y_"))
def test_a_valid_document_is_read_and_has_no_balance(name: str) -> None:
    reading = read_balance("a", DOCUMENTS[name], "application/json")
    if name in {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}:
        assert reading.reason == "duplicate_key"
    elif name in {"y_object_escaped_null_in_key.json", "y_string_null_escape.json"}:  # NUL
        assert reading.reason == "bad_encoding"
    else:
        assert reading.reason == "missing_field"


@pytest.mark.parametrize("name", named("y_number"))
def test_a_valid_number_is_exact(name: str) -> None:
    text = decode_json(DOCUMENTS[name])[0]
    try:
        assert exact_amount(text) == Decimal(str(text))
    except UnusableAnswerError as unfit:
        assert unfit.reason in {"too_large", "too_precise"}  # noqa: PT017 (either is right here)


@pytest.mark.parametrize("name", named("i_"))
def test_a_document_that_is_as_one_likes_gives_no_crash_and_no_number(name: str) -> None:
    reading = read_balance("a", DOCUMENTS[name], "application/json")
    assert reading.reason is not None
    assert "\x00" not in printable(DOCUMENTS[name])


def test_a_naughty_string_is_an_id_only_in_an_ids_letters() -> None:
    client = QBankClient(Settings(client_id="a", client_secret="b"))
    for text in STRINGS:
        if 0 < len(text) <= 64 and set(text) <= LETTERS:
            continue
        with pytest.raises(QBankConfigError, match="is not an account id") as caught:
            client.get_balances([text])
        str(caught.value).encode()
        assert "\x00" not in str(caught.value)


@pytest.mark.parametrize("text", STRINGS)
def test_a_naughty_string_in_an_answer_is_handed_on_or_has_a_reason(text: str) -> None:
    document = {"available_balance": 1, "ledger_balance": text, "currency": text, "as_of": text, text: text}
    reading = read_balance("a", json.dumps(document).encode(), "application/json")
    if reading.reason is None:
        assert reading.ledger_balance == Decimal(text)
    for said in (reading.echoed_currency, reading.echoed_as_of):
        assert said in (None, text)
        assert "\x00" not in (said or "")
        (said or "").encode()
