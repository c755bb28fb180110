"""The connection of the ledger, and the configuration of a run, as Airflow has them."""

from types import SimpleNamespace

import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException

from qbank_airflow import boundary
from qbank_ledger.errors import LedgerConnectionError


def connection(host: str) -> Connection:
    return Connection(
        conn_id="ledger_default", conn_type="postgres", host=host, login="runs", password="hunter2"
    )


def test_a_connection_made_in_the_ui_may_not_point_to_any_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary.Connection, "get", lambda _: connection("evil.example"))
    with pytest.raises(LedgerConnectionError, match="whoever deploys may add it to QBANK_LEDGER_HOSTS"):
        boundary.ledger()
    monkeypatch.setenv("QBANK_LEDGER_HOSTS", "evil.example")
    assert boundary.ledger().url.query["require_auth"] == "scram-sha-256"
    monkeypatch.setattr(boundary.Connection, "get", lambda _: connection("127.0.0.1"))
    with pytest.raises(LedgerConnectionError, match=r"names the host '127\.0\.0\.1'"):
        boundary.ledger()


def test_an_unknown_key_is_refused_with_the_one_that_may_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    dag = SimpleNamespace(params={"accounts": [], "dry_run": False})
    run = SimpleNamespace(conf={"dry-run": True})
    monkeypatch.setattr(boundary, "get_current_context", lambda: {"dag": dag, "dag_run": run})
    said = r"unknown key 'dry-run'\. Did you mean dry_run\? Known keys: accounts, dry_run\."
    with pytest.raises(AirflowFailException, match=said):
        boundary.refuse_unknown_conf()
    run.conf = {"dry_run": True}
    boundary.refuse_unknown_conf()
