"""What takes a sign-off back, and says why; and what does not."""

from collections.abc import Callable

import pytest

from tests.words.books import Books, day
from tests.words.signers import Signers, bank_restated, gl_corrected

# ── what takes it back ─────────────────────────────────────────────────────────────────────────────


def bank_item(books: Books) -> None:
    books.item(day(1), "7")


def book_item(books: Books) -> None:
    books.item(day(1), "-3", "book")


def both_restated(books: Books) -> None:
    bank_restated(books)
    books.gl((day(1), "101"))


CHANGES = [
    (bank_restated, "bank balance restated from 100.00 to 101.00"),
    (gl_corrected, "GL balance restated from {gl} to 99.50"),
    (bank_item, "bank items changed from 0 to 7"),
    (book_item, "book items changed from 0 to -3"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
@pytest.mark.parametrize("gl", ["100.00", "90.00"], ids=["matched", "break"])
@pytest.mark.parametrize("signed", ["approved", "prepared"])
def test_a_number_that_changes_takes_it_back_and_says_why(
    signers: Signers, signed: str, gl: str, change: Callable[[Books], None], words: str
) -> None:
    signers.compared(gl=gl)
    signers.sign("jane", "prepare")
    what = f"Preparation by {signers.login('jane')}"
    if signed == "approved":
        signers.sign("joe", "approve", "so")
        what = f"Approval by {signers.login('joe')}"
    status = "; status matched → break" if gl == "100.00" else ""
    change(signers.books)
    signers.books.reconcile()
    row = signers.state()
    assert row.comment == f"{what} taken back: {words.format(gl=gl)}{status}"
    assert (row.state, row.version, row.signed_version) == ("decertified", 2, None)
    assert (row.prepared_by, row.approved_by, row.acted_by) == (None, None, "postgres")
    assert signers.log()[-1] == ("decertified", 2, "postgres")
    signers.sign("jane", "prepare")
    signers.sign("joe", "approve", "the bank told us")
    assert signers.state().signed_version == 2


def mapped_elsewhere(books: Books) -> None:
    books.gl((day(1), "0"), gl="2200", entity="QB02")
    books.rows("UPDATE ledger.account SET entity = 'QB02', gl_account = '2200'")


def joined_by_another(books: Books) -> None:
    books.account("y")
    books.bank(day(1), "0", "y")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (mapped_elsewhere, "GL account QB01 / 1100 → QB02 / 2200"),
        (joined_by_another, "accounts compared x → x, y"),
    ],
)
def test_the_same_numbers_of_something_else_take_it_back(
    signers: Signers, change: Callable[[Books], None], words: str
) -> None:
    """Whoever signed may have no right for that entity, and never saw those accounts."""
    signers.compared(bank="0", gl="0")
    signers.sign("jane", "prepare")
    signers.sign("joe", "approve", "so")
    change(signers.books)
    signers.books.reconcile()
    row = signers.state()
    assert (row.state, row.comment) == (
        "decertified",
        f"Approval by {signers.login('joe')} taken back: {words}",
    )


def test_numbers_that_change_alike_on_both_sides_take_it_back(signers: Signers) -> None:
    signers.compared()
    signers.approved()
    both_restated(signers.books)
    signers.books.reconcile()
    assert signers.state().status == "matched"
    assert signers.why().endswith(
        "bank balance restated from 100.00 to 101.00; GL balance restated from 100.00 to 101"
    )


def test_a_status_that_changes_alone_takes_it_back(signers: Signers) -> None:
    signers.compared(gl="101.00", tolerance="1")
    signers.approved("a cent or two")
    signers.books.rows("UPDATE ledger.account SET tolerance = 0")
    signers.books.reconcile()
    assert signers.why().endswith("taken back: status within_tolerance → break")


def test_a_side_that_comes_in_takes_it_back(signers: Signers) -> None:
    signers.books.account()
    signers.books.gl((day(1), "5"))
    signers.books.reconcile()
    signers.approved("the bank was closed")
    signers.books.bank(day(1), "5")
    signers.books.reconcile()
    assert signers.why().endswith("bank balance restated from none to 5; status missing_bank → matched")


def test_the_same_number_of_another_currency_is_another_number(signers: Signers) -> None:
    signers.compared()
    signers.approved()
    signers.written(currency="'USD'")
    assert signers.why().endswith("taken back: currency EUR → USD")


def test_every_account_of_a_group_is_signed_and_taken_back(signers: Signers) -> None:
    for id_ in "xyz":
        signers.books.account(id_)
        signers.books.bank(day(1), "5", id_)
    signers.books.gl((day(1), "15"))
    signers.books.reconcile()
    for id_ in "xy":
        signers.sign("jane", "prepare", account_id=id_)
    signers.sign("joe", "approve")
    assert [signers.state(id_).state for id_ in "xyz"] == ["approved", "prepared", "open"]
    signers.books.bank(day(1), "6", "z", at="13:00")
    signers.books.reconcile()
    assert [signers.state(id_).state for id_ in "xyz"] == ["decertified", "decertified", "open"]


@pytest.mark.parametrize("state", ["open", "rejected", "decertified"])
def test_what_does_not_stand_is_not_taken_back(signers: Signers, state: str) -> None:
    signers.compared()
    if state != "open":
        signers.sign("jane", "prepare")
    if state == "rejected":
        signers.sign("joe", "reject", "so")
    if state == "decertified":
        gl_corrected(signers.books)
        signers.books.reconcile()
    log = signers.log()
    bank_restated(signers.books)
    signers.books.reconcile()
    assert (signers.state().state, signers.log()) == (state, log)


def test_going_back_to_the_old_numbers_does_not_bring_an_approval_back(signers: Signers) -> None:
    signers.compared()
    signers.approved()
    for amount in ("101", "100"):
        signers.books.gl((day(1), amount))
        signers.books.reconcile()
    row = signers.state()
    assert (row.status, row.version, row.state) == ("matched", 3, "decertified")


def test_the_newest_of_several_versions_takes_it_back_once(signers: Signers) -> None:
    signers.compared()
    signers.approved()
    signers.written("s.bank_balance + n.n", "s.gl_balance + n.n", versions=3)
    assert signers.log()[2:] == [("decertified", 4, "postgres")]
    assert "from 100.00 to 103.00" in signers.why()


# ── what does not ──────────────────────────────────────────────────────────────────────────────────


def seen_again(books: Books) -> None:
    books.bank(day(1), "100.0", at="13:00")


def tolerance_raised(books: Books) -> None:
    books.rows("UPDATE ledger.account SET tolerance = 1")


def cause_found(books: Books) -> None:
    books.item(day(2), "-10")


@pytest.mark.parametrize("change", [seen_again, tolerance_raised, cause_found])
def test_a_version_with_the_same_numbers_and_status_keeps_the_approval(
    signers: Signers, change: Callable[[Books], None]
) -> None:
    signers.compared(gl="90.00")
    assert signers.books.found() == ("break", "unexplained")
    signers.approved("so")
    change(signers.books)
    signers.books.reconcile()
    row = signers.state()
    assert (row.state, row.version, row.signed_version) == ("approved", 2, 1)
    assert len(signers.log()) == 2


def test_an_age_that_moves_keeps_the_approval(signers: Signers) -> None:
    signers.books.account()
    for number in (1, 2):
        signers.books.bank(day(number), "5")
    signers.books.gl((day(1), "6"), (day(2), "6"))
    signers.books.reconcile()
    signers.sign("jane", "prepare", on=day(2))
    signers.sign("joe", "approve", "so", on=day(2))
    signers.books.gl((day(1), "5"))
    signers.books.reconcile()
    row = signers.state(on=day(2))
    assert (row.age_days, row.version, row.state, row.signed_version) == (0, 2, "approved", 1)
    assert signers.state(on=day(1)).state == "open"
    assert len(signers.log()) == 2
    signers.books.bank(day(2), "4", at="13:00")
    signers.books.reconcile()
    assert signers.why().endswith("taken back: bank balance restated from 5 to 4")
    assert signers.log()[-1][:2] == ("decertified", 3)
