"""A break above its currency's limit is for a person to look at now, until one has taken it on."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from qbank_ledger.config import break_limits
from qbank_ledger.errors import BreakAboveLimitError, LedgerError
from qbank_ledger.recon.limits import require_within_limits
from tests.words.books import Books, day


@pytest.fixture
def broken(books: Books) -> Books:
    """Account x is 10.01 above its books."""
    books.account()
    books.bank(day(1), "110.01")
    books.gl((day(1), "100"))
    books.reconcile()
    return books


def judge(books: Books, limits: str) -> None:
    require_within_limits(books.ledger.engine, break_limits({"QBANK_BREAK_LIMITS": limits}))


def test_a_break_above_its_limit_is_named_without_its_amount(broken: Books) -> None:
    with pytest.raises(BreakAboveLimitError) as raised:
        judge(broken, "EUR=10")
    assert str(raised.value) == (
        "1 unassigned break(s) above the limit: x (EUR, 2024-10-01). See recon.open_break, "
        "then correct the books or prepare the sign-off."
    )


@pytest.mark.parametrize("limits", ["", "EUR=10.01", "USD=0", "JPY=1, EUR=11"])
def test_a_break_within_its_limit_or_without_one_is_none(broken: Books, limits: str) -> None:
    judge(broken, limits)


def test_money_that_is_missing_counts_like_money_that_is_too_much(broken: Books) -> None:
    broken.gl((day(1), "120.02"))
    broken.reconcile()
    with pytest.raises(BreakAboveLimitError):
        judge(broken, "EUR=10")


def test_accounts_compared_as_a_sum_are_one_break(broken: Books) -> None:
    broken.account("y")
    broken.bank(day(1), "1", "y")
    broken.reconcile()
    with pytest.raises(BreakAboveLimitError, match=r"^1 unassigned break.* limit: x \(EUR"):
        judge(broken, "EUR=10")


def test_the_oldest_is_named_first(broken: Books) -> None:
    broken.account("a", gl="1200")
    for on, bank in ((day(1), "1"), (day(2), "50")):
        broken.bank(on, bank, "a")
    broken.bank(day(2), "110.01")
    broken.gl((day(1), "1"), (day(2), "1"), gl="1200")
    broken.gl((day(2), "100"))
    broken.reconcile()
    with pytest.raises(BreakAboveLimitError, match=r"x \(EUR, 2024-10-02\), a \(EUR, 2024-10-02\)"):
        judge(broken, "EUR=10")


@pytest.mark.parametrize(
    ("state", "is_red"), [("prepared", False), ("approved", False), ("rejected", True), ("decertified", True)]
)
def test_a_break_that_somebody_has_taken_on_is_none(broken: Books, state: str, is_red: bool) -> None:
    broken.rows("INSERT INTO recon.sign_off (account_id, as_of_date, version, state, comment)"
                " VALUES ('x', :on, 1, :state, 'seen')", on=day(1), state=state)  # fmt: skip
    if is_red:
        with pytest.raises(BreakAboveLimitError):
            judge(broken, "EUR=10")
    else:
        judge(broken, "EUR=10")


def test_a_date_that_may_still_change_is_not_judged(books: Books) -> None:
    today = datetime.now(UTC).date()
    books.account()
    books.bank(today, "5", at="00:00")
    books.gl((today, "100"))
    books.reconcile(today)
    assert books.newest().provisional
    judge(books, "EUR=1")


def test_a_break_that_has_closed_is_none(broken: Books) -> None:
    broken.bank(day(2), "100")
    broken.gl((day(2), "100"))
    broken.reconcile()
    judge(broken, "EUR=10")


@pytest.mark.parametrize(
    "text",
    [
        "EUR",
        "EUR=",
        "EUR=1e3",
        "eur=1",
        "EUR=1, EUR=2",
        "EUR=1,",
        "EUR=-1",
        "EUR=1 USD=2",
        "EURO=1",
        "XXX=1",
        "EUR=NaN",
    ],
)
def test_limits_that_can_not_be_read_are_refused(text: str) -> None:
    with pytest.raises(LedgerError, match="write each currency once"):
        break_limits({"QBANK_BREAK_LIMITS": text})


def test_a_limit_that_may_be_thousands_is_refused_with_both_readings() -> None:
    with pytest.raises(
        LedgerError, match=r"'EUR=10\.000': it has 3 decimals, EUR 2, so it may mean 10 or 10000"
    ):
        break_limits({"QBANK_BREAK_LIMITS": "BHD=1.234, EUR=10.000"})


def test_limits_are_read_exactly() -> None:
    assert break_limits({"QBANK_BREAK_LIMITS": " EUR = 10000.005 ,JPY=1"}) == {
        "EUR": Decimal("10000.005"),
        "JPY": Decimal(1),
    }
