"""The whole stack: PostgreSQL, the sandbox and Airflow's own processes, as `make run` has them."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from local.airflow_api import AirflowApi
from local.state import open_keys

from tests.words.stack import Commands

SYNC, POOL = "qbank_balance_sync", "/pools/qbank_api"
BALANCES = "SELECT count(*), count(DISTINCT account_id), min(revision) FROM ledger.balance"


def stay_between_hours(api: AirflowApi) -> None:
    """Wait until no run is under way, nor begins by itself within a minute: Airflow starts one at the full hour."""
    left = 3600 - time.time() % 3600
    if left < 60:
        time.sleep(left + 5)
    until(lambda: not api.unfinished_runs(SYNC))


def until(is_so: Callable[[], Any]) -> None:
    """Wait for it, a minute at most."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def states(api: AirflowApi, run_id: str) -> dict[str, str | None]:
    return {task["task_id"]: task["state"] for task in api.tasks(SYNC, run_id)}


def test_a_run_through_the_api_lands_in_the_ledger_and_stop_leaves_only_the_data(commands: Commands) -> None:
    assert commands.run("status").returncode == 3

    first = commands.run("run")
    assert first.returncode == 0, first.stdout + first.stderr
    for stage in ("plan", "audit", "publish", "settle"):
        assert f"  {stage:<10} success\n" in first.stdout
    assert "of 30 accounts 30 published, 0 quarantined, 0 failed." in first.stdout
    assert "a1b2c3d4-e5f6-7890-1234-567890abcde" in first.stdout
    # The sample books differ in three places, and say why.
    for cause in ("transposition", "sign", "unexplained"):
        assert re.search(rf"  break +{cause} +0 d  \n", first.stdout), first.stdout
    assert len(commands.query("SELECT * FROM recon.open_break WHERE status = 'break'")) == 3
    assert commands.run("status").returncode == 0
    assert commands.query("SELECT DISTINCT state FROM sync.run WHERE finished_at IS NOT NULL") == ["complete"]

    balances = commands.query(BALANCES)
    assert commands.run("stop").stdout == "Stopped.\n"
    assert commands.marked() == []
    assert commands.open_ports() == []
    assert commands.query(BALANCES) == balances


@pytest.mark.slow
def test_a_second_run_makes_the_pool_again_and_keeps_what_a_user_has_entered(commands: Commands) -> None:
    first = commands.run("run")
    assert first.returncode == 0, first.stdout + first.stderr

    # A secret that a user has entered in Airflow is the one that counts.
    api = AirflowApi(
        f"http://127.0.0.1:{commands.environ['QBANK_UI_PORT']}",
        "admin",
        open_keys(commands.state)["ui_password"],
    )
    assert requests.get(f"{api.url}/api/v2/connections", timeout=10).status_code == 401
    edited = {"connection_id": "qbank_default", "conn_type": "qbank", "password": "another secret"}
    api.call("PATCH", "/connections/qbank_default?update_mask=password", json=edited)

    # A run that begins has the pool that it needs; one that lost it is helped by `make run`.
    stay_between_hours(api)
    api.call("DELETE", POOL)
    waiting = api.trigger(SYNC, {})
    until(lambda: api.call("GET", POOL, missing_ok=True))
    assert api.call("GET", POOL)["slots"] == 2
    api.call("DELETE", POOL)
    until(lambda: states(api, waiting).get("fetch") == "scheduled")
    second = commands.run("run")
    assert "The pool qbank_api was missing: it has been made, with 2 slots." in second.stdout
    assert f"{waiting} is under way" in second.stdout
    assert states(api, waiting)["fetch"] == "failed", "for the other secret"
    assert second.returncode == 1
    assert "invalid_client" in second.stderr
    assert "another secret" not in second.stdout + second.stderr
