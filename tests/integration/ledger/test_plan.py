"""Plan: what a run writes down before the first request, and what it refuses."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import URL

from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import (
    AccountsFileError,
    LedgerConnectionError,
    LedgerError,
    NotMigratedError,
    RunRefusedError,
)
from qbank_ledger.sync import accounts_file, plan
from qbank_ledger.sync.fetch import batch_connection
from qbank_ledger.sync.plan import plan_run
from tests.words.ledger import Ledger, Reply, failed


def open_accounts(ledger: Ledger) -> list[str]:
    return [
        r[0]
        for r in ledger.rows(
            "SELECT account_id FROM ledger.account_period WHERE closed_at IS NULL ORDER BY 1"
        )
    ]


def test_a_full_run_opens_a_period_for_each_active_account(ledger: Ledger) -> None:
    run_no = ledger.plan()
    assert open_accounts(ledger) == ["a", "b", "c"]
    assert ledger.rows("SELECT account_id, batch_no, minor_units FROM sync.run_account ORDER BY 1") == [
        ("a", 0, 2), ("b", 0, 2), ("c", 0, 2),
    ]  # fmt: skip
    assert ledger.rows("SELECT state, expected, published FROM sync.run WHERE run_no = :n", n=run_no) == [
        ("running", 3, None)
    ]


def test_an_account_that_leaves_the_file_is_closed_and_one_that_comes_back_opened_again(
    ledger: Ledger,
) -> None:
    ledger.plan()
    ledger.accounts("a", "b")
    ledger.plan()
    assert open_accounts(ledger) == ["a", "b"]
    assert ledger.value("SELECT active FROM ledger.account WHERE account_id = 'c'") is False
    ledger.accounts("a", "b", "c")
    ledger.plan()
    assert open_accounts(ledger) == ["a", "b", "c"]
    assert ledger.value("SELECT count(*) FROM ledger.account_period WHERE account_id = 'c'") == 2


def test_a_subset_asks_for_its_accounts_and_closes_nobody(ledger: Ledger) -> None:
    ledger.plan()
    run_no = ledger.plan(only=["b"])
    assert ledger.rows("SELECT account_id FROM sync.run_account WHERE run_no = :n", n=run_no) == [("b",)]
    assert open_accounts(ledger) == ["a", "b", "c"]


def test_a_dry_run_changes_no_account(ledger: Ledger) -> None:
    ledger.plan(dry_run=True)
    assert ledger.value("SELECT count(*) FROM ledger.account") == 0
    assert open_accounts(ledger) == []


def test_a_subset_of_unknown_accounts_is_refused(ledger: Ledger) -> None:
    with pytest.raises(AccountsFileError, match=r"are not active in .*: 'z'"):
        ledger.plan(only=["a", "z"])
    assert ledger.value("SELECT count(*) FROM sync.run") == 0


def test_a_bad_file_leaves_no_run(ledger: Ledger) -> None:
    ledger.file.write_text("accounts: []\n")
    with pytest.raises(AccountsFileError):
        ledger.plan()
    assert ledger.value("SELECT count(*) FROM sync.run") == 0


@pytest.mark.parametrize("options", [{}, {"dry_run": True}, {"only": ["a"]}])
def test_a_time_zone_that_the_server_does_not_know_is_refused_before_it_ends_every_statement(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """As Python learns of a new one before an older server does."""
    monkeypatch.setattr(accounts_file, "_time_zones", lambda: {"Europe/Berlin", "Europe/New"})
    ledger.accounts("b", "a", time_zone="Europe/New")
    with pytest.raises(
        AccountsFileError,
        match=r"1 time zone\(s\) that .* not know: Europe/New \(account a\)\. Use an older name",
    ):
        ledger.plan(**options)
    assert ledger.value("SELECT count(*) FROM sync.run") == 0
    assert ledger.value("SELECT count(*) FROM ledger.account") == 0
    ledger.accounts("b", "a", time_zone="Europe/Berlin")
    ledger.plan(**options)


def test_the_file_edited_in_mid_run_changes_nothing_in_that_run(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.accounts("x", "y", currency="USD")
    ledger.fetch(run_no)
    assert ledger.quick_audit(run_no) == 3
    ledger.publish(run_no)
    assert ledger.rows("SELECT DISTINCT currency FROM ledger.balance") == [("EUR",)]


def test_another_bank_is_refused_until_an_operator_accepts_it(ledger: Ledger) -> None:
    ledger.plan(api_host="bank")
    with pytest.raises(RunRefusedError, match=r"SELECT ledger\.accept_host\('other'\)"):
        ledger.plan(api_host="other")
    assert ledger.value("SELECT count(*) FROM sync.run") == 1
    ledger.rows("SELECT ledger.accept_host('other')")
    ledger.plan(api_host="other")


def test_a_dry_run_ties_an_empty_ledger_to_no_bank(ledger: Ledger) -> None:
    ledger.plan(api_host="trial", dry_run=True)
    ledger.plan(api_host="bank")
    with pytest.raises(RunRefusedError):
        ledger.plan(api_host="trial", dry_run=True)


def test_a_file_that_closes_more_than_half_is_refused_until_an_operator_accepts_it(ledger: Ledger) -> None:
    ledger.plan()
    ledger.accounts("a")
    with pytest.raises(RunRefusedError, match="would close 2 of the ledger's 3 open accounts") as caught:
        ledger.plan()
    assert open_accounts(ledger) == ["a", "b", "c"]
    ledger.rows(str(caught.value).partition("accepts it with ")[2].partition(";")[0])
    ledger.plan()
    assert open_accounts(ledger) == ["a"]


def test_a_run_past_its_deadline_is_closed_as_failed_by_the_next_plan(ledger: Ledger) -> None:
    lost = ledger.plan(timeout=timedelta(microseconds=1))
    running = ledger.plan()
    assert ledger.rows("SELECT state, expected, failed FROM sync.run WHERE run_no = :n", n=lost) == [
        ("failed", 3, 3)
    ]
    assert ledger.rows("SELECT DISTINCT outcome, reasons FROM sync.outcome WHERE run_no = :n", n=lost) == [
        ("failed", ["not_attempted"])
    ]
    assert ledger.rows("SELECT DISTINCT reason FROM ledger.missing_hour") == [("not_attempted",)]
    assert ledger.value("SELECT state FROM sync.run WHERE run_no = :n", n=running) == "running"


@pytest.mark.parametrize("refusal", ["no accounts file", "another bank", "too many to close"])
def test_a_run_past_its_deadline_is_closed_by_a_plan_that_is_refused(ledger: Ledger, refusal: str) -> None:
    lost = ledger.plan(timeout=timedelta(microseconds=1))
    if refusal == "no accounts file":
        ledger.file.unlink()
    elif refusal == "too many to close":
        ledger.accounts("z")
    with pytest.raises((AccountsFileError, RunRefusedError)):
        ledger.plan(api_host="elsewhere" if refusal == "another bank" else "bank")
    assert ledger.value("SELECT state FROM sync.run WHERE run_no = :n", n=lost) == "failed"
    assert ledger.value("SELECT count(*) FROM sync.run") == 1


@pytest.mark.parametrize(("lost_account", "state"), [(None, "complete"), ("c", "partial")])
def test_a_run_that_was_killed_before_it_closed_is_closed_by_what_it_published(
    ledger: Ledger, lost_account: str | None, state: str
) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no, lambda id_: failed(id_) if id_ == lost_account else Reply(account_id=id_))
    ledger.quick_audit(run_no)
    published = ledger.publish(run_no)
    ledger.rows("UPDATE sync.run SET deadline_at = now()")
    ledger.plan()
    assert ledger.rows("SELECT state, published, failed FROM sync.run WHERE run_no = :n", n=run_no) == [
        (state, published, 3 - published)
    ]


@pytest.mark.parametrize(
    ("accounts", "tasks", "batches"),
    [
        (500, None, [500]),
        (501, None, [251, 250]),
        (1201, None, [401, 400, 400]),
        (2001, None, [501, 500, 500, 500]),
        (2001, "1", [2001]),
        (1201, "64", [401, 400, 400]),
    ],
)
def test_accounts_stand_in_as_many_even_batches_as_pay(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, accounts: int, tasks: str | None, batches: list[int]
) -> None:
    if tasks:
        monkeypatch.setenv("QBANK_FETCH_TASKS", tasks)
    ledger.accounts(*(f"a{n:04}" for n in range(accounts)))
    ledger.plan()
    assert ledger.rows("SELECT batch_no, count(*) FROM sync.run_account GROUP BY 1 ORDER BY 1") == [
        (n, size) for n, size in enumerate(batches)
    ]
    assert ledger.rows("SELECT batch_no, connection, fetch_started_at FROM sync.batch ORDER BY 1") == [
        (n, "qbank_default", None) for n in range(len(batches))
    ]


def test_more_accounts_than_one_statement_takes_are_all_listed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "_ROWS_A_PART", 2)
    for ids in (["a", "b", "c", "d", "e"], ["e", "f", "c", "a"]):
        ledger.accounts(*ids)
        run_no = ledger.plan()
        assert ledger.rows(
            "SELECT account_id FROM sync.run_account WHERE run_no = :n ORDER BY 1", n=run_no
        ) == [(id_,) for id_ in sorted(ids)]
        assert ledger.rows("SELECT account_id FROM ledger.account WHERE active ORDER BY 1") == [
            (id_,) for id_ in sorted(ids)
        ]


def test_an_account_is_kept_as_the_file_has_it_to_the_last_sign(ledger: Ledger) -> None:
    ledger.accounts(
        "a",
        name=r"'Cash \N \t \ till'",
        tolerance="'0.10'",
        minimum_balance="'-12345678901234567.89'",
        cut_off="'17:30'",
    )
    ledger.plan()
    assert ledger.rows(
        "SELECT name, tolerance::text, minimum_balance::text, cut_off::text, bank_id, active FROM ledger.account"
    ) == [(r"Cash \N \t \ till", "0.10", "-12345678901234567.89", "17:30:00", None, True)]


def test_accounts_of_a_connection_of_their_own_stand_in_batches_of_it(ledger: Ledger) -> None:
    ledger.accounts(*(f"a{n:04}" for n in range(600)))
    of_theirs = "currency: EUR, entity: E, gl_account: '1', connection: treasury"
    with ledger.file.open("a") as file:
        file.writelines(f"  - {{account_id: {id_}, {of_theirs}}}\n" for id_ in "bc")
    asked: list[list[str]] = []

    def find_host(connections: Iterable[str]) -> str:
        asked.append(list(connections))
        return "bank"

    ours = {"dag_run_id": "x", "connection": "ours", "timeout": timedelta(hours=1)}
    run = plan_run(ledger.engine, ledger.file, find_host=find_host, **ours)  # type: ignore[arg-type]
    assert (run.batches, asked) == (3, [["ours", "treasury"]])
    assert ledger.rows(
        "SELECT b.batch_no, connection, count(*), max(account_id) FROM sync.batch AS b"
        " JOIN sync.run_account AS a USING (run_no, batch_no) GROUP BY 1, 2 ORDER BY 1"
    ) == [(0, "ours", 300, "a0598"), (1, "ours", 300, "a0599"), (2, "treasury", 2, "c")]
    assert [batch_connection(ledger.engine, run.run_no, n) for n in range(4)] == [
        "ours", "ours", "treasury", None,
    ]  # fmt: skip


def test_more_connections_than_airflow_maps_tasks_are_refused_before_anything_is_asked(
    ledger: Ledger,
) -> None:
    ids = [f"a{n:04}" for n in range(1001)]
    lines = [f"{id_},EUR,E,{n},c{n}" for n, id_ in enumerate(ids)]
    file = ledger.file.with_suffix(".csv")
    file.write_text("\n".join(["account_id,currency,entity,gl_account,connection", *lines, ""]))
    ledger.file = file
    with pytest.raises(AccountsFileError, match="names 1001 connections, but a run can use at most 1000"):
        ledger.plan()
    file.write_text("\n".join(["account_id,currency,entity,gl_account,connection", *lines[:1000], ""]))
    ledger.plan()
    assert ledger.value("SELECT count(*) FROM sync.batch") == 1000


@pytest.mark.parametrize("tasks", ["0", "-1", "four", "1.5", "100000"])
def test_fetch_tasks_that_are_no_number_are_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tasks: str
) -> None:
    monkeypatch.setenv("QBANK_FETCH_TASKS", tasks)
    with pytest.raises(LedgerError, match=r"QBANK_FETCH_TASKS is '.*': set it to a whole number of tasks"):
        ledger.plan()


def test_a_database_without_the_schema_says_so(ledger: Ledger, new_database: Callable[[], URL]) -> None:
    ledger.engine = engine_for(new_database())
    with pytest.raises(NotMigratedError, match="run `make migrate`"):
        ledger.plan()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"password": "wrong"}, "authentication failed"),
    ],
)
def test_a_wrong_connection_is_one_sentence(ledger: Ledger, change: dict[str, str], said: str) -> None:
    ledger.engine = engine_for(ledger.url.set(**change))  # type: ignore[arg-type]
    with pytest.raises(LedgerConnectionError, match=said) as caught:
        ledger.plan()
    assert not caught.value.retryable
    assert len(str(caught.value).splitlines()) == 1


def test_a_later_reason_of_a_gap_replaces_an_earlier_one(ledger: Ledger) -> None:
    ledger.quick_run(lambda id_: failed(id_, "timeout"))
    ledger.quick_run(lambda id_: failed(id_, "http_503"))
    assert ledger.rows("SELECT DISTINCT reason FROM ledger.missing_hour") == [("http_503",)]
    ledger.quick_run()
    assert ledger.rows("SELECT * FROM ledger.missing_hour") == []


def test_no_zone_that_an_account_may_have_is_an_abbreviation_to_the_server(ledger: Ledger) -> None:
    """AT TIME ZONE 'CET' knows no summer."""
    zones = sorted(accounts_file._time_zones())
    found = ledger.rows(
        "SELECT abbrev, utc_offset FROM pg_timezone_abbrevs WHERE abbrev IN (SELECT upper(z) FROM unnest(CAST(:zones AS text[])) AS z)",
        zones=zones,
    )
    offsets = {
        zone.upper(): {ZoneInfo(zone).utcoffset(datetime(2026, month, 15)) for month in (1, 7)}  # noqa: DTZ001 - its own clock's
        for zone in zones
    }
    assert "UTC" in dict(found)
    assert {zone: offsets[zone] for zone, offset in found if offsets[zone] != {offset}} == {}
