"""The verb health: the page's answer on standard output, and an exit code that a monitor can use."""

import json
import subprocess

from sqlalchemy.engine import URL

from qbank_ledger import __main__ as command
from qbank_ledger.watch.health import UNREACHABLE
from tests.conftest import free_port
from tests.words.command import called
from tests.words.ledger import Ledger, failed
from tests.words.watched import Watched


def run(url: URL) -> "subprocess.CompletedProcess[str]":
    connection = url.set(drivername="postgres").render_as_string(hide_password=False)
    return called(command.main, "health", environ={"AIRFLOW_CONN_LEDGER_DEFAULT": connection})


def test_a_well_ledger_is_exit_code_0(watched: Watched) -> None:
    watched.ledger.quick_run()
    done = run(watched.ledger.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == watched.health().as_json()


def test_an_unwell_one_is_exit_code_1_with_the_same_answer(watched: Watched) -> None:
    watched.ledger.quick_run(failed)
    done = run(watched.ledger.url)
    assert done.returncode == 1
    assert done.stderr == "The ledger is unwell: hour_missing, run_failed. See docs/runbook.md.\n"
    assert json.loads(done.stdout) == watched.health().as_json()


def test_a_login_that_only_reads_may_ask(ledger: Ledger) -> None:
    with ledger.people({"ann": "qbank_analyst"}) as logins:
        assert run(logins["ann"].url).returncode == 0


def test_a_database_that_is_down_is_an_answer_too_and_one_sentence(ledger: Ledger) -> None:
    done = run(ledger.url.set(port=free_port()))
    assert done.returncode == 1
    assert json.loads(done.stdout) == UNREACHABLE.as_json()
    assert done.stderr.startswith("The ledger database did not answer")
    assert done.stderr.count("\n") == 1


def test_a_database_that_is_not_migrated_says_what_to_do(ledger: Ledger, server: object) -> None:
    done = run(ledger.url.set(database="postgres"))
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"] == ["ledger_unreachable"]
    assert "run `make migrate`" in done.stderr
