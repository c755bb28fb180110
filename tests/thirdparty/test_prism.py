"""The client against Prism, which serves docs/openapi.yaml and checks what it is asked by it.

Beside the contract's own examples it serves those of hostile.yaml, each at a path of its own.
"""

import copy
import json
import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from qbank.client import QBankClient
from qbank.errors import QBankError
from qbank.settings import Settings
from tests.conftest import free_port
from tests.openapi.contract import BALANCES, contract
from tests.thirdparty.conftest import Node
from tests.thirdparty.program import running

HERE = Path(__file__).parent
HOSTILE = yaml.safe_load((HERE / "hostile.yaml").read_text("utf-8"))
JSON = "application/json"


@pytest.fixture(scope="module")
def url(node: Node, node_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Prism serves the contract."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    document = folder / "openapi.json"
    document.write_text(json.dumps(served()))
    prism = node_folder / "node_modules" / ".bin" / "prism"
    command = [node.node, str(prism), "mock", "--host", "127.0.0.1", "--port", str(port), str(document)]
    with running(command, port=port, log=folder / "prism.log"):
        yield f"http://127.0.0.1:{port}"


def served() -> dict[str, Any]:
    """The contract, and for each example a path that answers just that."""
    document = contract()
    paths = document["paths"]
    balance, token = paths[BALANCES]["get"], paths["/token"]["post"]
    good = balance["responses"]["200"]["content"][JSON]["examples"]
    answers = {name: {"body": example["value"]} for name, example in good.items()} | HOSTILE["balances"]
    for name, answer in answers.items():
        paths[BALANCES.replace("{accountId}", name)] = {"get": answering(balance, answer)}
    for name, answer in HOSTILE["tokens"].items():
        paths[f"/token/{name}"] = {"post": answering(token, answer)}
    return document


def answering(operation: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The operation, asked as the contract has it, answering this and nothing else."""
    changed = copy.deepcopy(operation)
    for unique in ("operationId", "parameters"):
        changed.pop(unique, None)
    headers = {
        name: {"schema": {"type": "string"}, "example": value}
        for name, value in answer.get("headers", {}).items()
    }
    response: dict[str, Any] = {"description": "This one", "headers": headers}
    if "body" in answer:
        schema = operation["responses"]["200"]["content"][JSON]["schema"]
        response["content"] = {JSON: {"schema": schema, "examples": {"only": {"value": answer["body"]}}}}
    return changed | {"responses": {str(answer.get("status", 200)): response}}


@pytest.fixture
def settings(url: str) -> Settings:
    return Settings(
        client_id="erp",
        client_secret=secrets.token_urlsafe(24),
        api_url=url,
        token_url=f"{url}/token",
        max_attempts=2,
        max_backoff_s=0.05,
    )


def test_prism_refuses_what_the_contract_does_not_have(url: str) -> None:
    """Else it would prove nothing that it takes what the client sends."""
    form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b", "scope": "c"}
    assert requests.post(f"{url}/token", data=form, timeout=10).status_code == 200
    assert (
        requests.post(f"{url}/token", data=form | {"grant_type": "password"}, timeout=10).status_code == 422
    )
    assert requests.post(f"{url}/token", json=form, timeout=10).status_code in (415, 422)
    for name in form:
        less = {other: value for other, value in form.items() if other != name}
        assert requests.post(f"{url}/token", data=less, timeout=10).status_code == 422
    assert requests.get(f"{url}/v1/balances/a", timeout=10).status_code == 401


def test_the_contracts_own_examples_are_exact_balances(settings: Settings) -> None:
    names = list(contract()["paths"][BALANCES]["get"]["responses"]["200"]["content"][JSON]["examples"])
    with QBankClient(settings) as client:
        answers = {answer.account_id: answer for answer in client.get_balances([*names, "any-other-id"])}
    assert {answer.state for answer in answers.values()} == {"answered"}
    amounts = {name: (each.available_balance, each.ledger_balance) for name, each in answers.items()}
    assert amounts == {
        "numbers": (Decimal("100.25"), Decimal("-120.5")),
        "texts": (Decimal("1234567890123456.78"), Decimal("-0.10")),
        "echoes": (Decimal(100), Decimal(120)),
        "any-other-id": (Decimal("100.25"), Decimal("-120.5")),
    }
    assert (answers["echoes"].echoed_account_id, answers["echoes"].echoed_currency) == ("echoes", "EUR")
    assert answers["echoes"].bank_as_of is not None


def test_each_hostile_answer_has_its_reason_and_no_amount(settings: Settings) -> None:
    with QBankClient(settings) as client:
        answers = list(client.get_balances(HOSTILE["balances"]))
    assert {answer.account_id: answer.reason for answer in answers} == {
        name: hostile["reason"] for name, hostile in HOSTILE["balances"].items()
    }
    assert {(answer.available_balance, answer.ledger_balance) for answer in answers} == {(None, None)}


@pytest.mark.parametrize("name", HOSTILE["tokens"])
def test_each_hostile_token_answer_is_a_sentence_or_a_token(settings: Settings, url: str, name: str) -> None:
    says = HOSTILE["tokens"][name].get("says")
    fields = {field: getattr(settings, field) for field in ("client_id", "client_secret", "api_url")}
    asked = Settings(**fields, token_url=f"{url}/token/{name}", max_attempts=2, max_backoff_s=0.05)
    with QBankClient(asked) as client:
        if says is None:
            client.check()
            return
        with pytest.raises(QBankError, match=says) as raised:
            client.check()
    assert settings.client_secret not in str(raised.value)
    assert "made-up" not in str(raised.value)
