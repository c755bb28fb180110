"""Runs of the DAG, over a bank of the sandbox's whose behaviour a test sets."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.words.bank import CLIENT_ID, SandboxProcess
from tests.words.ledger import Ledger

# A task that failed is tried again after a moment: Airflow waits for it in this process. How long it is by itself: test_policy.py.
SOON = {"retry_delay": timedelta(milliseconds=10), "retry_exponential_backoff": False}


class Bank:
    """The sandbox, and what goes wrong in it."""

    def __init__(self, process: SandboxProcess, scenario: Path) -> None:
        self.process = process
        self._scenario = scenario

    def behaves(self, **scenario: Any) -> None:
        """From the next call on the bank behaves so; nothing: well."""
        self._scenario.write_text(yaml.safe_dump(scenario))
        time.sleep(0.01)


class Sync:
    """Runs of the DAG against a ledger of their own."""

    def __init__(
        self, ledger: Ledger, bank: Bank, module: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.ledger, self.bank, self.module = ledger, bank, module
        self._monkeypatch = monkeypatch
        self.ledger.accounts(*(f"acc-{n:04}" for n in range(12)))
        self.secret(bank.process.secret)
        self.environment(
            "AIRFLOW_CONN_LEDGER_DEFAULT", ledger.url.set(drivername="postgres").render_as_string(False)
        )
        self.environment("QBANK_ACCOUNTS_FILE", str(ledger.file))
        self.environment("QBANK_STATE_DIR", str(ledger.folder / "state"))

    def environment(self, name: str, value: str) -> None:
        self._monkeypatch.setenv(name, value)

    def secret(self, secret: str) -> None:
        """Use this client secret."""
        url = self.bank.process.url
        connection = {
            "conn_type": "qbank", "host": url, "login": CLIENT_ID, "password": secret,
            "extra": {"token_url": f"{url}/token", "max_attempts": 2, "max_backoff_s": 1},
        }  # fmt: skip
        self.environment("AIRFLOW_CONN_QBANK_DEFAULT", json.dumps(connection))

    def run(self, *, logical_date: bool = True, **conf: Any) -> "Ended":
        """One run, to its end."""
        when = datetime.now(UTC) if logical_date else None
        run = self.module.qbank_balance_sync(default_args=SOON).test(logical_date=when, run_conf=conf)
        return Ended(run)


class Ended:
    """How a DAG run ended."""

    def __init__(self, run: Any) -> None:
        self.run = run
        self.state = str(run.state)
        instances = run.get_task_instances()
        self.tasks = {(ti.task_id, ti.map_index): str(ti.state) for ti in instances}
        self.tries = {(ti.task_id, ti.map_index): ti.try_number for ti in instances}

    def of(self, task_id: str) -> str:
        """The state of a task that is not mapped."""
        return self.tasks[task_id, -1]
