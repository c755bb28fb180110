"""Rows of the ERP that are about nobody's account: counted, named with the account likely meant, red where none fits."""

import logging

import pytest

from qbank_ledger.errors import UnmatchedEntityError
from qbank_ledger.recon.match import GLAccount, GLAccounts, require_matched
from tests.words.books import GL_HEADER, ITEM_HEADER, Books, day

KNOWN = [
    GLAccount(*key.split("/"))
    for key in ("QB01/110100/EUR", "QB01/110100/USD", "QB01/090/EUR", "QB02/110100/EUR", "QB02/2200.10/JPY")
]


@pytest.mark.parametrize(
    ("row", "likely"),
    [
        ("QB01/110100.0/EUR", "QB01/110100/EUR"),
        ("QB01/110100,00/USD", "QB01/110100/USD"),
        ("QB01/0000110100/EUR", "QB01/110100/EUR"),
        ("QB01/110-100/EUR", "QB01/110100/EUR"),
        ("QB01/110100 - Operating account/EUR", "QB01/110100/EUR"),
        ("QB01/\uff11\uff11\uff10\uff11\uff10\uff10/EUR", "QB01/110100/EUR"),
        ("QB01/90/EUR", "QB01/090/EUR"),
        ("QB01/110100/GBP", "QB01/110100/EUR"),
        ("qb1/110100/USD", "QB01/110100/USD"),
        ("QB09/110100/EUR", "QB01/110100/EUR"),
        ("QB09/220010/JPY", "QB02/2200.10/JPY"),
        ("QB02/90/EUR", None),
        ("QB01/110200/EUR", None),
        ("QB01/--/EUR", None),
    ],
)
def test_the_likely_account_is_the_same_written_otherwise(row: str, likely: str | None) -> None:
    found = GLAccounts(KNOWN).likely(GLAccount(*row.split("/")))
    assert (found and f"{found.entity}/{found.gl_account}/{found.currency}") == likely


def test_a_load_says_how_many_rows_match_no_account_and_names_the_first(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    books.account(gl="110100")
    books.account("closed", gl="110300", active=False)
    with caplog.at_level(logging.WARNING):
        books.load(
            f"{GL_HEADER}\nQB01,110100,EUR,{day(1)},1\nQB01,110300,EUR,{day(1)},1\n"
            f"QB01,110100.0,EUR,{day(1)},1\nQB01,4000,EUR,{day(1)},1\n"
        )
    assert (
        "2 of 4 rows match no account: line 4 (QB01 / 110100.0 / EUR, likely QB01 / 110100 / EUR); "
        "line 5 (QB01 / 4000 / EUR)"
    ) in caplog.text


def test_the_first_five_are_named_and_a_file_that_matches_says_nothing(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    books.account()
    with caplog.at_level(logging.WARNING):
        books.gl((day(1), "1"))
    assert caplog.text == ""
    with caplog.at_level(logging.WARNING):
        books.load("\n".join([GL_HEADER, *(f"QB01,9{n},EUR,{day(1)},1" for n in range(9))]))
    assert "9 of 9 rows" in caplog.text
    assert caplog.text.count("line ") == 5


def test_an_entity_none_of_whose_rows_match_is_red_by_name(books: Books) -> None:
    books.account(gl="110100")
    good = books.load(f"{GL_HEADER}\nQB01,110100,EUR,{day(1)},1\nQB01,4000,EUR,{day(1)},1\n")
    require_matched(books.ledger.engine, [])
    require_matched(books.ledger.engine, [good.load_no])
    bad = books.load(
        f"{GL_HEADER}\nQB01,110100,EUR,{day(2)},1\nQB09,110100,EUR,{day(2)},1\nQB09,5,EUR,{day(2)},1\n"
    )
    with pytest.raises(UnmatchedEntityError) as caught:
        require_matched(books.ledger.engine, [good.load_no, bad.load_no])
    assert str(caught.value) == (
        f"None of the 2 row(s) of entity QB09 in load {bad.load_no} matches an account: line 3 (QB09 / 110100 / EUR, "
        "likely QB01 / 110100 / EUR); line 4 (QB09 / 5 / EUR). Correct the ERP's file or the accounts file, and run "
        "again."
    )
    books.account("new", gl="5", entity="QB09")
    require_matched(books.ledger.engine, [bad.load_no])


def test_items_of_nobody_are_red_too(books: Books) -> None:
    books.account()
    loaded = books.load(f"{ITEM_HEADER}\nQB01,1100.0,EUR,{day(1)},,bank,any,5,r\n", "items")
    with pytest.raises(UnmatchedEntityError, match=r"line 2 .* likely QB01 / 1100 / EUR"):
        require_matched(books.ledger.engine, [loaded.load_no])


def test_the_same_file_again_says_the_same(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    books.account()
    for _ in range(2):
        with caplog.at_level(logging.WARNING):
            books.gl((day(1), "1"), gl="1100.0")
    assert caplog.text.count("1 of 1 rows match no account") == 2
