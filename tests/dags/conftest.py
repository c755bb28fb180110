"""The DAG on an Airflow, a bank and a ledger of its own: everything real but the scheduler."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from local.redacted_airflow import leave_out_old_apis
from sqlalchemy.engine import URL

from tests.conftest import REPOSITORY
from tests.words.bank import SandboxProcess
from tests.words.ledger import Ledger
from tests.words.sync import Bank, Sync


@pytest.fixture(scope="session")
def metadata() -> None:
    """Airflow's metadata database, migrated, with the pool."""
    # In this process, which has Airflow by now: its command line would import it twice more.
    from airflow.models.pool import Pool  # noqa: PLC0415 - needs Airflow's settings
    from airflow.utils.db import initdb  # noqa: PLC0415

    leave_out_old_apis()  # as a run in the foreground does
    initdb()
    Pool.create_or_update_pool("qbank_api", 2, "calls", include_deferred=False)


@pytest.fixture(scope="session", autouse=True)
def _schemas_are_checked_once() -> Iterator[None]:
    """Airflow has a param's schema checked whenever it copies, compares or resolves the param: hundreds of times a run."""
    checked: set[str] = set()
    real = Draft202012Validator.check_schema

    def check_schema(schema: Any, **options: Any) -> None:
        if repr(schema) not in checked:
            real(schema, **options)
            checked.add(repr(schema))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Draft202012Validator, "check_schema", check_schema)
        yield


@pytest.fixture(autouse=True)
def _airflow_looks_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no task is ready, as after one that failed, ``dag.test()`` sleeps for a second."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(0.02 if seconds == 1 else seconds))


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    """A sandbox over 1,201 accounts, whose scenario a test may set."""
    folder = tmp_path_factory.mktemp("bank")
    accounts = folder / "accounts.csv"
    rows = "".join(f"acc-{n:04},EUR,QB01,1100\n" for n in range(1201))
    accounts.write_text(f"account_id,currency,entity,gl_account\n{rows}")
    scenario = folder / "scenario.yaml"
    scenario.write_text("{}\n")
    process = SandboxProcess(folder / "log", "--accounts", str(accounts), "--scenario", str(scenario))
    yield Bank(process, scenario)
    process.stop()


@pytest.fixture
def sync(
    ledger_url: URL, tmp_path: Path, bank: Bank, metadata: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sync]:
    """The DAG qbank_balance_sync over twelve accounts of a well-behaved bank."""
    monkeypatch.syspath_prepend(REPOSITORY / "dags")
    import qbank_balance_sync  # noqa: PLC0415 - needs Airflow's settings and the folder of the DAGs

    bank.behaves()
    yield Sync(Ledger(ledger_url, tmp_path), bank, qbank_balance_sync, monkeypatch)
    bank.behaves()
