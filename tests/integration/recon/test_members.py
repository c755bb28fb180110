"""Whose balances a date's comparison is of: those of the accounts that were active as the date ended."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.words.books import GL_HEADER, Books, day


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


@pytest.fixture
def pair(books: Books) -> Books:
    """x and y on one GL account for three days, each matched as their sum; then y is closed, on the fourth."""
    for id_ in ("x", "y"):
        books.account(id_)
        books.ledger.opened(id_, at=noon(day(0)))
        for number in (1, 2, 3, 4):
            books.bank(day(number), "50", id_)
    books.gl(*((day(number), "100") for number in (1, 2, 3)))
    assert books.reconcile() == {"matched": 6}
    close(books, "y", noon(day(4)))
    return books


def close(books: Books, id_: str, at: datetime) -> None:
    """As a full run does that no longer has the account."""
    books.rows("UPDATE ledger.account SET active = false WHERE account_id = :id", id=id_)
    books.rows(
        "UPDATE ledger.account_period SET closed_at = :at WHERE account_id = :id AND closed_at IS NULL",
        id=id_,
        at=at,
    )


def test_an_account_that_is_closed_changes_no_date_before(pair: Books) -> None:
    assert pair.reconcile() == {}
    assert pair.newest("x", day(3)).members == ["x", "y"]


def test_from_its_end_on_the_others_are_compared_without_it(pair: Books) -> None:
    pair.gl((day(4), "50"))
    assert pair.reconcile() == {"matched": 1}
    assert pair.newest("x", day(4)).members == ["x"]


def test_books_that_come_after_an_account_was_closed_are_compared_with_it(books: Books) -> None:
    """A month's books come days after its end; who was closed meanwhile was active at that end."""
    books.account()
    books.ledger.opened("x", at=noon(day(0)))
    books.bank(day(1), "100")
    close(books, "x", noon(day(3)))
    books.gl((day(1), "100"), (day(3), "100"))
    assert books.reconcile() == {"matched": 1}
    assert books.newest().as_of_date == day(1)
    assert books.rows("SELECT as_of_date FROM recon.unmapped_gl") == [(day(3),)]


def test_a_file_that_leaves_out_whats_zero_says_so_of_an_account_that_was_closed_since(
    books: Books, tmp_path: Path
) -> None:
    (tmp_path / "gl_sources.yaml").write_text("profiles: {ours: {like: plain, absent_means: zero}}")
    profile = read_gl_sources(tmp_path / "gl_sources.yaml").profile("ours", "gl")
    books.account("x", "1100")
    books.account("y", "1200")
    for id_ in ("x", "y"):
        books.ledger.opened(id_, at=noon(day(0)))
        books.bank(day(1), "0", id_)
    close(books, "x", noon(day(3)))
    file = books.file(f"{GL_HEADER}\nQB01,1200,EUR,{day(1)},0\n")
    load_file(books.ledger.engine, file, "gl", profile)
    assert books.reconcile() == {"matched": 2}


def test_an_account_that_was_opened_again_is_not_missed_between(books: Books) -> None:
    books.account()
    books.ledger.opened("x", at=noon(day(0)), closed_at=noon(day(2)))
    books.ledger.opened("x", at=noon(day(4)))
    for number in (1, 4):
        books.bank(day(number), "100", at="18:00")
    books.gl(*((day(number), "100") for number in (1, 2, 3, 4)))
    assert books.reconcile() == {"matched": 2}
    unmapped = books.rows("SELECT as_of_date FROM recon.unmapped_gl ORDER BY 1")
    assert unmapped == [(day(2),), (day(3),)], "what nothing is compared with is named"


def test_a_correction_of_a_date_before_its_end_is_compared(pair: Books) -> None:
    pair.gl((day(2), "90"))
    assert pair.reconcile() == {"break": 2}
    assert pair.newest("y", day(2)).gl_balance == 90


@pytest.mark.parametrize("at", [timedelta(0), timedelta(microseconds=-1)], ids=["at its end", "before it"])
def test_the_dates_end_decides(books: Books, at: timedelta) -> None:
    books.account()
    books.ledger.opened("x", at=noon(day(0)))
    books.bank(day(1), "100")
    close(books, "x", datetime.combine(day(2), time(), UTC) + at)
    books.gl((day(1), "100"))
    assert books.reconcile() == ({"matched": 1} if at == timedelta(0) else {})
