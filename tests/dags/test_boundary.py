"""The connection of the ledger, and the configuration of a run, as Airflow has them."""

from types import SimpleNamespace

import pytest
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from qbank_airflow import boundary
from qbank_ledger.errors import LedgerConnectionError


def connection(host: str) -> Connection:
    return Connection(
        conn_id="ledger_default", conn_type="postgres", host=host, login="runs", password="hunter2"
    )


def test_a_connection_made_in_the_ui_may_not_point_to_any_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary.Connection, "get", lambda _: connection("evil.example"))
    with pytest.raises(LedgerConnectionError, match="whoever deploys to add it to QBANK_LEDGER_HOSTS"):
        boundary.ledger()
    monkeypatch.setenv("QBANK_LEDGER_HOSTS", "evil.example")
    assert boundary.ledger().url.query["require_auth"] == "scram-sha-256"
    monkeypatch.setattr(boundary.Connection, "get", lambda _: connection("127.0.0.1"))
    with pytest.raises(LedgerConnectionError, match=r"names the host '127\.0\.0\.1'"):
        boundary.ledger()


@pytest.mark.parametrize("extra", ["[]", "null", "5", '"x"', "{'sslmode': 'require'}", '{"hunter2"'])
def test_an_extra_that_is_no_object_is_a_sentence(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    made = Connection(conn_id="ledger_default", conn_type="postgres", host="localhost", extra=extra)
    monkeypatch.setattr(boundary.Connection, "get", lambda _: made)
    with pytest.raises(
        LedgerConnectionError, match=r"^The extra of the connection ledger_default must"
    ) as said:
        boundary.ledger()
    assert "hunter2" not in str(said.value)


def test_each_connection_has_a_token_of_its_own_where_iam_is_asked_for(
    ledger_url: URL, server: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cloud alone is none: PostgreSQL takes no token but the newest."""
    tokens = iter(f"token-{n}" for n in range(1, 9))
    login = f"runs_{ledger_url.database}"

    def newest(_hook: PostgresHook, conn: Connection) -> tuple[str, str, int]:
        token = next(tokens)
        with server.connect() as connection:
            connection.execute(text(f"ALTER ROLE {login} PASSWORD '{token}'"))
        return login, token, conn.port or 5432

    monkeypatch.setattr(PostgresHook, "get_iam_token", newest)
    with server.connect() as connection:
        connection.execute(text(f"CREATE ROLE {login} LOGIN; GRANT qbank_loader TO {login}"))
    place = {"host": ledger_url.host, "port": ledger_url.port, "schema": ledger_url.database}
    theirs = Connection(
        conn_id="ledger_default", conn_type="postgres", login=login, extra='{"iam": true}', **place
    )
    monkeypatch.setattr(boundary.Connection, "get", lambda _: theirs)
    engine = boundary.ledger()
    with engine.connect() as first, engine.connect() as second:  # at once: one after the other is the same
        for connection in (first, second):
            assert connection.scalar(text("SELECT session_user")) == login
    assert next(tokens) == "token-3"
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text(f"REVOKE qbank_loader FROM {login}; DROP ROLE {login}"))


def test_a_tasks_transactions_share_one_connection(ledger_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    url = ledger_url.set(drivername="postgres").render_as_string(hide_password=False)
    theirs = Connection(conn_id="ledger_default", uri=url)
    monkeypatch.setattr(boundary.Connection, "get", lambda _: theirs)
    engine = boundary.ledger()
    pids = set()
    for _ in range(3):
        with engine.begin() as connection:
            pids.add(connection.scalar(text("SELECT pg_backend_pid()")))
    assert len(pids) == 1
    engine.dispose()


def test_a_token_that_is_not_to_be_had_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon's provider is not installed here."""
    theirs = Connection(conn_id="ledger_default", conn_type="postgres", host="127.0.0.1", login="runs", extra='{"iam": true}')  # fmt: skip
    monkeypatch.setattr(boundary.Connection, "get", lambda _: theirs)
    with pytest.raises(LedgerConnectionError, match=r"has iam in its extra, and no token: .*amazon"):
        boundary.ledger().connect()


def test_an_unknown_key_is_refused_with_the_one_that_may_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    dag = SimpleNamespace(params={"accounts": [], "dry_run": False})
    run = SimpleNamespace(conf={"dry-run": True})
    monkeypatch.setattr(boundary, "get_current_context", lambda: {"dag": dag, "dag_run": run})
    said = r"unknown key 'dry-run'\. Did you mean dry_run\? Known keys: accounts, dry_run\."
    with pytest.raises(AirflowFailException, match=said):
        boundary.refuse_unknown_conf()
    run.conf = {"dry_run": True}
    boundary.refuse_unknown_conf()
