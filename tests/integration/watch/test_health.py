"""Health: each kind of problem is told while it is there and no longer, in counts alone."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.profile_file import read_gl_sources
from qbank_ledger.recon.sources import Found, load_new
from qbank_ledger.watch.health import UNREACHABLE, Health, NewestRun
from tests.words.books import GL_HEADER, Books, day
from tests.words.ledger import Reply, failed
from tests.words.signers import Signers, bank_restated
from tests.words.watched import Watched

KEYS = [
    "state", "problems", "newest_complete_hour", "expected", "present", "missing", "stale", "quarantined",
    "open_breaks", "newest_run",
]  # fmt: skip


def unfit(id_: str) -> Reply:
    """A good answer, but for a: that has more decimals than euros have."""
    return Reply(account_id=id_, ledger_balance=Decimal("0.001" if id_ == "a" else "1"))


# ── What it says ─────────────────────────────────────────────────────────────────────────────────────


def test_a_ledger_without_any_account_is_well(watched: Watched) -> None:
    assert watched.health() == Health((), None, 0, 0, 0, 0, 0, 0, None)
    assert watched.health().as_json() == {
        "state": "well", "problems": [], "newest_complete_hour": None, "expected": 0, "present": 0, "missing": 0,
        "stale": 0, "quarantined": 0, "open_breaks": 0, "newest_run": None,
    }  # fmt: skip


def test_a_whole_hour_is_well(watched: Watched) -> None:
    run_no = watched.ledger.quick_run()
    said = watched.health().as_json()
    finished = watched.value("SELECT finished_at FROM sync.run")
    hour = watched.value("SELECT date_trunc('hour', now(), 'UTC')")
    assert list(said) == KEYS
    assert said == {
        "state": "well", "problems": [], "newest_complete_hour": f"{hour:%Y-%m-%dT%H:00:00Z}",
        "expected": 3, "present": 3, "missing": 0, "stale": 0, "quarantined": 0, "open_breaks": 0,
        "newest_run": {"run_no": run_no, "state": "complete", "finished_at": said["newest_run"]["finished_at"]},
    }  # fmt: skip
    assert datetime.fromisoformat(said["newest_run"]["finished_at"]) == finished


def test_no_account_and_no_balance_is_in_it(watched: Watched) -> None:
    watched.active("giveaway")
    watched.observed(watched.hour(3), "giveaway")
    said = json.dumps(watched.health().as_json())
    assert '"unwell"' in said
    assert "giveaway" not in said
    assert "987654" not in said


def test_a_ledger_that_cannot_be_asked_has_no_counts() -> None:
    said = UNREACHABLE.as_json()
    assert (said.pop("state"), said.pop("problems")) == ("unwell", ["ledger_unreachable"])
    assert set(said.values()) == {None}


# ── Hours ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_hour_without_any_run_is_missing_until_it_is_there(watched: Watched) -> None:
    watched.active("x", "y", max_age=2000)
    watched.observed(watched.hour(1), "x", "y")
    found = watched.health()
    assert (found.problems, found.expected, found.present, found.missing) == (("hour_missing",), 2, 0, 2)
    assert found.newest_complete_hour == watched.hour(1)
    watched.observed(watched.hour(), "x")
    found = watched.health()
    assert (found.problems, found.expected, found.present, found.missing) == (("hour_partial",), 2, 1, 1)
    watched.observed(watched.hour(), "y")
    assert watched.health() == Health((), watched.hour(), 2, 2, 0, 0, 0, 0, None)


def test_what_a_run_lost_is_told_while_its_hour_lasts(watched: Watched) -> None:
    watched.ledger.quick_run(lambda id_: failed(id_) if id_ == "a" else Reply(account_id=id_))
    found = watched.health()
    assert (found.problems, found.expected, found.present, found.missing) == (("hour_partial",), 3, 2, 1)
    assert found.newest_run
    assert found.newest_run.state == "partial"
    watched.ledger.quick_run()
    assert watched.problems() == ()


def test_a_run_at_work_is_waited_for(watched: Watched) -> None:
    run_no = watched.ledger.plan()
    assert watched.health() == Health((), None, 0, 0, 0, 0, 0, 0, NewestRun(run_no, "running", None))


def test_a_run_that_reached_into_the_next_hour_settles_none(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QBANK_SCHEDULE", "@once")
    watched.ledger.quick_run()
    watched.rows("UPDATE ledger.account_period SET opened_at = opened_at - interval '1 hour'")
    watched.rows("UPDATE sync.run SET started_at = started_at - interval '1 hour'")
    assert watched.problems() == ()
    watched.rows("UPDATE sync.run SET finished_at = finished_at - interval '1 hour'")
    assert watched.problems() == ("hour_missing",)


@pytest.mark.parametrize("options", [{"dry_run": True}, {"only": ["b"]}])
def test_a_dry_run_and_one_over_some_accounts_settle_no_hour(
    watched: Watched, options: dict[str, object]
) -> None:
    watched.ledger.quick_run()
    watched.rows("UPDATE sync.run SET started_at = started_at - interval '1 hour'")
    watched.rows("DELETE FROM ledger.balance")
    watched.ledger.quick_run(**options)
    assert "hour_partial" not in watched.problems()
    assert "hour_missing" not in watched.problems()


def test_an_old_gap_that_a_later_hour_follows_is_no_problem_any_more(watched: Watched) -> None:
    watched.active("x")
    watched.observed(watched.hour(), "x")
    assert watched.value("SELECT count(*) FROM ledger.missing_hour") > 10
    assert watched.problems() == ()


def test_the_hour_that_lacks_something_is_the_one_that_is_counted(watched: Watched) -> None:
    """The scheduler stood still for the hour before; it runs again now."""
    watched.ledger.quick_run()
    watched.rows("UPDATE ledger.account_period SET opened_at = opened_at - interval '3 hours'")
    found = watched.health()
    assert (found.problems, found.expected, found.present, found.missing) == (("hour_missing",), 3, 0, 3)


def test_hours_without_a_scheduled_run_are_not_missed(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.active("x")
    watched.observed(watched.hour(5), "x")
    assert watched.problems() == ("balance_stale", "hour_missing")
    monkeypatch.setenv("QBANK_SCHEDULE", f"30 {watched.hour(5).hour} * * *")
    assert watched.health() == Health((), watched.hour(5), 1, 1, 0, 0, 0, 0, None)
    monkeypatch.setenv("QBANK_SCHEDULE", f"30 {watched.hour(4).hour} * * *")
    assert watched.problems() == ("balance_stale", "hour_missing")


def test_an_account_that_is_lost_all_day_leaves_no_hour_of_it_complete(watched: Watched) -> None:
    watched.active("x", "y", max_age=2000)
    for ago in (3, 30):
        watched.observed(watched.hour(ago), "x", "y")
    opened = "UPDATE ledger.account_period SET opened_at = :at WHERE account_id = 'y'"
    watched.rows("UPDATE ledger.account_period SET opened_at = :at", at=watched.hour(40))
    assert watched.health().newest_complete_hour == watched.hour(3)
    watched.rows("DELETE FROM ledger.balance WHERE account_id = 'y'")
    assert watched.health().newest_complete_hour is None
    # Who was opened in the course of the day says nothing of the hours before.
    watched.rows(opened, at=watched.hour(2))
    assert watched.health().newest_complete_hour == watched.hour(3)
    watched.rows("DELETE FROM ledger.balance")
    hour = watched.value("SELECT date_trunc('hour', now(), 'UTC')") - timedelta(hours=24)
    watched.rows(opened, at=hour + timedelta(hours=1))
    watched.observed(hour, "x")
    assert watched.health().newest_complete_hour == hour


def test_the_newest_complete_hour_may_be_long_ago(watched: Watched) -> None:
    watched.ledger.quick_run()
    long_ago = timedelta(days=40)
    watched.rows("UPDATE ledger.account_period SET opened_at = opened_at - :ago", ago=long_ago)
    watched.rows(
        "UPDATE sync.run SET started_at = started_at - :ago, finished_at = finished_at - :ago", ago=long_ago
    )
    watched.rows("DELETE FROM ledger.balance")
    hour = watched.value("SELECT date_trunc('hour', started_at, 'UTC') FROM sync.run")
    watched.observed(hour, "a", "b", "c")
    assert watched.health().newest_complete_hour == hour
    watched.rows("DELETE FROM ledger.balance WHERE account_id = 'a'")
    assert watched.health().newest_complete_hour is None


# ── Runs ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failed_run_is_told_until_one_gets_something_in(watched: Watched) -> None:
    watched.ledger.quick_run(failed)
    assert watched.problems() == ("hour_missing", "run_failed")
    watched.ledger.quick_run(failed, dry_run=True)
    assert watched.problems() == ("hour_missing", "run_failed"), "a dry run puts nothing right"
    watched.ledger.quick_run()
    assert watched.problems() == ()
    watched.ledger.quick_run(failed, dry_run=True)
    assert watched.problems() == (), "a dry run loses nothing"


def test_a_run_that_never_ended_has_failed(watched: Watched) -> None:
    watched.ledger.quick_run()
    watched.ledger.plan()
    assert watched.problems() == ()
    watched.rows("UPDATE sync.run SET deadline_at = now() - interval '1 second' WHERE state = 'running'")
    assert watched.problems() == ("run_failed",)


# ── Balances ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_stale_balance_is_told_until_there_is_a_newer_one(watched: Watched) -> None:
    watched.active("x", "y", hours=0)
    watched.observed(watched.hour(2), "x", "y")
    found = watched.health()
    assert (found.problems, found.stale) == (("balance_stale",), 2)
    watched.rows("UPDATE ledger.account SET active = false WHERE account_id = 'y'")
    assert watched.health().stale == 1
    watched.observed(watched.hour(), "x")
    assert watched.problems() == ()


def test_a_balance_from_the_future_is_stale(watched: Watched) -> None:
    watched.active("x", hours=0)
    watched.observed(watched.hour(-3), "x")
    assert watched.health().stale == 1


def test_an_answer_that_is_held_back_is_told_until_it_is_released(watched: Watched) -> None:
    def old(id_: str) -> Reply:
        yesterday = watched.value("SELECT now() - interval '1 day'")
        return Reply(account_id=id_, **({"bank_as_of": yesterday, "echoed_as_of": "…"} if id_ == "a" else {}))

    run_no = watched.ledger.quick_run(old)
    found = watched.health()
    assert (found.problems, found.quarantined) == (("hour_partial", "quarantine"), 1)
    watched.ledger.quick_run(old)
    assert watched.health().quarantined == 1, "an account counts once"
    watched.rows("SELECT ledger.release(:run_no, 'a', 'seen at the counter')", run_no=run_no + 1)
    assert watched.problems() == ()


def test_an_answer_that_is_held_back_is_forgotten_once_the_account_has_a_newer_balance(
    watched: Watched,
) -> None:
    watched.ledger.quick_run(unfit)
    assert watched.problems() == ("hour_partial", "quarantine")
    watched.ledger.quick_run()
    assert watched.problems() == ()


def test_what_a_dry_run_held_back_is_no_problem(watched: Watched) -> None:
    watched.ledger.quick_run(unfit, dry_run=True)
    assert watched.problems() == ()


# ── Books ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_break_above_its_limit_is_told_until_somebody_takes_it_on(
    watched: Watched, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    signers.compared(bank="110.01", gl="100")
    assert "break_above_limit" not in watched.problems(), "no limit is set"
    assert watched.health().open_breaks == 1
    monkeypatch.setenv("QBANK_BREAK_LIMITS", "EUR=10.01")
    assert "break_above_limit" not in watched.problems()
    monkeypatch.setenv("QBANK_BREAK_LIMITS", "EUR=10")
    assert "break_above_limit" in watched.problems()
    signers.sign("jane", "prepare")
    assert "break_above_limit" not in watched.problems()
    assert watched.health().open_breaks == 1


def test_an_approval_that_was_taken_back_is_told_until_somebody_acts(
    watched: Watched, signers: Signers
) -> None:
    signers.compared()
    signers.approved()
    assert "approval_withdrawn" not in watched.problems()
    bank_restated(signers.books)
    signers.books.reconcile()
    assert "approval_withdrawn" in watched.problems()
    signers.sign("jane", "prepare")
    assert "approval_withdrawn" not in watched.problems()


def test_refused_books_are_told_until_they_are_loaded_or_old(watched: Watched, books: Books) -> None:
    books.account(active=False)
    bad = f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},93-\n"

    def take(content: str) -> None:
        file = Found(TextSource("a.csv", content, ".csv"), "a.csv", content)
        load_new(books.ledger.engine, "erp", read_gl_sources(None).profile("plain"), [file])

    take(bad)
    assert watched.problems() == ("books_refused",)
    watched.rows("UPDATE recon.source_file SET seen_at = now() - interval '71 hours'")
    assert watched.problems() == ("books_refused",)
    watched.rows("UPDATE recon.source_file SET seen_at = now() - interval '73 hours'")
    assert watched.problems() == ()
    take(bad + "\n")
    assert watched.problems() == ("books_refused",)
    take(bad.replace("93-", "-93"))
    assert watched.problems() == ()


def days_ago(watched: Watched, *numbers: int) -> list[tuple[date, str]]:
    today = watched.value("SELECT (now() AT TIME ZONE 'UTC')::date")
    return [(today - timedelta(days=number), "1.00") for number in numbers]


# When books last came, in days before today, and whether those that came every day are late.
LATE = [(3, True), (2, False), (1, False), (0, False), (20, True), (36, False)]


@pytest.mark.parametrize(("newest", "late"), LATE)
def test_daily_books_are_late_once_the_day_after_their_date_is_over(
    watched: Watched, books: Books, newest: int, late: bool
) -> None:
    books.account()
    books.gl(*days_ago(watched, *range(newest, newest + 14)))
    assert watched.problems() == (("books_late",) if late else ())
    books.gl(*days_ago(watched, 2))
    assert watched.problems() == ()


def test_books_that_never_come_on_a_weekday_are_not_late_on_it(watched: Watched, books: Books) -> None:
    books.account()
    # Of the five days before two days without books, and of the week before.
    books.gl(*days_ago(watched, *range(4, 9), *range(11, 16)))
    assert watched.problems() == ()
    books.account("y", gl="2200", entity="QB02")
    books.gl(*days_ago(watched, *range(5, 10), *range(12, 17)), gl="2200", entity="QB02")
    assert watched.problems() == ("books_late",)


def test_books_that_came_once_and_books_that_no_account_mirrors_are_never_late(
    watched: Watched, books: Books
) -> None:
    books.account()
    books.gl(*days_ago(watched, 10))
    books.gl(*days_ago(watched, *range(10, 24)), entity="QB99")
    assert watched.problems() == ()


# ── Seals ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.seal SET control_totals = '{}' WHERE seal_no = 2",
        "UPDATE ledger.seal SET run_no = 2 WHERE seal_no = 1",
        "DELETE FROM ledger.seal WHERE seal_no = 1",
        "DELETE FROM ledger.seal WHERE seal_no = 2",
    ],
)
def test_a_seal_that_was_altered_or_removed_is_told(watched: Watched, statement: str) -> None:
    for _ in range(3):
        watched.ledger.quick_run()
    assert watched.problems() == ()
    with watched.ledger.owner.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(statement)
    assert watched.problems() == ("seal_broken",)


def test_seals_before_the_newest_48_are_left_to_verify(watched: Watched) -> None:
    for _ in range(3):
        watched.ledger.quick_run()
    insert = (
        "INSERT INTO ledger.seal (seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sha256, sealed_at, form)"
        " SELECT n.no, 1, 1, '{}', s.sha256, s.sha256, ledger.seal_sha256(n.no, 1, 1, '{}', s.sha256, s.sha256, now()), now(), 2"
        " FROM ledger.seal AS s, (SELECT max(seal_no) + 1 AS no FROM ledger.seal) AS n ORDER BY s.seal_no DESC LIMIT 1"
    )
    with watched.ledger.owner.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE ledger.seal SET control_totals = '{}' WHERE seal_no = 1")
        for _ in range(46):
            connection.exec_driver_sql(insert)
    assert watched.problems() == (), "49 seals: the first is there for its hash"
    with watched.ledger.owner.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE ledger.seal SET control_totals = '{}' WHERE seal_no = 2")
    assert watched.problems() == ("seal_broken",)
