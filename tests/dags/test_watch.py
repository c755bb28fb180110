"""The DAG qbank_watch: a run of it in Airflow, by Airflow's connections, against a real mail server and webhook."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from tests.conftest import REPOSITORY, free_port
from tests.words.inbox import mail_server, webhook
from tests.words.ledger import Ledger, failed
from tests.words.sync import Ended

TITLES = ["Ledger: an hour without any balance", "Ledger: a failed run"]


@pytest.fixture
def ledger(ledger_url: URL, tmp_path: Path, metadata: None, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A ledger whose newest run failed."""
    ledger = Ledger(ledger_url, tmp_path)
    ledger.stay_in_one_hour()
    ledger.quick_run(failed)
    connection = ledger_url.set(drivername="postgres").render_as_string(False)
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER_DEFAULT", connection)
    monkeypatch.syspath_prepend(REPOSITORY / "dags")
    return ledger


def run(**options: Any) -> Ended:
    import qbank_watch  # noqa: PLC0415 - needs Airflow's settings and the folder of the DAGs

    return Ended(qbank_watch.qbank_watch(**options).test())


@contextmanager
def warnings() -> Iterator[list[str]]:
    """What the watch warns of meanwhile."""
    warned: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warned.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("qbank_airflow.alerts").addHandler(handler)
    try:
        yield warned
    finally:
        logging.getLogger("qbank_airflow.alerts").removeHandler(handler)


def test_a_run_tells_each_connection_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server(free_port()) as server, webhook() as hook:
        mail = {
            "conn_type": "smtp", "host": "127.0.0.1", "port": server.port,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "l@example.com", "to": "o@example.com"},
        }  # fmt: skip
        monkeypatch.setenv("AIRFLOW_CONN_OPS_MAIL", json.dumps(mail))
        chat = {"conn_type": "apprise", "extra": {"config": {"path": hook.place}}}
        monkeypatch.setenv("AIRFLOW_CONN_CHAT", json.dumps(chat))
        monkeypatch.setenv("QBANK_ALERT_CONNECTIONS", "ops_mail,chat")
        assert run().state == "success"
        assert run().state == "success"
    assert [message["Subject"] for message in server.mails] == TITLES
    assert [post["title"] for post in hook.posts] == TITLES


def test_who_cannot_be_told_is_a_warning_and_no_red_run(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = {"conn_type": "smtp", "host": "127.0.0.1", "port": free_port(), "extra": {"disable_ssl": True}}
    monkeypatch.setenv("AIRFLOW_CONN_AWAY", json.dumps(away))
    with warnings() as warned:
        ended = run(alert_conn_ids=("nobody", "away"))
    assert ended.state == "success"
    assert ledger.value("SELECT count(*) FROM ledger.alert WHERE notified_at IS NULL") == 2
    assert len(warned) == 2
    assert warned[0].startswith("There is no connection nobody: create it in Airflow")
    assert warned[1].startswith("Alerts can't be sent by the connection away: ")


def test_a_connection_that_cannot_be_read_is_a_warning_and_keeps_nobody_waiting(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.execution_time import context  # noqa: PLC0415 - needs Airflow's settings

    read = context._get_connection

    def get(conn_id: str) -> Any:
        if conn_id == "sealed":
            raise RuntimeError("another Fernet key: hunter2")
        return read(conn_id)

    monkeypatch.setattr(context, "_get_connection", get)
    with webhook() as hook, warnings() as warned:
        chat = {"conn_type": "apprise", "extra": {"config": {"path": hook.place}}}
        monkeypatch.setenv("AIRFLOW_CONN_CHAT", json.dumps(chat))
        assert run(alert_conn_ids=("sealed", "chat")).state == "success"
    assert warned == ["The connection sealed can't be read (RuntimeError): check it in Airflow."]
    assert [post["title"] for post in hook.posts] == TITLES


def test_a_ledger_that_cannot_be_asked_is_a_red_run(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"postgres://me:pw@127.0.0.1:{free_port()}/ledger"
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER_DEFAULT", nowhere)
    assert run().state == "failed"
