"""POST /token is the bank's page and RFC 6749, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.qbank_sandbox.conftest import CLIENT, Bank


def test_the_page_request_gives_the_page_answer(bank: Bank) -> None:
    answer = bank.ask_token()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    told = answer.json()
    assert len(told.pop("access_token")) >= 43
    assert told == {"token_type": "Bearer", "expires_in": 3600, "scope": "balances.read"}


def test_several_scopes_are_granted_together(bank: Bank) -> None:
    assert (
        bank.ask_token(scope="balances.read accounts.read").json()["scope"] == "accounts.read balances.read"
    )


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": "wröng"}, 401, "invalid_client"),
        ({"client_id": "someone"}, 401, "invalid_client"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": None}, 400, "invalid_scope"),
        ({"scope": "payments.ach.write"}, 400, "invalid_scope"),
        ({"scope": "balances.read payments.ach.write"}, 400, "invalid_scope"),
        ({"scope": "x" * 20_000}, 400, "invalid_request"),
    ],
)
def test_a_wrong_request_is_refused_as_the_rfc_has_it(
    bank: Bank, changed: dict[str, Any], status: int, error: str
) -> None:
    answer = bank.ask_token(**changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"].endswith(".")
    assert answer.headers["cache-control"] == "no-store"


def test_the_secret_is_compared_before_anything_else_is_told(bank: Bank) -> None:
    answer = bank.ask_token(client_secret="wrong", scope="no.such", grant_type="password")
    assert answer.json()["error"] == "invalid_client"


FORM = f"grant_type=client_credentials&client_id={CLIENT.client_id}&scope=balances.read"
WHOLE = f"{FORM}&client_secret={CLIENT.client_secret}"
TYPE = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"json": {"grant_type": "client_credentials"}}, "must be application/x-www-form-urlencoded"),
        ({"content": WHOLE, "headers": {"content-type": "text/plain"}}, "must be application/x-www-form"),
        ({"content": WHOLE}, "must be application/x-www-form-urlencoded"),
        ({"content": FORM, "headers": TYPE, "params": {"client_secret": "x"}}, "never in the URL"),
        ({"content": FORM, "headers": TYPE, "auth": ("erp", "x")}, "not in a header"),
        ({"content": f"{WHOLE}&scope=accounts.read", "headers": TYPE}, "stands twice"),
        ({"content": f"{WHOLE}&oops", "headers": TYPE}, "does not read as a form"),
        ({"content": b"client_id=\xff", "headers": TYPE}, "does not read as a form"),
        ({"content": "", "headers": TYPE}, "grant_type is missing"),
    ],
)
def test_what_the_page_does_not_document_is_refused_with_the_reason(
    bank: Bank, request_: dict[str, Any], why: str
) -> None:
    answer = bank.http.post("/token", **request_)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert why in answer.json()["error_description"]


def test_a_content_type_with_a_charset_is_a_form_too(bank: Bank) -> None:
    headers = {"content-type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}
    assert bank.http.post("/token", content=WHOLE, headers=headers).status_code == 200


def test_a_token_cannot_be_got(bank: Bank) -> None:
    assert bank.http.get("/token").status_code == 405


def test_no_answer_and_no_repr_repeats_the_secret(bank: Bank) -> None:
    for answer in (bank.ask_token(), bank.ask_token(scope="no"), bank.ask_token(client_id="no")):
        assert CLIENT.client_secret not in answer.text
    assert CLIENT.client_secret not in repr(CLIENT)


def test_the_configured_lifetime_is_told(make_bank: Callable[..., Bank]) -> None:
    assert make_bank(token_lifetime_s=30.9).ask_token().json()["expires_in"] == 30
