"""qbank_balance_sync: what a run does to the ledger, and how it ends."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from airflow.models.asset import AssetEvent
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import Engine

from qbank_airflow import boundary
from tests.words.sync import Sync


def asset_events() -> int:
    with create_session() as session:
        return session.query(AssetEvent).count()


@pytest.mark.parametrize("logical_date", [True, False])
def test_a_run_publishes_every_account(sync: Sync, logical_date: bool) -> None:
    before = asset_events()
    ended = sync.run(logical_date=logical_date)
    assert ended.state == "success"
    assert set(ended.tasks.values()) == {"success"}
    assert {task for task, _ in ended.tasks} == {"plan", "fetch", "audit", "publish", "settle"}
    assert sync.ledger.rows("SELECT state, published FROM sync.run") == [("complete", 12)]
    assert sync.ledger.value(
        "SELECT bool_and(b.as_of_hour = date_trunc('hour', o.observed_at, 'UTC')) FROM ledger.balance AS b"
        " JOIN sync.outcome AS o USING (account_id, run_no)"
    )
    assert asset_events() == before + 1


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ({"dryrun": True}, "unknown key 'dryrun'. Did you mean dry_run? Known keys: accounts, dry_run."),
        ({"Dry_Run": True}, "unknown key 'Dry_Run'. Did you mean dry_run?"),
        ({"dry_run": True, "account": ["acc-0001"]}, "unknown key 'account'. Did you mean accounts?"),
        ({"": 1}, "unknown key ''. Known keys"),
    ],
)
def test_a_misspelt_key_of_the_configuration_asks_nobody_and_publishes_nothing(
    sync: Sync, capfd: pytest.CaptureFixture[str], conf: dict[str, Any], says: str
) -> None:
    ended = sync.run(**conf)
    assert (ended.state, ended.of("plan"), ended.tries["plan", -1]) == ("failed", "failed", 1)
    assert says in "".join(capfd.readouterr())
    assert sync.ledger.rows("SELECT * FROM sync.run") == []


def test_each_task_looks_its_ledger_up_once(sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Engine] = []
    real = boundary.engine_for

    def engine_for(*arguments: Any, **named: Any) -> Engine:
        made.append(real(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(boundary, "engine_for", engine_for)
    ended = sync.run()
    assert len(made) == len(ended.tasks) == 5


def test_xcom_carries_numbers_and_nothing_else(sync: Sync) -> None:
    ended = sync.run()
    with create_session() as session:
        rows = session.query(XComModel).filter(XComModel.run_id == ended.run.run_id).all()
        values: list[Any] = [XComModel.deserialize_value(row) for row in rows]
    assert {type(value) for value in values} <= {int, list, type(None)}
    assert all(isinstance(item, int) for value in values if isinstance(value, list) for item in value)


def test_a_partial_run_publishes_what_is_good_and_is_red(
    sync: Sync, capfd: pytest.CaptureFixture[str]
) -> None:
    sync.bank.behaves(
        balances=[
            {"accounts": "acc-0003", "faults": {"status": 404}},
            {"accounts": "acc-0004", "faults": "html"},
        ]
    )
    before = asset_events()
    ended = sync.run()
    assert ended.state == "failed"
    assert (ended.of("publish"), ended.of("settle")) == ("success", "failed")
    assert sync.ledger.rows(
        "SELECT account_id, outcome, reasons FROM sync.outcome WHERE outcome <> 'published' ORDER BY 1"
    ) == [("acc-0003", "failed", ["http_404"]), ("acc-0004", "quarantined", ["wrong_content_type"])]
    assert sync.ledger.value("SELECT count(*) FROM ledger.balance") == 10
    assert asset_events() == before + 1, "a partial run has changed the ledger too"
    told = "".join(capfd.readouterr())
    assert "10 of 12 accounts published, 1 quarantined, 1 failed" in told
    assert "failed (http_404): acc-0003" in told


def test_a_run_that_got_nothing_is_red_and_does_not_touch_the_asset(sync: Sync) -> None:
    sync.bank.behaves(balances=[{"faults": {"status": 403}}])
    before = asset_events()
    ended = sync.run()
    assert (ended.state, ended.of("publish"), ended.of("settle")) == ("failed", "skipped", "failed")
    assert sync.ledger.rows("SELECT DISTINCT outcome, reasons FROM sync.outcome") == [
        ("failed", ["http_403"])
    ]
    assert asset_events() == before


def test_a_dead_bank_is_red_with_a_reason_for_every_account(sync: Sync) -> None:
    sync.bank.behaves(outage={"status": {"code": 503}})
    ended = sync.run()
    assert ended.state == "failed"
    assert sync.ledger.rows("SELECT DISTINCT outcome FROM sync.outcome") == [("failed",)]


def test_a_wrong_secret_fails_at_once_in_one_sentence(sync: Sync, capfd: pytest.CaptureFixture[str]) -> None:
    sync.secret("not-the-secret-of-this-bank")
    ended = sync.run()
    assert ended.state == "failed"
    assert ended.tasks["fetch", 0] == "failed"
    assert ended.tries["fetch", 0] == 1, "a permanent error is not retried"
    told = "".join(capfd.readouterr())
    assert "invalid_client" in told
    assert "not-the-secret-of-this-bank" not in told
    assert sync.ledger.rows("SELECT DISTINCT reasons FROM sync.outcome") == [(["not_attempted"],)]


def test_a_bad_accounts_file_fails_before_any_request(sync: Sync, capfd: pytest.CaptureFixture[str]) -> None:
    sync.ledger.accounts("acc-0001", "acc-0001", tolerance="0.05")
    ended = sync.run()
    assert (ended.state, ended.of("plan"), ended.of("settle")) == ("failed", "failed", "failed")
    told = "".join(capfd.readouterr())
    assert "3 problem(s)" in told
    assert "There is no run: its plan failed" in told
    assert sync.ledger.value("SELECT count(*) FROM sync.run") == 0


def test_a_ledger_that_stays_down_is_one_sentence(sync: Sync, capfd: pytest.CaptureFixture[str]) -> None:
    sync.environment("AIRFLOW_CONN_LEDGER_DEFAULT", "postgres://x:hunter22@127.0.0.1:1/ledger")
    assert sync.run().state == "failed"
    told = "".join(capfd.readouterr())
    assert "The ledger database did not answer" in told
    assert "hunter22" not in told


def test_a_dry_run_publishes_nothing_and_a_subset_asks_for_its_accounts(sync: Sync) -> None:
    ended = sync.run(dry_run=True, accounts=["acc-0007"])
    assert (ended.state, ended.of("publish")) == ("success", "skipped")
    assert sync.ledger.rows("SELECT account_id, outcome FROM sync.outcome") == [("acc-0007", "would_publish")]
    assert sync.ledger.value("SELECT count(*) FROM ledger.balance") == 0


def test_a_batch_that_is_lost_for_good_does_not_cost_the_others_their_hour(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.ledger.accounts(*(f"acc-{n:04}" for n in range(1201)))
    real = sync.module.fetch_batch

    def lost(engine: Any, run_no: int, batch_no: int, **options: Any) -> int:
        if batch_no == 1:
            raise MemoryError
        return int(real(engine, run_no, batch_no, **options))

    monkeypatch.setattr(sync.module, "fetch_batch", lost)
    ended = sync.run()
    assert ended.state == "failed"
    assert [ended.tasks["fetch", n] for n in range(3)] == ["success", "failed", "success"]
    assert sync.ledger.rows("SELECT state, published, failed FROM sync.run") == [("partial", 801, 400)]
    assert sync.ledger.rows("SELECT DISTINCT reasons FROM sync.outcome WHERE outcome = 'failed'") == [
        (["not_attempted"],)
    ]


@pytest.mark.parametrize("trouble", ["a wrong secret", "another bank", "no such connection", "another type"])
def test_a_connection_in_trouble_costs_its_own_accounts_and_no_others(
    sync: Sync, capfd: pytest.CaptureFixture[str], trouble: str
) -> None:
    with sync.ledger.file.open("a") as file:
        file.write(
            "  - {account_id: acc-0012, currency: EUR, entity: E, gl_account: '1', connection: treasury}\n"
        )
    theirs = json.loads(os.environ["AIRFLOW_CONN_QBANK_DEFAULT"])
    if trouble == "a wrong secret":
        theirs["password"] = "revoked"
    if trouble == "another bank":
        theirs["host"] = theirs["host"].replace("127.0.0.1", "localhost")
    if trouble == "another type":
        theirs["conn_type"] = "http"
    if trouble != "no such connection":
        sync.environment("AIRFLOW_CONN_TREASURY", json.dumps(theirs))
    ended = sync.run()
    assert ended.state == "failed"
    assert (ended.tasks["fetch", 0], ended.tasks["fetch", 1]) == ("success", "failed")
    assert ended.tries["fetch", 1] == 1, "none of it mends itself"
    assert sync.ledger.rows("SELECT state, published, failed FROM sync.run") == [("partial", 12, 1)]
    assert sync.ledger.rows("SELECT account_id, reasons FROM sync.outcome WHERE outcome = 'failed'") == [
        ("acc-0012", ["not_attempted"])
    ]
    told = "".join(capfd.readouterr())
    assert {
        "a wrong secret": "invalid_client",
        "another bank": "points to localhost, from which this ledger takes no balances",
        "no such connection": "treasury",
        "another type": "The connection treasury is of type http: it must be of type qbank.",
    }[trouble] in told


def test_the_default_connection_in_trouble_costs_the_accounts_that_name_none(sync: Sync) -> None:
    with sync.ledger.file.open("a") as file:
        file.write(
            "  - {account_id: acc-0012, currency: EUR, entity: E, gl_account: '1', connection: treasury}\n"
        )
    sync.environment("AIRFLOW_CONN_TREASURY", os.environ["AIRFLOW_CONN_QBANK_DEFAULT"])
    sync.secret("")
    ended = sync.run()
    assert (ended.tasks["fetch", 0], ended.tasks["fetch", 1]) == ("failed", "success")
    assert sync.ledger.rows("SELECT account_id FROM ledger.balance") == [("acc-0012",)]


def test_accounts_of_two_connections_of_one_bank_are_all_published(sync: Sync) -> None:
    sync.ledger.accounts(*(f"acc-{n:04}" for n in range(6)))
    with sync.ledger.file.open("a") as file:
        for n in range(6, 12):
            file.write(
                f"  - {{account_id: acc-{n:04}, currency: EUR, entity: E, gl_account: '1', connection: t}}\n"
            )
    sync.environment("AIRFLOW_CONN_T", os.environ["AIRFLOW_CONN_QBANK_DEFAULT"])
    ended = sync.run()
    assert ended.state == "success"
    assert sync.ledger.rows(
        "SELECT connection, count(*) FROM sync.outcome JOIN sync.run_account USING (run_no, account_id)"
        " JOIN sync.batch USING (run_no, batch_no) WHERE outcome = 'published' GROUP BY 1 ORDER BY 1"
    ) == [("qbank_default", 6), ("t", 6)]


def test_a_backfill_is_refused(
    sync: Sync, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = sync.module.get_current_context

    def backfilled() -> Any:
        context = real()
        return {**context, "dag_run": context["dag_run"].model_copy(update={"run_type": "backfill"})}

    monkeypatch.setattr(sync.module, "get_current_context", backfilled)
    assert sync.run().state == "failed"
    assert "a backfill is refused" in "".join(capfd.readouterr())
    assert sync.ledger.value("SELECT count(*) FROM sync.run") == 0


def test_the_metadata_holds_no_balance_and_no_secret(sync: Sync) -> None:
    sync.run()
    amount = str(
        sync.ledger.value("SELECT ledger_balance FROM ledger.balance WHERE ledger_balance > 1000 LIMIT 1")
    )
    for file in Path(os.environ["AIRFLOW_HOME"]).rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert sync.bank.process.secret.encode() not in content, file
        assert amount.encode() not in content, file
