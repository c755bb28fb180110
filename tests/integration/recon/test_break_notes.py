"""Notes on open items: who is to look into one, and what is known of it."""

import re
from typing import Any

import pytest
from sqlalchemy import exc

from qbank_ledger.errors import RefusedError
from tests.conftest import REPOSITORY
from tests.words.books import day
from tests.words.register import PAGE, Register
from tests.words.signers import Signers, refused

NOTE = "recon.note_break(%s, %s, %s)"


@pytest.fixture
def broken(signers: Signers, register: Register) -> Register:
    """Account x with an open item since the first day; ann may prepare for QB01."""
    signers.compared("100", "90")
    register.grant("airflow:ann", "prepare", entity="QB01")
    return register


def current(register: Register) -> list[Any]:
    return register.ledger.rows(
        "SELECT account_id, assignee, assigned_by, note, noted_by FROM recon.current_break_note ORDER BY 1"
    )


def test_the_newest_assignee_and_the_newest_note_stand(broken: Register) -> None:
    assert current(broken) == [("x", None, None, None, None)]
    done = broken.act("airflow:ann", NOTE, "x", "Joe", None)
    assert (done.opened_on, done.as_of_date, done.assignee, done.note) == (day(1), day(1), "Joe", None)
    assert (done.actor, done.via) == ("airflow:ann", broken.logins[PAGE].url.username)
    broken.act("airflow:ann", NOTE, "x", None, "  a fee\n")
    with broken.logins["jane"].begin() as connection:
        connection.exec_driver_sql("SELECT recon.note_break('x', note => 'booked on the 2nd')")
    jane = broken.logins["jane"].url.username
    assert current(broken) == [("x", "Joe", "airflow:ann", "booked on the 2nd", jane)]
    assert broken.ledger.value("SELECT count(*) FROM recon.break_note") == 3


def test_one_accounts_open_item_is_found_without_a_look_at_the_others(broken: Register) -> None:
    broken.ledger.listed([{"id": f"other-{n}"} for n in range(50)])
    plan = broken.ledger.value(
        "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM recon.open_break WHERE account_id = 'x'"
    )
    assert len(broken.ledger.rows("SELECT FROM recon.open_break WHERE account_id = 'x'")) == 1
    assert [node["Actual Loops"] for node in nodes(plan[0]["Plan"], "reconciliation")] == [1]


def nodes(plan: dict[str, Any], relation: str) -> list[dict[str, Any]]:
    """Where a plan reads the relation."""
    below = [found for each in plan.get("Plans", []) for found in nodes(each, relation)]
    return [plan, *below] if plan.get("Relation Name") == relation else below


def test_nobody_is_to_look_into_it_any_more_once_somebody_said_so(broken: Register) -> None:
    broken.act("airflow:ann", NOTE, "x", "Joe", "a fee")
    for blank in (None, " \n"):
        broken.act("airflow:ann", NOTE, "x", blank, "still")
        assert current(broken)[0].assignee == "Joe"
    assert broken.act("airflow:ann", NOTE, "x", "", None).assignee == ""
    assert current(broken) == [("x", None, "airflow:ann", "still", "airflow:ann")]
    assert (
        broken.ledger.value("SELECT string_agg(assignee, '|' ORDER BY note_no) FROM recon.break_note")
        == "Joe|"
    )
    broken.act("airflow:ann", NOTE, "x", "Jim", None)
    assert current(broken)[0].assignee == "Jim"


@pytest.mark.parametrize("name", ["jane", "joe", "otto"])
def test_who_signs_or_operates_notes_by_a_login_of_his_own(broken: Register, name: str) -> None:
    with broken.logins[name].begin() as connection:
        connection.exec_driver_sql("SELECT recon.note_break('x', 'me')")
    assert current(broken)[0].assigned_by == broken.logins[name].url.username


@pytest.mark.parametrize("right", ["prepare", "approve", "release", "load"])
def test_any_right_for_the_entity_is_enough_through_the_page(broken: Register, right: str) -> None:
    broken.grant("airflow:bob", right, entity="QB02")
    with pytest.raises(
        RefusedError, match="Nothing is noted of account x: airflow:bob may not act for entity QB01"
    ):
        broken.act("airflow:bob", NOTE, "x", "bob", None)
    broken.grant("airflow:bob", right)
    assert broken.act("airflow:bob", NOTE, "x", "bob", None).assignee == "bob"
    broken.revoke("airflow:bob", right)
    with pytest.raises(RefusedError, match="airflow:bob may not act for entity QB01"):
        broken.act("airflow:bob", NOTE, "x", "bob", None)


@pytest.mark.parametrize("account_id", ["nobody", "y", None])
def test_what_is_not_open_has_no_notes(broken: Register, signers: Signers, account_id: str | None) -> None:
    signers.books.account("y", "2200")
    signers.books.bank(day(1), "5", "y")
    signers.books.gl((day(1), "5"), gl="2200")
    signers.books.reconcile()
    with pytest.raises(RefusedError, match=r"it has no open item; recon\.open_break lists those that have"):
        broken.act("airflow:ann", NOTE, account_id, "me", None)


@pytest.mark.parametrize("nothing", [None, " ", " \n"])
def test_a_note_says_something(broken: Register, nothing: str | None) -> None:
    with (
        refused("say who is to look into it, or what is known of it", "22023"),
        broken.logins["jane"].begin() as them,
    ):
        them.exec_driver_sql(f"SELECT {NOTE}", ("x", nothing, nothing))
    for row in ("' ', 'x'", "'x', ' '", "NULL, NULL"):
        with pytest.raises(exc.IntegrityError):
            broken.ledger.rows(
                "INSERT INTO recon.break_note (account_id, opened_on, as_of_date, assignee, note)"
                f" VALUES ('x', '2024-10-01', '2024-10-01', {row})"
            )


def test_a_note_is_of_its_item_and_not_of_the_next(broken: Register, signers: Signers) -> None:
    """Also where a restatement moves the day on which it opened."""
    books = signers.books
    broken.act("airflow:ann", NOTE, "x", "Joe", "a fee")
    for on, gl in ((day(2), "1"), (day(3), "1")):
        books.bank(on, "100")
        books.gl((on, gl))
    books.reconcile()
    assert current(broken)[0].note == "a fee"
    broken.act("airflow:ann", NOTE, "x", None, "two days")
    books.gl((day(1), "100"))
    books.reconcile()
    assert books.newest().opened_on == day(2)
    assert current(broken) == [("x", None, None, "two days", "airflow:ann")]
    books.gl((day(3), "100"))
    books.reconcile()
    assert current(broken) == []
    books.bank(day(4), "100")
    books.gl((day(4), "1"))
    books.reconcile()
    assert current(broken) == [("x", None, None, None, None)]


@pytest.mark.parametrize("change", ["UPDATE {} SET note = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_not_even_the_owner_changes_a_note(broken: Register, change: str) -> None:
    broken.act("airflow:ann", NOTE, "x", "Joe", None)
    with refused("on recon.break_note is refused: it is append-only", "42501"):
        broken.ledger.rows(change.format("recon.break_note"))


def test_the_example_of_the_page_runs_as_written(broken: Register) -> None:
    page = (REPOSITORY / "docs" / "reconciliation.md").read_text("utf-8")
    [example] = [
        block for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if "note_break(" in block
    ]
    for statement in example.replace("a1b2c3d4", "x").strip().rstrip(";").split(";\n"):
        with broken.logins["jane"].begin() as connection:
            row = connection.exec_driver_sql(statement).one()
    assert (row.assignee, row.note) == ("Jane Doe", "The bank looks for a payment of the 30th.")
