"""The sandbox is held to docs/openapi.yaml by schemathesis: requests of its making, good and bad."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import BaseSchema

from tests.openapi.contract import BALANCES, contract
from tests.words.bank import CLIENT_ID, SandboxProcess

ALL = list(HealthCheck)
ACCOUNTS = ["acc-1", "acc_2", "3"]
# What keeps to the contract is answered, not merely refused politely; what doesn't is refused.
STRICT = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": [200]},
        "negative_data_rejection": {"expected-statuses": [400, 401, 404, 405]},
    }
}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder = tmp_path_factory.mktemp("sandbox")
    accounts = folder / "accounts.csv"
    accounts.write_text("account_id,currency\n" + "".join(f"{name},EUR\n" for name in ACCOUNTS))
    running = SandboxProcess(folder / "sandbox.log", "--accounts", str(accounts))
    yield running
    running.stop()


@pytest.fixture
def held_to(bank: SandboxProcess) -> BaseSchema:
    """The contract with what only this bank knows: its accounts, its client, what it may have."""
    document = contract()
    document["paths"][BALANCES]["get"]["parameters"][0]["schema"]["enum"] = ACCOUNTS
    form = document["paths"]["/token"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    form["schema"]["properties"] |= {
        "client_id": {"const": CLIENT_ID},
        "client_secret": {"const": bank.secret},
        "scope": {"enum": ["balances.read", "accounts.read balances.read"]},
    }
    config = SchemathesisConfig.from_dict(STRICT)
    schema = schemathesis.openapi.from_dict(document, config=config)
    schema.config.update(base_url=bank.url)
    return schema


def ask(schema: BaseSchema, path: str, method: str, mode: GenerationMode, **more: str) -> None:
    """Send requests, the same in every run, with more headers, and judge each answer.

    Raises FailureGroup.
    """

    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=ALL)
    def send(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=more, timeout=5)

    send()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), [("/token", "POST"), (BALANCES, "GET")])
def test_the_sandbox_keeps_to_the_contract(
    held_to: BaseSchema, bank: SandboxProcess, path: str, method: str, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {bank.token()}"} if path == BALANCES else {}
    ask(held_to, path, method, mode, **headers)


@pytest.mark.parametrize(
    "fault",
    ["missing_field", "amounts=null", 'amounts="12_3.5"', "not_json", "html", "status=500", "status=418"],
)
def test_an_answer_that_leaves_the_contract_is_found(
    held_to: BaseSchema, bank: SandboxProcess, fault: str
) -> None:
    headers = {"Authorization": f"Bearer {bank.token()}", "X-Sandbox-Fault": fault}
    with pytest.raises(FailureGroup):
        ask(held_to, BALANCES, "GET", GenerationMode.POSITIVE, **headers)
