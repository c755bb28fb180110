"""A sandbox in the test's own process, with a secret made for this run and a clock that stands still."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from qbank_sandbox.app import create_app
from qbank_sandbox.scenario_file import ScenarioFile
from qbank_sandbox.token_endpoint import Client

CURRENCIES = {"eur-1": "EUR", "jpy-1": "JPY", "bhd-1": "BHD"}
NOW = datetime(2026, 10, 25, 0, 59, 58, tzinfo=UTC)
CLIENT = Client("erp", secrets.token_urlsafe(12))


class Bank:
    """The in-process sandbox and the calls that tests make of it."""

    def __init__(self, http: TestClient, scenario: Path) -> None:
        self.http = http
        self.scenario = scenario

    def ask_token(self, *, headers: dict[str, str] | None = None, **changed: str | None) -> Any:
        """POST /token as the bank's page has it, with form parameters changed or (None) left out."""
        form: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": CLIENT.client_id,
            "client_secret": CLIENT.client_secret,
            "scope": "balances.read",
        } | changed
        data = {name: value for name, value in form.items() if value is not None}
        return self.http.post("/token", data=data, headers=headers)

    def ask(self, account_id: str, *, fault: str | None = None, token: str | None = None) -> Any:
        """GET the balance with a fresh (or this) token, and the fault header."""
        token = token or self.ask_token().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"} | ({"X-Sandbox-Fault": fault} if fault else {})
        return self.http.get(f"/v1/balances/{account_id}", headers=headers, follow_redirects=False)


@pytest.fixture
def make_bank(tmp_path: Path) -> Callable[..., Bank]:
    """Start a bank, with a scenario's text and other settings of ``create_app``."""

    def make(scenario: str = "", **settings: Any) -> Bank:
        path = tmp_path / "scenario.yaml"
        path.write_text(scenario)
        app = create_app(CURRENCIES, CLIENT, scenario=ScenarioFile(path), **({"now": lambda: NOW} | settings))
        return Bank(TestClient(app), path)

    return make


@pytest.fixture
def bank(make_bank: Callable[..., Bank]) -> Bank:
    """A bank without faults."""
    return make_bank()
