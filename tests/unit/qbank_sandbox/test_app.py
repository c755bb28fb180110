"""GET /v1/balances/{accountId}: who may have what, and numbers exact to the digit."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from qbank_sandbox.balance import balance_at
from tests.unit.qbank_sandbox.conftest import NOW, Bank


@pytest.mark.parametrize(
    ("account_id", "currency", "decimals"), [("eur-1", "EUR", 2), ("jpy-1", "JPY", 0), ("bhd-1", "BHD", 3)]
)
def test_a_balance_comes_as_exact_json_numbers(
    bank: Bank, account_id: str, currency: str, decimals: int
) -> None:
    answer = bank.ask(account_id)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = json.loads(answer.content, parse_float=str, parse_int=str)
    true = balance_at(account_id, decimals, currency, NOW)
    assert told == {
        "account_id": account_id,
        "currency": currency,
        "available_balance": f"{true.available_balance:f}",
        "ledger_balance": f"{true.ledger_balance:f}",
        "as_of": "2026-10-25T00:59:58Z",
    }
    assert Decimal(told["ledger_balance"]).as_tuple().exponent == -decimals


def test_an_unknown_account_is_not_found(bank: Bank) -> None:
    answer = bank.ask("nobody")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("authorization", [None, "", "Basic eDp5", "Bearer", "Bearer "])
def test_a_call_without_a_bearer_token_is_challenged(bank: Bank, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = bank.http.get("/v1/balances/eur-1", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="qbank"'


def test_a_made_up_token_is_an_invalid_one_and_stays_unsaid(bank: Bank) -> None:
    answer = bank.ask("eur-1", token="made-up")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "made-up" not in answer.text


def test_a_stranger_does_not_learn_which_accounts_exist(bank: Bank) -> None:
    assert bank.ask("nobody", token="made-up").status_code == 401


def test_the_scheme_may_be_written_in_any_case(bank: Bank) -> None:
    token = bank.ask_token().json()["access_token"]
    answer = bank.http.get("/v1/balances/eur-1", headers={"Authorization": f"bearer {token}"})
    assert answer.status_code == 200


def test_a_token_without_the_scope_is_forbidden_by_name(bank: Bank) -> None:
    token = bank.ask_token(scope="accounts.read").json()["access_token"]
    answer = bank.ask("eur-1", token=token)
    assert answer.status_code == 403
    assert 'scope="balances.read"' in answer.headers["www-authenticate"]


def test_an_expired_token_is_an_invalid_one(make_bank: Callable[..., Bank]) -> None:
    bank = make_bank(token_lifetime_s=0)
    assert bank.ask("eur-1").status_code == 401


def test_a_balance_can_only_be_got(bank: Bank) -> None:
    assert bank.http.post("/v1/balances/eur-1").status_code == 405


def test_the_health_check_needs_nothing(bank: Bank) -> None:
    assert bank.http.get("/healthz").json() == {"status": "ok", "accounts": 3}
