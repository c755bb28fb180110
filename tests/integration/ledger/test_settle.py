"""Settle: how a run ends, and how it says so."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection

from qbank_ledger.errors import RunNotCompleteError
from qbank_ledger.sync import publish
from qbank_ledger.sync.settle import settle_run
from tests.words.ledger import Ledger, Reply, failed


def prepared(ledger: Ledger, replies: object = None, **options: object) -> int:
    run_no = ledger.plan(**options)
    ledger.fetch(run_no, replies)  # type: ignore[arg-type]
    ledger.quick_audit(run_no)
    ledger.publish(run_no)
    return run_no


def test_a_complete_run_ends_in_peace(ledger: Ledger) -> None:
    run_no = prepared(ledger)
    counts = settle_run(ledger.engine, run_no)
    assert (counts.state, counts.expected, counts.published) == ("complete", 3, 3)
    finished = ledger.value("SELECT finished_at FROM sync.run")
    assert settle_run(ledger.engine, run_no) == counts
    assert ledger.value("SELECT finished_at FROM sync.run") == finished


def test_a_partial_run_counts_and_names_what_is_missing(ledger: Ledger) -> None:
    def reply(id_: str) -> Reply:
        return {
            "a": Reply(account_id="a"),
            "b": Reply(account_id="b", ledger_balance=Decimal("0.001")),
            "c": failed("c", "http_404"),
        }[id_]

    with pytest.raises(RunNotCompleteError) as caught:
        settle_run(ledger.engine, prepared(ledger, reply))
    assert str(caught.value) == (
        "Run 1 is partial: 1 of 3 accounts published, 1 quarantined, 1 failed (too_precise 1, http_404 1). "
        "quarantined (too_precise): b; failed (http_404): c."
    )
    assert ledger.rows("SELECT account_id, reason FROM ledger.missing_hour ORDER BY 1") == [
        ("b", "quarantined: too_precise"), ("c", "http_404"),
    ]  # fmt: skip


def test_an_account_that_the_bank_asks_to_wait_for_says_how_long(ledger: Ledger) -> None:
    def reply(id_: str) -> Reply:
        return (
            failed(id_, "rate_limited", http_status=429, retry_after_s=3600)
            if id_ == "c"
            else Reply(account_id=id_)
        )

    run_no = prepared(ledger, reply)
    with pytest.raises(
        RunNotCompleteError, match=r"failed \(rate_limited, the bank asks to wait 3600 s\): c\.$"
    ):
        settle_run(ledger.engine, run_no)
    assert ledger.rows("SELECT account_id, retry_after_s FROM sync.outcome ORDER BY 1") == [
        ("a", None), ("b", None), ("c", 3600),
    ]  # fmt: skip
    ledger.fetch(run_no)  # cleared: the answer replaces the failure, wait and all
    assert ledger.value("SELECT retry_after_s FROM sync.observation WHERE account_id = 'c'") is None


def test_the_first_twenty_accounts_are_named(ledger: Ledger) -> None:
    ledger.accounts(*(f"a{n:02}" for n in range(30)))
    with pytest.raises(RunNotCompleteError) as caught:
        settle_run(ledger.engine, prepared(ledger, failed))
    message = str(caught.value)
    assert message.startswith("Run 1 is failed: 0 of 30 accounts published")
    assert "failed (http_404): a00, a01, " in message
    assert "a19" in message
    assert "a20" not in message
    assert "and 10 more, see sync.outcome" in message


def test_a_dry_run_is_red_for_a_critical_finding_and_for_a_failed_account(ledger: Ledger) -> None:
    for bad in (failed("a"), Reply(account_id="a", echoed_currency="USD")):
        run_no = prepared(
            ledger, lambda id_, bad=bad: bad if id_ == "a" else Reply(account_id=id_), dry_run=True
        )
        with pytest.raises(RunNotCompleteError, match="is dry_run: 2 of 3 accounts would be published"):
            settle_run(ledger.engine, run_no)


def test_a_dry_run_is_green_with_a_warning(ledger: Ledger) -> None:
    run_no = prepared(ledger, lambda id_: Reply(account_id=id_, available_balance=Decimal(999)), dry_run=True)
    assert ledger.value("SELECT count(*) FROM sync.finding") == 3
    assert settle_run(ledger.engine, run_no).state == "dry_run"


def test_settle_counts_what_is_published_while_it_waits(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody marked publish as a success by hand while it was at work: settle began beside it."""
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    holding, go_on = threading.Event(), threading.Event()
    real = publish.execute

    def slowly(connection: Connection, name: str, **parameters: Any) -> Any:
        if name == "publish_balances":
            holding.set()
            assert go_on.wait(20)
        return real(connection, name, **parameters)

    monkeypatch.setattr(publish, "execute", slowly)
    with ThreadPoolExecutor() as threads:
        published = threads.submit(ledger.publish, run_no)
        assert holding.wait(20)
        settled = threads.submit(settle_run, ledger.engine, run_no)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ends = time.monotonic() + 20
        while not ledger.value(waiting) and time.monotonic() < ends:
            time.sleep(0.01)
        go_on.set()
        assert published.result() == 3
        assert settled.result().state == "complete"
    assert ledger.rows("SELECT state, published, failed FROM sync.run") == [("complete", 3, 0)]


def test_an_open_run_has_no_outcome_yet(ledger: Ledger) -> None:
    prepared(ledger)
    assert ledger.rows("SELECT DISTINCT outcome FROM sync.outcome") == [(None,)]


def test_an_hour_that_a_run_crossed_says_where_its_balance_is(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.rows("UPDATE sync.run SET started_at = started_at - interval '1 hour'")
    ledger.rows("UPDATE ledger.account_period SET opened_at = opened_at - interval '1 hour'")
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    ledger.publish(run_no)
    ledger.close(run_no)
    assert ledger.rows("SELECT DISTINCT reason FROM ledger.missing_hour") == [("observed in a later hour",)]
