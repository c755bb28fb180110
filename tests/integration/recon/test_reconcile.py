"""The bank says X, the general ledger says Y: how much, since when, why."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.words.books import Books, day


def compare(books: Books, bank: str | None, gl: str | None, **account: object) -> tuple[str, str | None]:
    """Status and cause of one day on which the two sides say this."""
    books.account(**account)
    if bank is not None:
        books.bank(day(1), bank)
    books.gl((day(1), gl)) if gl is not None else books.gl((day(1), "1"), gl="other")
    books.reconcile()
    return books.found()


# ── statuses ───────────────────────────────────────────────────────────────────────────────────────


def test_what_agrees_to_the_last_digit_matches(books: Books) -> None:
    assert compare(books, "1234.50", "1234.5") == ("matched", None)
    row = books.newest()
    assert (row.difference, row.unexplained, row.opened_on, row.age_days) == (0, 0, None, None)
    assert (row.version, row.members, row.provisional) == (1, ["x"], False)
    assert row.bank_observed_at == datetime(2024, 10, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("bank", "status"),
    [("100.05", "within_tolerance"), ("99.95", "within_tolerance"), ("100.06", "break"), ("99.94", "break")],
)
def test_the_tolerance_is_inclusive_on_both_sides(books: Books, bank: str, status: str) -> None:
    assert compare(books, bank, "100.00", tolerance="0.05")[0] == status
    assert books.newest().difference == Decimal(bank) - 100


@pytest.mark.parametrize(
    ("tolerance", "bank", "status", "kept"),
    [("0.0599", "100.05", "within_tolerance", "0.05"), ("0.0599", "100.06", "break", "0.05"), ("0.9", "101", "break", "0"),
     ("0.9", "100", "matched", "0"), ("1.5", "101", "within_tolerance", "1")],
)  # fmt: skip
def test_a_tolerance_has_no_more_decimals_than_the_currency(
    books: Books, tolerance: str, bank: str, status: str, kept: str
) -> None:
    currency, units = ("EUR", 2) if "." in kept else ("JPY", 0)
    books.account(tolerance=tolerance, minor_units=units, currency=currency)
    books.bank(day(1), bank, currency=currency)
    books.gl((day(1), "100"), currency=currency)
    books.reconcile()
    assert (books.found()[0], str(books.newest().tolerance)) == (status, kept)


def test_a_difference_is_exact_at_38_digits(books: Books) -> None:
    assert compare(books, "1" + "0" * 37, "9" * 37)[0] == "break"
    assert books.newest().difference == 1


def test_no_closing_is_missing_bank_whatever_else_is_missing(books: Books) -> None:
    assert compare(books, None, "5") == ("missing_bank", "missing_bank_data")
    row = books.newest()
    assert (row.bank_balance, row.gl_balance, row.difference, row.unexplained) == (None, 5, None, None)
    books.account("y", "2200")
    books.reconcile()
    assert books.found("y") == ("missing_bank", "missing_bank_data")


def test_a_balance_of_the_day_before_is_not_carried_over(books: Books) -> None:
    books.account()
    books.bank(day(1), "5")
    books.gl((day(2), "5"))
    books.reconcile()
    assert books.found() == ("missing_bank", "missing_bank_data")


def test_no_gl_row_is_missing_gl_where_the_entity_has_any(books: Books) -> None:
    assert compare(books, "5", None) == ("missing_gl", "unexplained")
    assert books.newest().difference is None


def test_a_date_without_any_load_of_the_entity_has_no_rows(books: Books) -> None:
    books.account()
    books.bank(day(1), "5")
    books.gl((day(1), "5"), entity="QB02")
    assert books.reconcile() == {}


def test_only_another_currencys_row_is_missing_gl_by_currency(books: Books) -> None:
    books.account()
    books.bank(day(1), "5")
    books.gl((day(1), "5"), currency="USD")
    books.reconcile()
    assert books.found() == ("missing_gl", "currency")
    assert [
        tuple(row) for row in books.rows("SELECT gl_account, currency, balance FROM recon.unmapped_gl")
    ] == [("1100", "USD", 5)]


def test_a_closing_in_another_currency_is_none(books: Books) -> None:
    books.account()
    books.bank(day(1), "5", currency="USD")
    books.gl((day(1), "5"))
    books.reconcile()
    assert books.found()[0] == "missing_bank"


@pytest.mark.parametrize(("at", "status"), [("22:29", "stale_bank"), ("22:30", "matched")])
def test_a_closing_older_than_its_age_limit_at_the_cut_off_never_matches(
    books: Books, at: str, status: str
) -> None:
    books.account(max_age=90)
    books.bank(day(1), "5", at=at)
    books.gl((day(1), "5"))
    books.reconcile()
    assert books.found() == (status, "stale" if status == "stale_bank" else None)
    assert books.newest().difference == 0


def test_missing_comes_before_stale(books: Books) -> None:
    books.account(max_age=1)
    books.bank(day(1), "5")
    books.gl((day(1), "5"), gl="other")
    books.reconcile()
    assert books.found()[0] == "missing_gl"


def test_an_inactive_account_is_left_out_and_its_gl_row_is_unmapped(books: Books) -> None:
    books.account(active=False)
    books.bank(day(1), "5")
    books.gl((day(1), "5"))
    assert books.reconcile() == {}
    assert books.value("SELECT gl_account FROM recon.unmapped_gl") == "1100"


@pytest.mark.parametrize(
    ("zone", "last", "next_day"),
    [("America/New_York", "23:59", "2024-10-02 04:06"), ("Asia/Kolkata", "23:59", "2024-10-01 18:36"),
     ("Pacific/Auckland", "23:59", "2024-10-01 11:06")],
)  # fmt: skip
def test_a_day_is_the_accounts_own(books: Books, zone: str, last: str, next_day: str) -> None:
    books.account(zone=zone)
    books.bank(day(1), "5", at=last)
    books.bank(day(2), "6", at="00:06")
    assert books.value("SELECT max(observed_at) FROM ledger.balance") == datetime.fromisoformat(
        f"{next_day}+00:00"
    )
    books.gl((day(1), "5"))
    books.reconcile()
    assert books.found() == ("matched", None)


def test_a_balance_that_was_superseded_after_the_cut_off_is_still_the_closing(books: Books) -> None:
    books.account(cut_off="12:30")
    books.bank(day(1), "5", at="12:29")
    books.bank(day(1), "6", at="12:36")
    assert books.value("SELECT ledger_balance FROM ledger.balance") == 6
    books.gl((day(1), "5"))
    books.reconcile()
    assert books.found() == ("matched", None)


# ── items ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bank", "gl", "amount", "side"),
    [("100", "107", "7", "bank"), ("107", "100", "-7", "bank"), ("107", "100", "7", "book"), ("100", "107", "-7", "book")],
    ids=["deposit in transit", "outstanding payment", "unrecorded credit", "unrecorded charge"],
)  # fmt: skip
def test_an_item_explains_a_difference_by_its_sign(
    books: Books, bank: str, gl: str, amount: str, side: str
) -> None:
    books.item(day(1), amount, side)
    assert compare(books, bank, gl) == ("matched", None)
    row = books.newest()
    assert row.difference == Decimal(bank) - Decimal(gl)
    assert (row.bank_items, row.book_items) == (
        (Decimal(amount), 0) if side == "bank" else (0, Decimal(amount))
    )


def test_an_item_counts_from_its_date_until_the_day_before_it_cleared(books: Books) -> None:
    books.account()
    books.item(day(2), "7", cleared=day(4))
    for n in range(1, 5):
        books.bank(day(n), "100")
    books.gl(*((day(n), "107") for n in range(1, 5)))
    books.reconcile()
    assert [books.found(on=day(n))[0] for n in range(1, 5)] == ["break", "matched", "matched", "break"]


def test_a_later_load_of_an_item_takes_the_place_of_the_earlier(books: Books) -> None:
    books.item(day(1), "7")
    books.item(day(1), "8")
    assert compare(books, "100", "108") == ("matched", None)
    books.item(day(1), "8", cleared=day(1))
    books.reconcile()
    assert books.found()[0] == "break"


def test_items_of_another_account_do_not_count(books: Books) -> None:
    books.item(day(1), "7")
    books.account()
    books.account("y", "2200")
    books.bank(day(1), "5")
    books.bank(day(1), "5", "y")
    books.gl((day(1), "5"), gl="2200")
    books.reconcile()
    assert books.newest("y").bank_items == 0


# ── causes ─────────────────────────────────────────────────────────────────────────────────────────


def test_restatement_an_earlier_version_of_the_date_had_matched(books: Books) -> None:
    assert compare(books, "100", "100") == ("matched", None)
    books.gl((day(1), "-100"))  # would be a sign, too: restatement comes first
    books.reconcile()
    assert books.found() == ("break", "restatement")
    assert books.newest().version == 2
    assert books.reconcile() == {}


def test_a_restatement_of_the_bank_is_one_too(books: Books) -> None:
    compare(books, "100", "100")
    books.bank(day(1), "101", at="13:00")
    books.reconcile()
    assert books.found() == ("break", "restatement")


def test_what_matched_in_another_gl_account_is_not_restated(books: Books) -> None:
    assert compare(books, "100", "100") == ("matched", None)
    books.rows("UPDATE ledger.account SET gl_account = '1200'")
    books.gl((day(1), "93"), gl="1200")
    books.reconcile()
    assert books.found() == ("break", "unexplained")


def test_a_break_that_goes_on_is_no_restatement(books: Books) -> None:
    compare(books, "100", "107")
    books.gl((day(1), "108"))
    books.reconcile()
    assert books.found() == ("break", "unexplained")


@pytest.mark.parametrize(("side", "gl"), [("bank", "93"), ("book", "107")])
def test_duplicate_leaving_out_one_counted_item_explains_it(books: Books, side: str, gl: str) -> None:
    books.item(day(1), "7", side, reference="once")
    books.item(day(1), "7", side, reference="twice")
    # one item explains 7 of it, two are one too many
    bank = "100"
    books.account()
    books.bank(day(1), bank)
    books.gl((day(1), "107" if side == "bank" else "93"))
    books.reconcile()
    assert books.found() == ("break", "duplicate"), gl
    assert abs(books.newest().unexplained) == 7


@pytest.mark.parametrize(("on", "cleared"), [(2, None), (0, 1)], ids=["not counted yet", "was cleared"])
@pytest.mark.parametrize(("side", "gl"), [("bank", "107"), ("book", "93")])
def test_timing_adding_one_item_that_does_not_count_explains_it(
    books: Books, on: int, cleared: int | None, side: str, gl: str
) -> None:
    books.item(day(on), "7", side, cleared=day(cleared) if cleared else None)
    assert compare(books, "100", gl) == ("break", "timing")


@pytest.mark.parametrize(("on", "amount", "bank"), [(9, "7", "107"), (1, "-7", "114")])
def test_an_item_can_not_be_left_out_that_does_not_count_nor_added_that_does(
    books: Books, on: int, amount: str, bank: str
) -> None:
    books.item(day(on), amount)
    assert compare(books, bank, "100") == ("break", "unexplained")
    assert books.newest().unexplained == 7


def test_sign_the_gl_is_minus_the_bank(books: Books) -> None:
    assert compare(books, "12.34", "-12.34") == ("break", "sign")


@pytest.mark.parametrize(
    ("bank", "gl", "units", "transposed"),
    [
        ("132.40", "123.40", 2, True),
        ("123.04", "123.40", 2, True),
        ("124.30", "123.40", 2, True),
        ("-132.40", "-123.40", 2, True),
        ("-132.40", "123.40", 2, False),
        ("321.40", "123.40", 2, False),
        ("0.01", "0.10", 2, True),
        ("0.10", "0.01", 2, True),
        ("0.50", "0.05", 2, True),
        ("5.00", "0.05", 2, False),
        ("10.05", "1.05", 2, False),
        ("9000.00", "900.00", 2, False),
        ("0.100", "0.010", 3, True),
        ("21", "12", 0, True),
        ("1.230", "1.203", 3, True),
        ("11", "12", 0, False),
        ("0", "10", 0, False),
    ],
)
def test_transposition_swaps_two_adjacent_digits(
    books: Books, bank: str, gl: str, units: int, transposed: bool
) -> None:
    currency = {0: "JPY", 2: "EUR", 3: "BHD"}[units]
    books.account(minor_units=units, currency=currency)
    books.bank(day(1), bank, currency=currency)
    books.gl((day(1), gl), currency=currency)
    books.reconcile()
    assert books.found() == ("break", "transposition" if transposed else "unexplained")


def test_a_swap_of_equal_digits_explains_nothing(books: Books) -> None:
    books.item(day(1), "5", reference="a")
    books.item(day(1), "6", reference="b")
    assert compare(books, "1100", "1100") == ("break", "unexplained")


def test_the_first_cause_that_fits_is_named(books: Books) -> None:
    books.item(day(9), "-20")  # timing, for 10 against -10 …
    assert compare(books, "10", "-10") == ("break", "timing")
    books.item(day(1), "-40", reference="b")  # … and counted items leave -20: leaving out another explains it
    books.item(day(1), "-20", reference="c")
    books.item(day(1), "20", reference="d")
    books.reconcile()
    assert books.newest().unexplained == -20
    assert books.found() == ("break", "duplicate")


# ── ages ───────────────────────────────────────────────────────────────────────────────────────────


def days(books: Books, *sides: tuple[int, str | None, str]) -> None:
    """Days of account x: number, bank, GL."""
    books.account()
    for number, bank, _ in sides:
        if bank is not None:
            books.bank(day(number), bank)
    books.gl(*((day(number), gl) for number, _, gl in sides))
    books.reconcile()


def ages(books: Books) -> list[tuple[int, date, int]]:
    rows = books.rows(
        "SELECT DISTINCT ON (as_of_date) as_of_date, opened_on, age_days FROM recon.reconciliation"
        " ORDER BY as_of_date, version DESC"
    )
    return [
        (r.as_of_date - day(0)).days
        if r.opened_on is None
        else ((r.as_of_date - day(0)).days, (r.opened_on - day(0)).days, r.age_days)
        for r in rows
    ]  # type: ignore[misc]


def test_an_item_opens_on_its_first_date_and_closes_on_the_next_that_matches(books: Books) -> None:
    days(books, (1, "5", "5"), (2, "5", "6"), (3, "5", "9"), (4, "5", "5"), (5, "5", "6"))
    assert ages(books) == [1, (2, 2, 0), (3, 2, 1), 4, (5, 5, 0)]


def test_days_that_are_missing_or_absent_neither_close_nor_restart_it(books: Books) -> None:
    days(books, (1, "5", "6"), (3, None, "5"), (30, "5", "7"), (33, "5", "7"), (34, "5", "5"))
    assert ages(books) == [(1, 1, 0), (3, 1, 2), (30, 1, 29), (33, 1, 32), 34]


def test_a_missing_day_opens_an_item_too(books: Books) -> None:
    days(books, (1, "5", "5"), (2, None, "5"), (3, "5", "6"))
    assert ages(books) == [1, (2, 2, 0), (3, 2, 1)]


def test_a_day_that_comes_to_match_moves_the_opening_of_the_later_ones(books: Books) -> None:
    days(books, (1, "5", "6"), (2, "5", "6"), (3, "5", "6"))
    books.gl((day(2), "5"))
    assert books.reconcile() == {"break": 1, "matched": 1}
    assert ages(books) == [(1, 1, 0), 2, (3, 3, 0)]
    assert books.newest().version == 2
    assert books.newest(on=day(1)).version == 1


def test_a_date_asked_for_alone_moves_the_later_ones_too(books: Books) -> None:
    days(books, (1, "5", "6"), (2, "5", "6"), (3, "5", "6"))
    books.gl((day(2), "5"))
    books.reconcile(day(2))
    assert ages(books) == [(1, 1, 0), 2, (3, 3, 0)]


def test_open_items_stand_at_their_newest_date(books: Books) -> None:
    days(books, (1, "5", "6"), (2, "5", "6"), (3, None, "6"))
    (row,) = books.rows(
        "SELECT account_id, opened_on, as_of_date, status, difference, cause, age_days FROM recon.open_break"
    )
    assert tuple(row) == ("x", day(1), day(3), "missing_bank", None, "missing_bank_data", 2)
    books.bank(day(3), "6")
    books.reconcile()
    assert books.rows("SELECT * FROM recon.open_break") == []


@pytest.mark.parametrize(
    ("age", "bucket"),
    [(0, "0-7"), (7, "0-7"), (8, "8-30"), (30, "8-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (90, "61-90"), (91, "over 90")],
)  # fmt: skip
def test_ages_fall_into_buckets(books: Books, age: int, bucket: str) -> None:
    sides = {0: (0, "5", "6"), age: (age, "5", "6")}
    days(books, *sides.values())
    assert books.value("SELECT age_bucket FROM recon.open_break_total") == bucket


# ── groups ─────────────────────────────────────────────────────────────────────────────────────────


def test_accounts_on_one_gl_account_compare_as_their_sum(books: Books) -> None:
    for id_, amount in (("x", "40"), ("y", "60")):
        books.account(id_)
        books.bank(day(1), amount, id_)
    books.account("z", currency="USD")
    books.gl((day(1), "103"))
    books.reconcile()
    for id_ in "xy":
        row = books.newest(id_)
        assert (row.bank_balance, row.difference, row.status, row.members) == (100, -3, "break", ["x", "y"])
    assert books.newest("z").members == ["z"]
    (total,) = books.rows("SELECT items, unexplained FROM recon.open_break_total WHERE currency = 'EUR'")
    assert tuple(total) == (1, -3)


def test_a_group_lacks_what_a_member_lacks(books: Books) -> None:
    books.account()
    books.account("y", max_age=60)
    books.bank(day(1), "5")
    books.gl((day(1), "5"))
    books.reconcile()
    assert books.found("x") == books.found("y") == ("missing_bank", "missing_bank_data")
    books.bank(day(1), "0", "y")
    books.reconcile()
    assert books.found("x") == books.found("y") == ("stale_bank", "stale")


def test_a_group_passes_what_its_strictest_member_would(books: Books) -> None:
    books.account(tolerance="5")
    books.account("y", tolerance="1")
    for id_ in "xy":
        books.bank(day(1), "5", id_)
    books.gl((day(1), "8"))
    books.reconcile()
    assert books.found() == ("break", "unexplained")


# ── versions ───────────────────────────────────────────────────────────────────────────────────────


def test_the_same_inputs_give_no_new_version(books: Books) -> None:
    days(books, (1, "5", "6"), (2, None, "5"), (3, "5", "5"))
    assert books.reconcile() == {}
    assert books.reconcile(day(1)) == {}
    books.gl((day(1), "6.00"), (day(3), "5.0"))  # another file that says the same
    assert books.reconcile() == {}


def test_a_later_load_that_lacks_a_row_takes_nothing_back(books: Books) -> None:
    days(books, (1, "5", "5"), (2, "5", "5"))
    books.gl((day(2), "6"))
    assert books.reconcile() == {"break": 1}
    assert books.found(on=day(1)) == ("matched", None)


def test_a_date_before_its_cut_off_is_provisional_and_only_when_asked_for(books: Books) -> None:
    zone, today = books.unfinished_day()
    books.account(zone=zone)
    books.gl((today, "5"), (day(1), "5"))
    assert books.reconcile() == {"missing_bank": 1}
    assert books.reconcile(today) == {"missing_bank": 1}
    assert books.newest(on=today).provisional
    assert not books.newest(on=day(1)).provisional
    assert books.reconcile(today) == {}


# ── the grace of a closing ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "cut_off"), [("UTC", None), ("Asia/Kolkata", None), ("Europe/Berlin", "17:00")]
)
@pytest.mark.parametrize(("grace", "found"), [(5, {"matched": 30}), (0, {"break": 30})])
def test_a_month_in_which_the_bank_posts_until_the_day_ends_has_no_false_break(
    books: Books, zone: str, cut_off: str | None, grace: int, found: dict[str, int]
) -> None:
    """A run is at work seconds after the hour: of each day it sees the end after it, and 500.00 less an hour before."""
    books.account(zone=zone, cut_off=cut_off)
    books.rows("UPDATE ledger.account SET closing_grace_minutes = :grace", grace=grace)
    books.bank(day(1), "0", at="12:00")
    for number in range(1, 31):
        ends = (day(number + 1), "00:00:06") if cut_off is None else (day(number), "17:00:06")
        hour_before = (day(number), "23:00:06" if cut_off is None else "16:00:06")
        for (on, at), amount in ((hour_before, number * 1000), (ends, number * 1000 + 500)):
            books.bank(on, str(amount), at=at)
    books.gl(*((day(number), str(number * 1000 + 500)) for number in range(1, 31)))
    assert books.reconcile() == found


def test_a_closing_within_the_grace_is_not_old_and_one_before_it_is_by_the_cut_off(books: Books) -> None:
    books.account(max_age=30)
    books.rows("UPDATE ledger.account SET closing_grace_minutes = 120")
    books.bank(day(1), "5", at="23:31")
    books.bank(day(3), "5", at="00:59")
    books.gl((day(1), "5"), (day(2), "5"))
    assert books.reconcile() == {"matched": 2}
    books.bank(day(4), "5", at="23:29")
    books.gl((day(4), "5"))
    assert books.reconcile() == {"stale_bank": 1}


def test_a_date_is_provisional_until_its_grace_has_passed(books: Books) -> None:
    zone, today = books.unfinished_day()
    hour = books.value(
        "SELECT (now() AT TIME ZONE CAST(:zone AS text) - interval '1 minute')::time(0)", zone=zone
    )
    books.account(zone=zone, cut_off=str(hour))
    books.gl((today, "5"))
    assert books.reconcile() == {}
    assert books.reconcile(today) == {"missing_bank": 1}
    assert books.newest(on=today).provisional
    books.rows("UPDATE ledger.account SET closing_grace_minutes = 0")
    assert books.reconcile() == {"missing_bank": 1}
    assert not books.newest(on=today).provisional


def test_a_group_waits_for_the_last_cut_off_of_its_members(books: Books) -> None:
    books.account("early", zone="Pacific/Kiritimati")
    books.account("late", zone="Pacific/Pago_Pago")  # 25 hours later
    on = books.value("SELECT (now() AT TIME ZONE 'Pacific/Kiritimati')::date - 1")
    books.gl((on, "5"), (on - timedelta(days=9), "5"))
    books.reconcile()
    dates = {row.as_of_date for row in books.rows("SELECT as_of_date FROM recon.reconciliation")}
    assert dates == {on - timedelta(days=9)}


def test_the_loader_compares_with_no_more_than_its_grants(books: Books) -> None:
    with books.ledger.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar() == "qbank_loader"
    assert compare(books, "5", "5") == ("matched", None)
