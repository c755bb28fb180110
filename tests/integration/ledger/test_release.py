"""Release from quarantine: by an operator, for a reason, kept for ever, under the same rules of time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import exc

from qbank_ledger.db.connection import engine_for
from qbank_ledger.seals.verify import verify
from tests.words.ledger import Ledger, Reply, failed


@pytest.fixture
def operator(ledger: Ledger) -> Iterator[Any]:
    """Calls ledger.release as qbank_operator."""
    engine = engine_for(ledger.url, role="qbank_operator")

    def release(run_no: int, account_id: str = "a", reason: str = "seen at the bank's counter") -> Any:
        with engine.begin() as connection:
            return connection.exec_driver_sql(
                "SELECT ledger.release(%s, %s, %s)", (run_no, account_id, reason)
            ).scalar_one()

    yield release
    engine.dispose()


def stale(ledger: Ledger, **fields: Any) -> int:
    """A run whose answer for a is held back as stale, whatever else its fields say."""

    def reply(id_: str) -> Reply:
        given = {
            "bank_as_of": ledger.value("SELECT now() - interval '1 day'"),
            "echoed_as_of": "yesterday",
            **fields,
        }
        return Reply(account_id=id_, **given) if id_ == "a" else Reply(account_id=id_)

    return ledger.quick_run(reply)


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(exc.DBAPIError, match=words):
        yield


def test_a_released_answer_is_published_under_its_hour_with_a_seal_of_its_own(
    ledger: Ledger, operator: Any
) -> None:
    run_no = stale(ledger, ledger_balance=Decimal("7.70"))
    observed = ledger.value("SELECT observed_at FROM sync.quarantine")
    assert ledger.value("SELECT count(*) FROM ledger.missing_hour") == 1
    seal_no = operator(run_no)
    row = ledger.rows("SELECT * FROM ledger.balance WHERE account_id = 'a'")[0]
    assert (row.ledger_balance, row.observed_at, row.run_no, row.seal_no, row.revision) == (
        Decimal("7.70"), observed, run_no, seal_no, 1,
    )  # fmt: skip
    seal = ledger.rows("SELECT * FROM ledger.seal ORDER BY seal_no")[-1]
    assert (seal.seal_no, seal.run_no, seal.row_count, seal.sealed_at) == (
        seal_no,
        run_no,
        1,
        row.recorded_at,
    )
    assert ledger.rows("SELECT * FROM ledger.missing_hour") == []
    assert verify(ledger.engine).startswith("The ledger is intact: 2 seals cover its 3 rows")


def test_who_and_why_and_what_it_was_held_for_are_kept(ledger: Ledger, operator: Any) -> None:
    run_no = stale(ledger)
    seal_no = operator(run_no, "a", "  the bank's clock stood still  ")
    kept = ledger.rows("SELECT * FROM sync.release")[0]
    assert (kept.run_no, kept.account_id, kept.released_by, kept.reason, kept.held_for, kept.seal_no) == (
        run_no, "a", ledger.url.username, "the bank's clock stood still", ["stale"], seal_no,
    )  # fmt: skip
    assert ledger.value("SELECT released_at FROM sync.quarantine") == kept.released_at


@pytest.mark.parametrize(
    "statement",
    ["UPDATE sync.release SET reason = 'x'", "DELETE FROM sync.release", "TRUNCATE sync.release"],
)
def test_a_release_is_never_changed_and_its_run_stays(ledger: Ledger, operator: Any, statement: str) -> None:
    operator(stale(ledger))
    with refused("append-only"):
        ledger.rows(statement)
    with refused("a_seal_is_of_a_run"):
        ledger.rows("DELETE FROM sync.run")
    assert ledger.value("SELECT count(*) FROM sync.release") == 1


def test_the_outcome_stays_what_it_was_at_the_runs_end(ledger: Ledger, operator: Any) -> None:
    run_no = stale(ledger)
    before = ledger.rows("SELECT * FROM sync.outcome ORDER BY 2"), ledger.rows("SELECT * FROM sync.run")
    operator(run_no)
    assert (
        ledger.rows("SELECT * FROM sync.outcome ORDER BY 2"),
        ledger.rows("SELECT * FROM sync.run"),
    ) == before
    assert ("a", "quarantined") in [(row.account_id, row.outcome) for row in before[0]]


def test_a_release_loses_to_a_later_observation(ledger: Ledger, operator: Any) -> None:
    run_no = stale(ledger, ledger_balance=Decimal("7.70"))
    ledger.quick_run()
    before = ledger.rows("SELECT * FROM ledger.balance ORDER BY 1")
    assert operator(run_no) is None
    assert ledger.rows("SELECT * FROM ledger.balance ORDER BY 1") == before
    assert ledger.value("SELECT count(*) FROM ledger.balance_history") == 2, "b and c of the first run"
    assert ledger.value("SELECT released_at IS NOT NULL FROM sync.quarantine")
    assert ledger.value("SELECT seal_no FROM sync.release") is None
    assert verify(ledger.engine)


def test_a_release_replaces_an_earlier_observation(ledger: Ledger, operator: Any) -> None:
    first = ledger.quick_run()
    run_no = stale(ledger, ledger_balance=Decimal("7.70"))
    operator(run_no)
    assert ledger.rows("SELECT ledger_balance, revision FROM ledger.balance WHERE account_id = 'a'") == [
        (Decimal("7.70"), 2)
    ]
    assert ledger.rows("SELECT run_no, revision FROM ledger.balance_history WHERE account_id = 'a'") == [
        (first, 1)
    ]
    assert verify(ledger.engine)


UNFIT_FORMS = [
    ({"available_balance": None}, "does not give both balances"),
    ({"ledger_balance": None}, "does not give both balances"),
    ({"ledger_balance": Decimal("NaN")}, "not a finite number"),
    ({"available_balance": Decimal("-Infinity")}, "not a finite number"),
    ({"ledger_balance": Decimal("1.001")}, "more decimals than EUR"),
    ({"available_balance": Decimal("1.001")}, "more decimals than EUR"),
    ({"available_balance": Decimal("-1e38")}, "more than 38 digits"),
    ({"ledger_balance": Decimal("9" * 37 + ".01")}, "more than 38 digits"),
    ({"echoed_account_id": "b"}, "about another account"),
    ({"echoed_currency": "USD"}, "not in the account's currency, EUR"),
    (
        {"state": "unfit", "reason": "not_json", "available_balance": None, "ledger_balance": None},
        "does not give both balances",
    ),
]


@pytest.mark.parametrize(("fields", "words"), UNFIT_FORMS)
def test_what_has_not_the_form_of_a_balance_is_refused(
    ledger: Ledger, operator: Any, fields: dict[str, Any], words: str
) -> None:
    run_no = stale(ledger, **fields)
    with refused(f"Account a of run {run_no} can't be released: .*{words}"):
        operator(run_no)
    assert ledger.value("SELECT count(*) FROM ledger.balance WHERE account_id = 'a'") == 0
    assert ledger.value("SELECT count(*) FROM sync.release") == 0


@pytest.mark.parametrize("amount", ["9" * 36 + ".10", "1e37", "-0.10", "5.100", "0"])
def test_what_has_the_form_of_a_balance_is_released_exactly(
    ledger: Ledger, operator: Any, amount: str
) -> None:
    operator(stale(ledger, ledger_balance=Decimal(amount)))
    assert ledger.value("SELECT ledger_balance FROM ledger.balance WHERE account_id = 'a'") == Decimal(amount)


@pytest.mark.parametrize("currency", ["EUR", "eur", " Eur\t", "\r\nEUR\n"])
def test_a_currency_is_read_as_the_audit_reads_it(ledger: Ledger, operator: Any, currency: str) -> None:
    operator(stale(ledger, echoed_currency=currency))
    assert ledger.value("SELECT currency FROM ledger.balance WHERE account_id = 'a'") == "EUR"


def test_what_is_not_held_back_is_not_released(ledger: Ledger, operator: Any) -> None:
    run_no = ledger.quick_run(lambda id_: failed(id_) if id_ == "b" else Reply(account_id=id_))
    for account in ("a", "b", "nobody"):
        with refused("holds no answer of that account back"):
            operator(run_no, account)
    with refused("holds no answer of that account back"):
        operator(run_no + 1)


def test_an_answer_is_released_once(ledger: Ledger, operator: Any) -> None:
    run_no = stale(ledger)
    operator(run_no)
    with refused(f"{ledger.url.username} released it on 2"):
        operator(run_no)


@pytest.mark.parametrize("reason", ["", "  ", None, "\t\n"])
def test_a_release_needs_a_reason(ledger: Ledger, operator: Any, reason: Any) -> None:
    with refused("needs a reason|release_reason_check"):
        operator(stale(ledger), "a", reason)


def test_an_open_run_and_a_dry_run_release_nothing(ledger: Ledger, operator: Any) -> None:
    run_no = stale(ledger)
    ledger.rows("UPDATE sync.run SET state = 'running'")
    with refused("still open"):
        operator(run_no)
    ledger.rows("UPDATE sync.run SET state = 'dry_run', dry_run = true")
    with refused("dry run publishes nothing"):
        operator(run_no)


@pytest.mark.parametrize("hours", [-2, 2])
def test_what_was_observed_outside_of_its_run_is_not_released(
    ledger: Ledger, operator: Any, hours: int
) -> None:
    run_no = stale(ledger)
    ledger.rows(
        "UPDATE sync.observation SET observed_at = observed_at + :d WHERE account_id = 'a'",
        d=timedelta(hours=hours),
    )
    with refused("not observed within the run"):
        operator(run_no)


@pytest.mark.parametrize(
    "held",
    ["SELECT ledger.acquire_lock('publish')", "SELECT FROM sync.run FOR UPDATE"],
    ids=["the publish lock", "the run"],
)  # fmt: skip
def test_a_release_waits_for_a_publish_and_is_recorded_after_it(
    ledger: Ledger, operator: Any, held: str
) -> None:
    run_no = stale(ledger)
    with ledger.owner.begin() as publishing:
        publishing.exec_driver_sql(held)
        thread = threading.Thread(target=operator, args=(run_no,))
        thread.start()
        time.sleep(0.3)
        assert thread.is_alive()
        end = publishing.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    thread.join(30)
    assert ledger.value("SELECT released_at > :end FROM sync.release", end=end)
