"""The verbs health and watch: the page's answer, alerts without a scheduler, exit codes that a monitor can use."""

import json
import os
import subprocess
from typing import Any

import pytest
import yaml
from sqlalchemy.engine import URL

from qbank_ledger import __main__ as command
from qbank_ledger.watch.health import UNREACHABLE
from tests.conftest import REPOSITORY, free_port
from tests.words.command import called
from tests.words.inbox import mail_server, webhook
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
    assert done.stderr == "The ledger has problems: hour_missing, run_failed. See docs/runbook.md.\n"
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


# ── The verb watch ───────────────────────────────────────────────────────────────────────────────────


def watch(url: URL, **environ: str) -> "subprocess.CompletedProcess[str]":
    connection = url.set(drivername="postgres").render_as_string(hide_password=False)
    return called(command.main, "watch", environ={"AIRFLOW_CONN_LEDGER_DEFAULT": connection, **environ})


def test_alerts_go_to_every_connection_by_the_environment_alone(ledger: Ledger) -> None:
    ledger.quick_run(failed)
    with mail_server(free_port()) as server, webhook() as hook:
        environ = {
            "QBANK_ALERT_CONNECTIONS": "ops_mail, chat",
            "AIRFLOW_CONN_OPS_MAIL": f"smtp://127.0.0.1:{server.port}/?disable_ssl=true&disable_tls=true"
            "&from_email=ledger%40example.com&to=ops%40example.com",
            "AIRFLOW_CONN_CHAT": json.dumps(
                {"conn_type": "apprise", "extra": {"config": {"path": hook.place}}}
            ),
        }
        done = watch(ledger.url, **environ)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "Alerts: 2 opened, 0 cleared, 2 open. Messages sent: 4.\n"
        assert watch(ledger.url, **environ).stdout.endswith("Messages sent: 0.\n")
    titles = ["Ledger: an hour without any balance", "Ledger: a failed run"]
    assert [mail["Subject"] for mail in server.mails] == titles
    assert [post["title"] for post in hook.posts] == titles


def test_what_could_not_be_sent_is_said_and_is_exit_code_3(ledger: Ledger) -> None:
    ledger.quick_run(failed)
    with webhook() as hook:
        done = watch(
            ledger.url,
            QBANK_ALERT_CONNECTIONS="nobody,odd,far,list,chat",
            AIRFLOW_CONN_ODD="{",
            AIRFLOW_CONN_FAR='{"conn_type": "smtp", "port": 1e400}',
            AIRFLOW_CONN_LIST='{"conn_type": "smtp", "extra": "[5]"}',
            AIRFLOW_CONN_CHAT=json.dumps({"conn_type": "apprise", "extra": {"config": {"path": hook.place}}}),
        )
    assert (done.returncode, done.stdout) == (3, "")
    said = done.stderr.splitlines()
    assert said[:2] == [
        "Alerts: 2 opened, 0 cleared, 2 open. Messages sent: 2.",
        "There is no connection nobody: set AIRFLOW_CONN_NOBODY.",
    ]
    assert said[2].startswith("AIRFLOW_CONN_ODD is neither a URI")
    assert said[3].startswith("AIRFLOW_CONN_FAR is neither a URI")
    assert said[4] == "Alerts can't be sent by the connection list: its extra must be a JSON object."
    assert len(hook.posts) == 2


def test_what_the_command_reads_is_what_the_server_hands_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, get = set[str](), type(os.environ).__getitem__

    def spied(environ: Any, name: str) -> str:
        read.add(name)
        return get(environ, name)

    monkeypatch.setattr(type(os.environ), "__getitem__", spied)
    ledger.quick_run(failed)
    with webhook() as hook:
        chat = json.dumps({"conn_type": "apprise", "extra": {"config": {"path": hook.place}}})
        read.clear()
        done = watch(ledger.url, QBANK_ALERT_CONNECTIONS="ledger_alerts", AIRFLOW_CONN_LEDGER_ALERTS=chat)
    assert done.returncode == 0
    ours = {name for name in read if name.startswith(("QBANK_", "AIRFLOW_CONN_"))}
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text("utf-8"))
    assert ours == set(compose["services"]["watch"]["environment"])


def test_a_ledger_that_was_not_looked_at_is_exit_code_1(ledger: Ledger) -> None:
    assert watch(ledger.url.set(port=free_port())).returncode == 1


def test_a_wrong_number_of_hours_is_one_sentence(ledger: Ledger) -> None:
    done = watch(ledger.url, QBANK_ALERT_REMIND_HOURS="daily")
    assert done.returncode == 1
    assert done.stderr == (
        "QBANK_ALERT_REMIND_HOURS is 'daily': set it to a whole number of hours, 1 to 99999.\n"
    )
