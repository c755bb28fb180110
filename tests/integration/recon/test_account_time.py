"""A date outside an account's time is compared with nothing, and changes no age; whatever brought it in."""

import logging
from datetime import date

import pytest

from qbank_ledger.errors import LedgerError
from tests.words.books import GL_HEADER, Books, day

TYPED = date(1926, 10, 31)


@pytest.fixture
def open_books(books: Books) -> Books:
    """Of one entity: x with a break of two days, y matched, z without a balance yet."""
    for id_, gl in (("x", "1100"), ("y", "1200"), ("z", "1300")):
        books.account(id_, gl)
    for number in (1, 2, 3):
        books.bank(day(number), "100", "x")
        books.bank(day(number), "100", "y")
        for gl, amount in (("1100", "100" if number == 1 else "90"), ("1200", "100"), ("1300", "1")):
            books.gl((day(number), amount), gl=gl)
    books.reconcile()
    assert ages(books) == {"x": 1, "z": 2}
    return books


def ages(books: Books) -> dict[str, int]:
    rows = books.rows("SELECT account_id, age_days FROM recon.open_break")
    return {row.account_id: row.age_days for row in rows}


def insert(books: Books, on: date, gl: str = "1100") -> None:
    """A balance that was loaded before anybody looked at its date."""
    books.rows(
        "INSERT INTO recon.gl_balance SELECT max(load_no), 'QB01', :gl, 'EUR', :on, 5 FROM recon.file_load",
        on=on,
        gl=gl,
    )


def test_a_date_before_the_first_balance_is_set_aside_by_its_line_and_ages_nobody(
    open_books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        loaded = open_books.load(f"{GL_HEADER}\nQB01,1100,EUR,{day(3)},90\nQB01,1100,EUR,{TYPED},90\n")
    assert loaded.rows == 2
    assert (
        "1 of 2 rows are dated before their account begins and are not compared: "
        f"line 3 (QB01 / 1100 / EUR: {TYPED}, begins {day(1)})"
    ) in caplog.text
    assert open_books.reconcile() == {}
    assert open_books.reconcile(TYPED) == {}
    assert ages(open_books) == {"x": 1, "z": 2}


@pytest.mark.parametrize("on", [TYPED, date(2062, 10, 31), day(0)])
def test_what_is_in_already_ages_nobody(open_books: Books, on: date) -> None:
    insert(open_books, on)
    open_books.reconcile()
    assert ages(open_books) == {"x": 1, "z": 2}
    open_books.gl((day(3), "80"))
    open_books.reconcile()
    assert ages(open_books) == {"x": 1, "z": 2}
    assert open_books.value("SELECT count(*) FROM recon.reconciliation WHERE as_of_date = :on", on=on) == 0


def test_an_age_that_came_of_such_a_date_is_put_right_with_the_next_comparison(open_books: Books) -> None:
    """As they were written before: each account's item opened in 1926."""
    open_books.rows(
        "INSERT INTO recon.reconciliation SELECT account_id, :on, 1, entity, gl_account, currency, NULL, NULL, 5, gl_load_no,"
        " NULL, 0, 0, NULL, 0, 'missing_bank', 'missing_bank_data', :on, 0, members, false FROM recon.reconciliation"
        " WHERE as_of_date = :day",
        on=TYPED, day=day(1),
    )  # fmt: skip
    open_books.rows(
        "INSERT INTO recon.reconciliation SELECT account_id, as_of_date, version + 1, entity, gl_account, currency,"
        " bank_balance, bank_observed_at, gl_balance, gl_load_no, difference, bank_items, book_items, unexplained,"
        " tolerance, status, cause, :on, as_of_date - :on, members, provisional FROM recon.reconciliation"
        " WHERE as_of_date > :on AND cause IS NOT NULL",
        on=TYPED,
    )
    assert set(ages(open_books).values()) == {(day(3) - TYPED).days}
    for id_ in "xz":
        open_books.bank(day(4), "100", id_)
    open_books.gl((day(4), "90"))
    open_books.reconcile()
    assert ages(open_books) == {"x": 2, "y": 0, "z": 0}
    opened = open_books.rows(
        "SELECT DISTINCT ON (as_of_date) opened_on FROM recon.reconciliation WHERE account_id = 'x' AND as_of_date > :on"
        " ORDER BY as_of_date, version DESC",
        on=day(1),
    )
    assert {row.opened_on for row in opened} == {day(2)}


def test_a_comparison_of_a_day_to_come_is_no_open_item(open_books: Books) -> None:
    open_books.rows(
        "INSERT INTO recon.reconciliation SELECT account_id, '2062-10-31', 1, entity, gl_account, currency, bank_balance,"
        " bank_observed_at, gl_balance, gl_load_no, difference, bank_items, book_items, unexplained, tolerance, status, cause,"
        " opened_on, date '2062-10-31' - opened_on, members, true FROM recon.reconciliation WHERE as_of_date = :day",
        day=day(3),
    )
    assert ages(open_books) == {"x": 1, "z": 2}
    assert open_books.value("SELECT max(oldest_days) FROM recon.open_break_total") == 2


def test_a_day_to_come_is_not_compared(books: Books) -> None:
    with pytest.raises(LedgerError, match="2062-10-31 is ahead of today: name a date that has begun"):
        books.reconcile(date(2062, 10, 31))


def test_a_new_member_of_a_group_changes_nothing_of_the_days_before_it(books: Books) -> None:
    books.account("x")
    for number in (1, 2, 3):
        books.bank(day(number), "100", "x")
        books.gl((day(number), "100"))
    assert books.reconcile() == {"matched": 3}
    books.account("z")
    books.bank(day(3), "1", "z")
    assert books.reconcile() == {"break": 2}
    assert {books.found("x", day(number)) for number in (1, 2)} == {("matched", None)}
    assert (books.newest("x").opened_on, books.newest("x").unexplained) == (day(3), 1)
    # Nor is a correction of one of them lost, which is compared with the members of then.
    books.gl((day(1), "99"))
    assert books.reconcile() == {"break": 1}
    newest = books.newest("x", day(1))
    assert (newest.version, newest.members, newest.unexplained) == (2, ["x"], 1)


def test_an_account_begins_when_it_is_first_expected_or_first_has_a_balance(books: Books) -> None:
    def begins() -> date:
        found: date = books.value("SELECT begins_on FROM recon.account_time WHERE account_id = 'x'")
        return found

    books.account("x", zone="Pacific/Auckland")
    assert books.value("SELECT begins_on = '-infinity' FROM recon.account_time")
    books.account("y")
    books.bank(day(9), "1", "y", at="12:00")
    assert begins() == day(10), "the ledger's first balance, by the account's own clock"
    books.bank(day(12), "1", "x")
    assert begins() == day(12)
    books.rows("INSERT INTO ledger.account_period VALUES ('x', '2024-10-20 00:00+00')")
    assert begins() == day(12)
    books.rows("UPDATE ledger.account_period SET opened_at = '2024-10-10 12:00+00'")
    assert begins() == day(11)


def test_days_on_which_an_account_was_expected_and_had_no_balance_are_of_its_time(books: Books) -> None:
    books.account("x")
    books.rows("INSERT INTO ledger.account_period VALUES ('x', '2024-10-02 09:00+00')")
    books.gl(*((day(number), "5") for number in range(1, 5)))
    books.bank(day(4), "7")
    assert books.reconcile() == {"missing_bank": 2, "break": 1}
    assert ages(books) == {"x": 2}
