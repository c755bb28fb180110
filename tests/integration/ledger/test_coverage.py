"""Every account-hour is a balance or a reason, from the first hour to this one."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.words.ledger import Ledger, Reply, failed


def hour(ledger: Ledger) -> datetime:
    value: datetime = ledger.value("SELECT date_trunc('hour', now(), 'UTC')")
    return value


def opened(ledger: Ledger, hours_ago: float, account: str = "%") -> None:
    ledger.rows(
        "UPDATE ledger.account_period SET opened_at = opened_at - make_interval(secs => :s) WHERE account_id LIKE :a",
        s=hours_ago * 3600,
        a=account,
    )


def coverage(ledger: Ledger) -> list[tuple[int, int, int, str]]:
    rows = ledger.rows("SELECT expected, present, missing, state FROM ledger.coverage ORDER BY as_of_hour")
    return [tuple(row) for row in rows]


def test_there_is_no_coverage_before_the_first_account(ledger: Ledger) -> None:
    assert coverage(ledger) == []
    assert ledger.rows("SELECT * FROM ledger.missing_hour") == []


def test_hours_in_which_nothing_ran_are_there_too_and_say_so(ledger: Ledger) -> None:
    ledger.quick_run()
    opened(ledger, 3)
    assert coverage(ledger) == [(3, 0, 3, "missing")] * 3 + [(3, 3, 0, "complete")]
    assert ledger.rows("SELECT DISTINCT reason, run_no FROM ledger.missing_hour") == [("no run", None)]
    assert ledger.value("SELECT count(*) FROM ledger.missing_hour") == 9


def test_a_partial_hour_names_what_it_lacks_and_why(ledger: Ledger) -> None:
    def reply(id_: str) -> Reply:
        return {
            "a": Reply(account_id="a"),
            "b": failed("b", "http_404"),
            "c": Reply(account_id="c", ledger_balance=Decimal("0.001"), echoed_currency="USD"),
        }[id_]

    run_no = ledger.quick_run(reply)
    assert coverage(ledger)[-1] == (3, 1, 2, "partial")
    assert ledger.rows(
        "SELECT account_id, as_of_hour, reason, run_no FROM ledger.missing_hour ORDER BY 1"
    ) == [
        ("b", hour(ledger), "http_404", run_no),
        ("c", hour(ledger), "quarantined: currency_mismatch, too_precise", run_no),
    ]


def test_missing_hours_are_those_that_coverage_counts(ledger: Ledger) -> None:
    ledger.quick_run(lambda id_: failed(id_) if id_ == "a" else Reply(account_id=id_))
    opened(ledger, 5, "a")
    opened(ledger, 2, "b")
    assert ledger.rows(
        "SELECT as_of_hour, missing FROM ledger.coverage WHERE missing > 0 ORDER BY 1"
    ) == ledger.rows("SELECT as_of_hour, count(*) FROM ledger.missing_hour GROUP BY 1 ORDER BY 1")


def test_an_account_counts_from_the_hour_of_its_opening_until_before_that_of_its_closing(
    ledger: Ledger,
) -> None:
    ledger.quick_run()
    opened(ledger, 4)
    ledger.rows(
        "UPDATE ledger.account_period SET closed_at = date_trunc('hour', now(), 'UTC') - interval '90 minutes' WHERE account_id = 'a'"
    )
    ledger.rows(
        "UPDATE ledger.account_period SET closed_at = date_trunc('hour', now(), 'UTC') - interval '1 hour' WHERE account_id = 'b'"
    )
    # a closed inside the hour before last, b at its very end
    assert [row[0] for row in coverage(ledger)] == [3, 3, 2, 1, 1]


def test_an_account_that_closed_and_opened_again_in_an_hour_counts_once(ledger: Ledger) -> None:
    ledger.quick_run(failed)
    opened(ledger, 2)
    ledger.rows(
        "UPDATE ledger.account_period SET closed_at = date_trunc('hour', now(), 'UTC') - interval '50 minutes' WHERE account_id = 'a'"
    )
    ledger.rows(
        "INSERT INTO ledger.account_period VALUES ('a', date_trunc('hour', now(), 'UTC') - interval '10 minutes')"
    )
    assert [row[0] for row in coverage(ledger)] == [3, 3, 3]
    assert ledger.value("SELECT count(*) FROM ledger.missing_hour WHERE account_id = 'a'") == 3


@pytest.mark.parametrize("options", [{"only": ["a"]}, {"dry_run": True}])
def test_a_subset_and_a_dry_run_close_nobodys_account(ledger: Ledger, options: dict[str, object]) -> None:
    ledger.quick_run()
    ledger.accounts("a", "z")
    ledger.quick_run(**options)
    assert ledger.rows("SELECT account_id, closed_at FROM ledger.account_period ORDER BY 1") == [
        ("a", None), ("b", None), ("c", None),
    ]  # fmt: skip


def test_a_later_good_run_fills_the_hour(ledger: Ledger) -> None:
    ledger.quick_run(failed)
    ledger.quick_run()
    rows = ledger.rows("SELECT as_of_hour, state FROM ledger.coverage ORDER BY 1")
    assert rows[-1] == (hour(ledger), "complete")
    assert all(before[0] + timedelta(hours=1) == after[0] for before, after in pairwise(rows))
