"""The connection from a vault, by Airflow's own backends: docs/vaults.md, each recipe as it stands there."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.conftest import REPOSITORY, free_port
from tests.contract.bank import Bank
from tests.thirdparty.program import from_wheels, moto

HERE = Path(__file__).parent
GRANTED = "QBank granted a token for the scope balances.read. answered"
REFUSED = "The token host refused with invalid_client (HTTP 401)"
AWS_LOGIN = {
    "AWS_ACCESS_KEY_ID": secrets.token_hex(10),
    "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
WorkerWith = Callable[[str, dict[str, str]], "Worker"]


def recipe(vault: str) -> dict[str, str]:
    """The settings that docs/vaults.md gives for a vault."""
    text = (REPOSITORY / "docs" / "vaults.md").read_text().split(f"## {vault}\n")[1].split("\n## ")[0]
    return {
        name: value.strip("'") for name, value in re.findall(r"^(AIRFLOW__\w+)=(.+)$", text, re.MULTILINE)
    }


def with_kwargs(settings: dict[str, str], **more: str) -> dict[str, str]:
    kwargs = json.loads(settings["AIRFLOW__SECRETS__BACKEND_KWARGS"]) | more
    return settings | {"AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(kwargs)}


def connection_of(bank: Bank, **fields: Any) -> str:
    extra = {"token_url": f"{bank.url}/token", "concurrency": 2}
    known = {"conn_type": "qbank", "host": bank.url, "login": bank.client_id, "password": bank.client_secret}
    return json.dumps(known | {"extra": extra} | fields)


@pytest.fixture
def bank() -> Iterator[Bank]:
    with Bank().serving() as serving:
        yield serving


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder outside of .venv, with what vaults.txt pins: the path for PYTHONPATH."""
    return str(from_wheels(HERE / "vaults.txt", tmp_path_factory.mktemp("vaults")))


class Worker:
    """An Airflow process: each run is one of worker.py. All that it says is kept."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin
        assert process.stdout
        self._stdin, self._stdout = process.stdin, process.stdout
        self.said = ""

    def run(self) -> str:
        self._stdin.write("account-1\n")
        self._stdin.flush()
        for line in self._stdout:
            self.said += line
            if line.startswith("outcome: "):
                return line.removeprefix("outcome: ").strip()
        pytest.fail(f"The worker ended: {self.said[-3000:]}")


@pytest.fixture
def worker_with(packages: str) -> Iterator[WorkerWith]:
    """Start an Airflow process with more in its environment."""
    with ExitStack() as stack:

        def start(script: str, env: dict[str, str]) -> Worker:
            ours = {"NO_PROXY": "127.0.0.1", "PYTHONPATH": packages}
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(HERE / script)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    env=os.environ | ours | env,
                )
            )
            stack.callback(process.kill)
            return Worker(process)

        yield start


class SecretsManager:
    """What an operator does in AWS Secrets Manager, over its HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, action: str, **members: str) -> None:
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"secretsmanager.{action}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/eu-central-1/secretsmanager/aws4_request",
        }
        with urlopen(Request(self.url, json.dumps(members).encode(), headers), timeout=10):
            pass


@pytest.fixture
def aws(tmp_path: Path, packages: str) -> Iterator[SecretsManager]:
    """A moto server."""
    with moto(Path(packages), free_port(), tmp_path) as url:
        yield SecretsManager(url)


def test_a_run_takes_its_connection_from_aws_secrets_manager(
    aws: SecretsManager, bank: Bank, worker_with: WorkerWith
) -> None:
    name = "airflow/connections/qbank_default"
    settings = with_kwargs(recipe("AWS Secrets Manager"), endpoint_url=aws.url)
    shadowed = {"AIRFLOW_CONN_QBANK_DEFAULT": connection_of(bank, password="not the vault's")}
    aws("CreateSecret", Name=name, SecretString=connection_of(bank))
    worker = worker_with("worker.py", settings | AWS_LOGIN | shadowed)
    assert worker.run() == GRANTED

    old, bank.client_secret = bank.client_secret, "rotated " + secrets.token_urlsafe(24)
    assert worker.run().startswith(REFUSED)
    aws("PutSecretValue", SecretId=name, SecretString=connection_of(bank))
    assert worker.run() == GRANTED  # the same process: nothing was deployed or restarted
    # At DEBUG this was red: botocore logs all that it reads. Hence the warning in docs/vaults.md.
    assert old not in worker.said
    assert bank.client_secret not in worker.said


def test_a_vault_that_can_not_be_reached_is_passed_over(bank: Bank, worker_with: WorkerWith) -> None:
    """So it is in Airflow, for every backend: docs/vaults.md says what follows from it."""
    settings = with_kwargs(recipe("AWS Secrets Manager"), endpoint_url=f"http://127.0.0.1:{free_port()}")
    elsewhere = {"AIRFLOW_CONN_QBANK_DEFAULT": connection_of(bank), "AWS_MAX_ATTEMPTS": "1"}
    assert worker_with("worker.py", settings | AWS_LOGIN | elsewhere).run() == GRANTED


def test_a_run_takes_its_connection_from_azure_key_vault(
    bank: Bank, worker_with: WorkerWith, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    secret = vault / "airflow-connections-qbank-default"
    secret.write_text(connection_of(bank))
    settings = recipe("Azure Key Vault") | {"KEY_VAULT_FOLDER": str(vault)}
    worker = worker_with("key_vault.py", settings)
    assert worker.run() == GRANTED

    bank.client_secret = "rotated " + secrets.token_urlsafe(24)
    assert worker.run().startswith(REFUSED)
    secret.write_text(connection_of(bank))
    assert worker.run() == GRANTED


@pytest.mark.parametrize("vault", ["AWS Secrets Manager", "Azure Key Vault"])
def test_the_readme_names_the_backend_of_the_recipe(vault: str) -> None:
    backend = recipe(vault)["AIRFLOW__SECRETS__BACKEND"]
    assert f"AIRFLOW__SECRETS__BACKEND={backend}\n" in (REPOSITORY / "README.md").read_text()
