"""A run through Airflow's REST API, watched from its trigger to its end: what `make run` does."""

import os
import sys
import time

from sqlalchemy.engine import URL

from local import StackError
from local.airflow_api import AirflowApi
from local.report import Progress, outcome_counts, print_balances, print_open_items
from local.sample_books import reconcile_sample
from local.settings import LEDGER_CONNECTION, QBANK_CONNECTION, Settings
from local.stack import Stack
from local.state import USERS, ui_key
from qbank_airflow.pool import POOL, SLOTS
from qbank_ledger.config import ledger_url
from qbank_ledger.terminal import say

_PARSED_S = 120
_PATIENCE_S = 15  # a run in which nothing happens for so long may lack somebody


def start_and_run(settings: Settings, dag_id: str) -> bool:
    """Have the stack up, run the DAG once, show what it left; True when the run succeeded."""
    for name in (QBANK_CONNECTION, LEDGER_CONNECTION):
        if settings.environ.get(name):
            print(f"{name} is set, but only `make sync` uses it: the stack keeps its connections in Airflow.")
    stack = Stack.open(settings)
    print("Starting PostgreSQL, the sandbox and Airflow, if they are not up …", flush=True)
    stack.start()
    _wait_until_parsed(stack.api, dag_id)
    if stack.api.make_pool(POOL, SLOTS):  # a run that is under way may be waiting for it
        print(f"The pool {POOL} was missing: it has been made, with {SLOTS} slots.", flush=True)
    for other in stack.api.unfinished_runs(dag_id):
        say(f"{other} is under way: the new run starts when it ends.")
    run_id = stack.api.trigger(dag_id, {})
    print(f"{dag_id} {run_id}", flush=True)
    state = _watch(stack.api, dag_id, run_id)
    analyst = _login(stack, "ledger_analyst")
    print_balances(analyst)
    print(outcome_counts(analyst, run_id) or f"The run left nothing in the ledger: {state}.")
    _show_sample_books(stack, analyst)
    if state != "success":
        for sentence in _errors(stack.api, dag_id, run_id):
            say(sentence, sys.stderr)
    print(
        f"\nAirflow:      {settings.ui_url}   login: admin   password: {stack.keys['ui_password']}\n"
        f"The ledger:   {settings.ui_url}/qbank/position, and in Airflow under Ledger, as one of\n"
        f"{_users(stack)}\n"
        f"Run it again: in Airflow, Dags > {dag_id} > Trigger; or `make run`\n"
        f"Query:        make psql   or   make psql SQL='SELECT * FROM ledger.latest_balance'\n"
        f"Stop:         make stop   (data is kept)"
    )
    return state == "success"


def _show_sample_books(stack: Stack, analyst: URL) -> None:
    sample = reconcile_sample(_login(stack, "ledger_loader"), stack.settings.state / "sample")
    if sample:
        print_open_items(analyst)
        say(
            "The GL beside it is a sample made from these balances, with three of them altered:\n"
            f'{os.path.relpath(sample)}. Your own: make reconcile CONF=\'{{"gl_file": "…"}}\''
        )


def _users(stack: Stack) -> str:
    """The logins that the page knows, and what each may do there."""
    return "\n".join(
        f"              {user:<9} password: {stack.keys[ui_key(user)]}   {', '.join(rights) or 'looks'}"
        for user, (_, rights) in USERS.items()
        if user != "admin"
    )


def _login(stack: Stack, login: str) -> URL:
    return ledger_url({LEDGER_CONNECTION: stack.cluster.url(login, "ledger")})


def _wait_until_parsed(api: AirflowApi, dag_id: str) -> None:
    end = time.monotonic() + _PARSED_S
    said = False
    while (dag := api.dag(dag_id)) is None:
        if not said:
            said = True
            say(f"Waiting for: dag-processor, to read {dag_id} …")
        if errors := api.import_errors():
            raise StackError(f"Airflow can't read the DAG: {errors[0].strip().splitlines()[-1]}")
        if time.monotonic() > end:
            raise StackError(f"Airflow has not found {dag_id} within {_PARSED_S} s: see dag-processor.log.")
        time.sleep(0.5)
    if dag["is_paused"]:
        raise StackError(f"{dag_id} is paused: unpause it in Airflow at {api.url}.")


def _watch(api: AirflowApi, dag_id: str, run_id: str) -> str:
    """Print a line whenever a stage's state changes; returns the state that the run ends in."""
    progress = Progress()
    changed, silent = time.monotonic(), [""]
    while True:
        state = api.run_state(dag_id, run_id)  # before the tasks: none can change after the end
        if progress.show(api.tasks(dag_id, run_id)):
            changed = time.monotonic()
        if state in ("success", "failed"):
            return state
        if time.monotonic() - changed > _PATIENCE_S and (unhealthy := api.unhealthy()) != silent:
            silent = unhealthy
            if unhealthy:
                say(f"Waiting for: {', '.join(unhealthy)}; its work resumes within two minutes …")
        time.sleep(0.5)


def _errors(api: AirflowApi, dag_id: str, run_id: str) -> list[str]:
    """What the failed tasks said, each sentence once."""
    said = []
    for task in api.tasks(dag_id, run_id):
        if task["state"] == "failed":
            details = [
                event["error_detail"] for event in api.log(dag_id, run_id, task) if event.get("error_detail")
            ]
            said += [str(detail[0].get("exc_value")) for detail in details[-1:]]
    return list(dict.fromkeys(said))
