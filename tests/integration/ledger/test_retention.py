"""Retention: answers as received, then the accounts of runs, go when their time has come; nothing else ever does."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import exc
from sqlalchemy.engine import URL

from qbank_ledger.config import payload_days, sync_days
from qbank_ledger.errors import AuditError, LedgerError, RunRefusedError
from qbank_ledger.seals.verify import verify
from tests.words.ledger import Ledger, Reply, failed

OF_ACCOUNTS = ("run_account", "observation", "payload", "finding", "verdict", "lookalike")
BLOCKS = "SELECT last_run_no FROM sync.blocks(:table) ORDER BY 1"


@pytest.fixture
def ledger(ledger_url: URL, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger of one's own: others would miss the blocks that are dropped."""
    own = Ledger(ledger_url, tmp_path)
    own.stay_in_one_hour()
    yield own
    own.engine.dispose()
    own.owner.dispose()


def held(id_: str) -> Reply:
    """Answers of which one is held back."""
    return Reply(account_id=id_, payload="{held}", echoed_currency="USD" if id_ == "a" else None)


def age(ledger: Ledger, run_no: int, days: float) -> None:
    """Make a run that many days older."""
    ledger.rows(
        "UPDATE sync.run SET started_at = started_at - make_interval(secs => :s) WHERE run_no = :n",
        s=days * 86400, n=run_no,
    )  # fmt: skip


def next_block(ledger: Ledger) -> None:
    """Have the next run begin another block."""
    ledger.rows("SELECT setval('sync.run_run_no_seq', max(last_run_no)) FROM sync.blocks('run_account')")


def old_run(ledger: Ledger, days: float, replies: Callable[[str], Reply] = held) -> int:
    """A run of a block of its own, which began so long ago."""
    run_no = ledger.quick_run(replies)
    age(ledger, run_no, days)
    next_block(ledger)
    return run_no


def payloads(ledger: Ledger, run_no: int) -> list[str | None]:
    return [row[0] for row in ledger.rows("SELECT payload FROM sync.payload WHERE run_no = :n", n=run_no)]


def test_a_plan_drops_answers_as_received_after_90_days(ledger: Ledger) -> None:
    old, young = old_run(ledger, 90.01), old_run(ledger, 89.99)
    ledger.plan()
    assert payloads(ledger, old) == []
    assert payloads(ledger, young) == ["{held}"] * 3
    assert ledger.value("SELECT to_regclass('sync.payload_1_24')") is None
    assert ledger.rows("SELECT run_no FROM sync.run WHERE payloads_dropped_at IS NOT NULL") == [(old,)]


KEPT = (
    "SELECT * FROM ledger.balance ORDER BY 1", "SELECT * FROM ledger.seal", "SELECT * FROM ledger.missing_hour_reason",
    "SELECT * FROM ledger.missing_hour", "SELECT * FROM sync.release", "SELECT * FROM sync.validation_result ORDER BY 1, 2",
    "SELECT * FROM sync.publication",
    "SELECT run_no, state, expected, published, quarantined, failed, started_at FROM sync.run WHERE state <> 'running' ORDER BY 1",
)  # fmt: skip
OF_RUNS = (
    "SELECT * FROM sync.outcome WHERE run_no = 1 ORDER BY 1, 2", "SELECT * FROM sync.finding WHERE run_no = 1 ORDER BY 1, 2, 3",
    "SELECT run_no, account_id, reasons, available_balance FROM sync.quarantine WHERE run_no = 1",
)  # fmt: skip


def test_only_the_bodies_go(ledger: Ledger) -> None:
    run_no = old_run(ledger, 91)
    before = [ledger.rows(query) for query in (*KEPT, *OF_RUNS)]
    assert all(before[-len(OF_RUNS) :])
    ledger.plan()
    assert payloads(ledger, run_no) == []
    assert [ledger.rows(query) for query in (*KEPT, *OF_RUNS)] == before
    assert ledger.rows("SELECT payload FROM sync.quarantine") == [(None,)]
    assert verify(ledger.engine)


def test_an_answer_that_is_held_can_be_released_when_its_body_is_gone(ledger: Ledger) -> None:
    ledger.quick_run(lambda id_: Reply(account_id=id_, echoed_as_of="then"))
    next_block(ledger)
    ledger.quick_run(failed)
    ledger.rows("SELECT setval('sync.run_run_no_seq', 48)")
    ledger.rows("UPDATE sync.run SET payloads_dropped_at = now(); DROP TABLE sync.payload_1_24")
    assert ledger.value("SELECT ledger.release(1, 'a', 'by phone') IS NOT NULL")


def test_a_plan_drops_the_accounts_of_runs_after_400_days_and_what_ledger_has_stays(ledger: Ledger) -> None:
    old, young = old_run(ledger, 400.01), old_run(ledger, 399.99)
    before = [ledger.rows(query) for query in KEPT]
    assert ledger.rows("SELECT reason FROM ledger.missing_hour_reason") == [
        ("quarantined: currency_mismatch",)
    ]
    ledger.plan()
    for table in OF_ACCOUNTS:
        assert ledger.value(f"SELECT count(*) FROM sync.{table} WHERE run_no = :n", n=old) == 0, table
        assert ledger.value("SELECT to_regclass(:name)", name=f"sync.{table}_1_24") is None, table
    assert ledger.value("SELECT count(*) FROM sync.outcome WHERE run_no = :n", n=old) == 0
    assert ledger.value("SELECT count(*) FROM sync.outcome WHERE run_no = :n", n=young) == 3
    assert [ledger.rows(query) for query in KEPT] == before
    assert ledger.rows("SELECT run_no FROM sync.run WHERE accounts_dropped_at IS NOT NULL") == [(old,)]
    assert verify(ledger.engine)


def test_a_run_whose_accounts_are_gone_is_not_opened_closed_or_released_from(ledger: Ledger) -> None:
    old = old_run(ledger, 401)
    ledger.plan()
    before = ledger.rows("SELECT * FROM sync.run WHERE run_no = :n", n=old)
    for work in (ledger.fetch, ledger.publish, ledger.close):
        with pytest.raises(
            RunRefusedError, match=f"accounts of run {old} are no longer kept .* trigger a new"
        ):
            work(old)
    with pytest.raises(AuditError, match="has 0 observations for 3 accounts"):
        ledger.audit(old)
    with pytest.raises(exc.DBAPIError, match="holds no answer of that account back"):
        ledger.rows("SELECT ledger.release(:n, 'a', 'late')", n=old)
    assert ledger.rows("SELECT * FROM sync.run WHERE run_no = :n", n=old) == before


def test_a_block_stays_while_one_of_its_runs_is_young_or_open_or_the_newest(ledger: Ledger) -> None:
    first, second = ledger.quick_run(held), ledger.quick_run(held)
    age(ledger, first, 500)
    drop = "SELECT sync.drop_expired(interval '90 days', false)"
    assert ledger.value(drop) is None, "no run has begun after its block"
    next_block(ledger)
    ledger.plan()
    assert ledger.value(drop) is None, "the second run is young"
    age(ledger, second, 500)
    ledger.rows("UPDATE sync.run SET state = 'running' WHERE run_no = :n", n=second)
    assert ledger.value(drop) is None, "the second run is open"
    ledger.rows("UPDATE sync.run SET state = 'partial' WHERE run_no = :n", n=second)
    assert ledger.value(drop) == 24


def test_bodies_are_kept_no_longer_than_the_accounts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    old = old_run(ledger, 50)
    monkeypatch.setenv("QBANK_SYNC_DAYS", "49")
    ledger.plan()
    assert payloads(ledger, old) == []
    assert ledger.value("SELECT to_regclass('sync.payload_1_24')") is None


def test_a_block_goes_at_a_time_the_oldest_first(ledger: Ledger) -> None:
    runs = [old_run(ledger, 0) for _ in range(3)]
    for run_no in runs:
        age(ledger, run_no, 401)
    for left in ([48, 72, 96], [72, 96], [96], [96]):
        ledger.plan()
        for table in ("run_account", "payload"):
            assert [row.last_run_no for row in ledger.rows(BLOCKS, table=table)] == left


def test_what_a_reader_holds_is_dropped_later_and_the_plan_warns_and_is_not_delayed(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    old = old_run(ledger, 401)
    with ledger.people({"anna": "qbank_analyst"}) as people:
        with people["anna"].connect() as reader:
            reader.exec_driver_sql("SELECT count(*) FROM sync.outcome, sync.payload")
            began = time.monotonic()
            ledger.plan()
            assert time.monotonic() - began < 3
            assert reader.exec_driver_sql("SELECT 1").scalar_one() == 1, "nobody has ended it"
        people["anna"].dispose()
    said = [message for message in caplog.messages if "were not dropped" in message]
    assert len(said) == 2
    assert said[0].startswith(
        "plan: the answers as received of old runs were not dropped, the next plan tries again:"
    )
    assert payloads(ledger, old) == ["{held}"] * 3
    ledger.plan()
    assert payloads(ledger, old) == []


def test_a_run_that_somebody_holds_stays(ledger: Ledger) -> None:
    old = old_run(ledger, 401)
    with ledger.owner.begin() as holding:
        holding.exec_driver_sql("SELECT FROM sync.run WHERE run_no = %s FOR UPDATE", (old,))
        ledger.plan()
        assert payloads(ledger, old) == ["{held}"] * 3
    ledger.plan()
    assert payloads(ledger, old) == []


def test_how_long_is_a_setting(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    run_no = old_run(ledger, 8)
    monkeypatch.setenv("QBANK_PAYLOAD_DAYS", "7")
    ledger.plan()
    assert payloads(ledger, run_no) == []


@pytest.mark.parametrize(
    ("name", "days"), [("QBANK_PAYLOAD_DAYS", payload_days), ("QBANK_SYNC_DAYS", sync_days)]
)
@pytest.mark.parametrize("text", ["0", "-1", "7.5", "a week", "\u0667", "100000", "9" * 5000])
def test_a_setting_that_is_no_number_of_days_is_refused_in_a_sentence(
    name: str, days: Callable[[dict[str, str]], int], text: str
) -> None:
    with pytest.raises(LedgerError, match=f"{name} is .* set it to a whole number of days"):
        days({name: text})


def test_without_a_setting_it_is_90_and_400_days() -> None:
    assert payload_days({}) == payload_days({"QBANK_PAYLOAD_DAYS": " "}) == 90
    assert payload_days({"QBANK_PAYLOAD_DAYS": "1"}) == 1
    assert sync_days({}) == 400
    assert sync_days({"QBANK_SYNC_DAYS": "7"}) == 7


@pytest.mark.parametrize("keep", ["interval '23 hours'", "NULL"])
def test_the_database_keeps_a_day_at_least(ledger: Ledger, keep: str) -> None:
    with pytest.raises(exc.DBAPIError, match="kept for a day at least"):
        ledger.rows(f"SELECT sync.drop_expired({keep}, true)")


RUNS = """
INSERT INTO sync.run (dag_run_id, api_host, started_at, deadline_at, dry_run, subset, expected, state, finished_at, published, quarantined, failed)
SELECT 'old', 'bank', now() - interval '1 day' * CAST(:days AS float8), now(), false, false, 1, 'failed', now(), 0, 0, 1
  FROM generate_series(1, :runs) AS n
"""


@pytest.mark.parametrize(
    ("runs", "days", "size"), [(23, 1, 24), (300, 9.9, 300), (300, 10.1, 24), (1300, 1, 1000)]
)
def test_a_block_holds_about_ten_days_of_runs(ledger: Ledger, runs: int, days: float, size: int) -> None:
    ledger.rows(RUNS, runs=runs, days=days)
    ledger.rows("SELECT ledger.ensure_partitions()")
    first, last = ledger.rows("SELECT first_run_no, last_run_no FROM sync.blocks('payload') ORDER BY 1")[-1]
    assert last - first + 1 == size
    assert first <= runs + 1 <= last


def test_where_run_numbers_have_jumped_the_next_run_has_a_block(ledger: Ledger) -> None:
    """As after a move to another server, whose sequences somebody sets well ahead."""
    first = ledger.quick_run()
    for number in (3_000_000, 3_000_010, 9_000_000):
        ledger.rows("SELECT setval('sync.run_run_no_seq', :n)", n=number)
        run_no = ledger.quick_run()
        assert run_no == number + 1
        assert ledger.value("SELECT state FROM sync.run WHERE run_no = :n", n=run_no) == "complete"
    assert len(ledger.rows(BLOCKS, table="payload")) == 3
    age(ledger, first, 401)
    ledger.quick_run()
    assert len(ledger.rows(BLOCKS, table="payload")) == 2, "the first block is dropped in its time"
