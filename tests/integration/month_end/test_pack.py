"""The close pack says what the ledger says, of the month's end, and what is not ready."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.words.books import Books, day

from .conftest import END, Made

Close = Callable[..., Made]
Sign = Callable[..., None]


def exact(cell: Any) -> Decimal | None:
    """What a cell says, to the last digit: a number as it is printed, or a text."""
    return None if cell is None else Decimal(str(cell))


def a_month_end(books: Books) -> None:
    """Two entities, three currencies, two accounts on one GL account, one break, one account without a closing."""
    books.account("x", "1100", tolerance="0.05")
    books.account("half", "1200")
    books.account("rest", "1200")
    books.account("yen", "1300", currency="JPY", minor_units=0)
    books.account("dinar", "1400", currency="BHD", minor_units=3, entity="QB02")
    books.account("silent", "1500")
    books.bank(END, "1000.10")
    books.bank(END, "5.00", "half")
    books.bank(END, "6.00", "rest")
    books.bank(END, "123456", "yen", currency="JPY")
    books.bank(END, "-0.125", "dinar", currency="BHD")
    books.gl((END, "900.10"))
    books.gl((END, "10.00"), gl="1200")
    books.gl((END, "123456"), gl="1300", currency="JPY")
    books.gl((END, "7"), gl="1500")
    books.item(END, "-40")
    books.reconcile()


def test_each_closing_stands_beside_its_reconciliation_as_the_ledger_has_them(
    books: Books, close: Close
) -> None:
    a_month_end(books)
    made = close()
    expected = books.rows(
        "SELECT a.account_id AS id, d.observed_at, d.ledger_balance, d.available_balance, r.*"
        "  FROM ledger.account AS a"
        "  LEFT JOIN ledger.daily_balance AS d ON d.account_id = a.account_id AND d.as_of_date = :on"
        "  LEFT JOIN recon.reconciliation AS r ON r.account_id = a.account_id AND r.as_of_date = :on"
        " ORDER BY a.entity, a.currency, a.gl_account, a.account_id",
        on=END,
    )
    assert len(expected) == 6
    money = {
        "Bank closing": "ledger_balance", "Bank available": "available_balance", "GL balance": "gl_balance",
        "Difference": "difference", "Bank items": "bank_items", "Book items": "book_items",
        "Unexplained": "unexplained", "Tolerance": "tolerance",
    }  # fmt: skip
    for row, stands in zip(made.rows("Balances"), expected, strict=True):
        assert row["Account"] == stands.id
        assert {head: exact(row[head]) for head in money} == {
            head: getattr(stands, column) for head, column in money.items()
        }
        assert (row["Status"], row["Cause"], row["Age (days)"]) == (
            stands.status or "not compared", stands.cause, stands.age_days,
        )  # fmt: skip
        assert row["Observed (UTC)"] == (stands.observed_at and stands.observed_at.replace(tzinfo=None))
    assert made.account("dinar")["Status"] == "not compared"
    assert made.account("silent")["Bank closing"] is None


def test_totals_count_a_shared_gl_account_once_and_never_cross_currencies(books: Books, close: Close) -> None:
    a_month_end(books)
    found = {
        (row["Entity"], row["Currency"]): [
            row["Accounts"], row["Without closing"], row["Bank closing"], row["GL accounts compared"],
            row["Not comparable"], row["Compared: bank"], row["Compared: GL"], row["Difference"], row["Unexplained"],
        ]
        for row in close().table("Balances on 2024-10-31")
    }  # fmt: skip
    assert found == {
        ("QB01", "EUR"): [4, 1, 1011.1, 3, 1, 1011.1, 910.1, 101, 61],
        ("QB01", "JPY"): [1, 0, 123456, 1, 0, 123456, 123456, 0, 0],
        ("QB02", "BHD"): [1, 0, -0.125, 0, 0, None, None, None, None],
    }


def test_the_page_says_the_same_as_the_workbook(books: Books, close: Close) -> None:
    a_month_end(books)
    made = close()
    heads, *rows = made.page.tables["Balances on 2024-10-31"]
    assert rows[0] == ["QB01", "EUR", "4", "1", "1,011.10", "3", "1", "1,011.10", "910.10", "101.00", "61.00"]
    for sheet in ("Open items", "Dates", "Sign-offs"):
        shown = made.page.tables.get(sheet, [heads])[1:]
        assert len(shown) == len(made.rows(sheet))
    (broken,) = [row for row in made.page.tables["Open items"] if "x" in row]
    assert broken[-8:-3] == ["900.10", "100.00", "-40.00", "0.00", "60.00"]
    file, line = broken[-2:]
    assert (file, line) == (
        books.value("SELECT name FROM recon.file_load WHERE kind = 'gl' ORDER BY load_no LIMIT 1"),
        "2",
    )
    for gap in made.pack.not_ready:
        assert gap in made.page.text
        assert gap in made.summary
    assert made.page.tags.isdisjoint({"script", "link", "img"}), "it needs nothing else"


def test_what_was_open_at_the_months_end_stays_in_its_pack_though_it_was_closed_later(
    books: Books, close: Close
) -> None:
    books.account()
    for on in (day(20), END, day(33)):
        books.bank(on, "100")
    books.gl((day(20), "93"), (END, "90"), (day(33), "100"))
    books.reconcile()
    assert books.rows("SELECT * FROM recon.open_break") == []
    october, november = close(), close("2024-11")
    (item,) = october.rows("Open items")
    assert (item["Open since"], item["As of"]) == (datetime(2024, 10, 20), datetime(2024, 10, 31))  # noqa: DTZ001
    assert (item["Age (days)"], item["Age"], item["Difference"]) == (11, "8-30", 10)
    assert november.rows("Open items") == []


def test_an_open_item_counts_at_its_last_compared_date_where_the_months_end_was_not_compared(
    books: Books, close: Close
) -> None:
    books.account()
    books.bank(day(5), "100")
    books.gl((day(5), "93"))
    books.reconcile()
    made = close()
    (item,) = made.rows("Open items")
    assert (item["As of"].day, item["Age (days)"], item["Unexplained"]) == (5, 0, 7)
    assert made.account()["Status"] == "not compared"


def test_open_items_by_age_are_those_that_the_ledger_counts(books: Books, close: Close) -> None:
    books.rows("SELECT ledger.ensure_partitions('2024-08-15')")
    for number, opened in enumerate((-60, -59, -29, 1, 23, 24, 31)):
        books.account(f"n{number}", entity=f"E{number}")
        books.account(f"m{number}", entity=f"E{number}")
        for on in {opened, 31}:
            books.bank(day(on), "60", f"n{number}")
            books.bank(day(on), "40", f"m{number}")
            books.gl((day(on), "93.5"), entity=f"E{number}")
    books.reconcile()
    expected = books.rows("SELECT * FROM recon.open_break_total")
    assert len({row.age_bucket for row in expected}) == 5
    found = close().table("Open items on 2024-10-31 by age")
    assert {
        (r["Entity"], r["Currency"], r["Days open"], r["Items"], r["With an amount"], exact(r["Unexplained"]),
         exact(r["Unexplained, gross"]), r["Oldest (days)"])
        for r in found
    } == {tuple(row) for row in expected}  # fmt: skip


@pytest.mark.parametrize("gl", ["300", "310"])
def test_a_member_that_has_left_its_group_counts_no_more_where_the_others_were_compared_again(
    books: Books, close: Close, gl: str
) -> None:
    for id_, amount in (("x", "100"), ("y", "200")):
        books.account(id_)
        books.bank(END, amount, id_)
    books.gl((END, gl))
    books.reconcile()
    books.rows("UPDATE ledger.account SET entity = 'QB02' WHERE account_id = 'x'")
    books.gl((END, "200"))
    books.reconcile()
    made = close()
    assert {row["Account"]: (row["Status"], row["Note"]) for row in made.rows("Balances")} == {
        "x": ("not compared", None),
        "y": ("matched", None),
    }
    said = "\n".join(map(str, made.pack.not_ready))
    assert "1 of 2 accounts (QB02: 1)" in said
    assert "estated" not in said
    assert "Open items" not in said
    assert books.value("SELECT count(*) FROM recon.open_break") == 0
    assert books.value("SELECT sum(gl_balance) FROM reporting_all.reconciliation WHERE leads_group") == 200


def test_an_account_counts_where_it_was_active_at_the_months_end(books: Books, close: Close) -> None:
    periods = {"here": ("2024-09-01", None), "gone": ("2024-09-01", "2024-10-20"), "late": ("2024-11-02", None),
               "closed since": ("2024-09-01", "2024-11-05")}  # fmt: skip
    for name, (opened, closed) in periods.items():
        id_ = name.replace(" ", "-")
        books.account(id_, id_, active=True)
        books.rows(
            "INSERT INTO ledger.account_period VALUES (:id, :opened, :closed)",
            id=id_,
            opened=opened,
            closed=closed,
        )
        books.bank(day(3), "1", id_)
        books.gl((day(3), "2"), gl=id_)
    books.reconcile()
    books.rows("UPDATE ledger.account SET active = false WHERE account_id IN ('gone', 'closed-since')")
    made = close()
    assert {row["Account"] for row in made.rows("Balances")} == {"here", "closed-since"}
    assert {row["Accounts"] for row in made.rows("Open items")} == {"here", "closed-since"}
    assert [row["Accounts"] for row in made.rows("Dates")][18:21] == [3, 2, 2]


def test_an_account_that_was_closed_on_the_close_date_keeps_no_month_from_being_ready(
    books: Books, close: Close
) -> None:
    """It has a closing of the date, and was not active as that ended: nothing is compared with it, and nothing can be."""
    for id_, closed in (("here", None), ("gone", f"{END} 10:00+00")):
        books.account(id_, id_)
        books.rows("INSERT INTO ledger.account_period VALUES (:id, '2024-09-01', :at)", id=id_, at=closed)
        books.bank(END, "1", id_, at="09:00")
        books.gl((END, "1"), gl=id_)
    books.rows("UPDATE ledger.account SET active = false WHERE account_id = 'gone'")
    books.reconcile()
    made = close()
    assert {row["Account"]: row["Status"] for row in made.rows("Balances")} == {
        "here": "matched",
        "gone": "not compared",
    }
    assert not [gap for gap in made.pack.not_ready if "Not compared on" in str(gap)]


def test_sign_offs_are_there_with_who_when_and_why_and_what_took_them_back(
    books: Books, close: Close, sign: Sign, logins: dict[str, Engine]
) -> None:
    for id_ in ("x", "y", "z"):
        books.account(id_, id_)
        books.bank(END, "100", id_)
        books.gl((END, "100"), gl=id_)
    books.reconcile()
    for id_ in ("x", "y", "z"):
        sign("jane", "prepare", id_=id_)
    sign("joe", "approve", id_="x")
    sign("joe", "approve", id_="y")
    sign("joe", "reject", id_="z", comment="=1+1 is not what the bank says")
    books.bank(END, "101", "y", at="13:00")
    books.bank(day(33), "100")
    books.gl((day(33), "100"), gl="x")
    books.reconcile()
    sign("jane", "prepare", day(33))
    made = close()
    actions = made.rows("Sign-offs")
    assert all(action["By login"] == action["By"] for action in actions)  # at a prompt; the page's is another
    assert [(row["Account"], row["Action"], row["Version"]) for row in actions] == [
        ("x", "prepared", 1), ("x", "approved", 1),
        ("y", "prepared", 1), ("y", "approved", 1), ("y", "decertified", 2),
        ("z", "prepared", 1), ("z", "rejected", 1),
    ]  # fmt: skip
    jane, joe = (str(logins[name].url.username) for name in ("jane", "joe"))
    assert [row["By"] for row in actions][:4] == [jane, joe, jane, joe]
    assert actions[-1]["Comment"] == "=1+1 is not what the bank says"
    assert "100 to 101" in actions[4]["Comment"]
    newest = books.value("SELECT max(at) FROM recon.sign_off WHERE as_of_date = :on", on=END)
    assert max(row["At (UTC)"] for row in actions) == newest.astimezone(UTC).replace(
        tzinfo=None, microsecond=0
    )
    assert {id_: made.account(id_)["Sign-off"] for id_ in "xyz"} == {
        "x": "approved", "y": "decertified", "z": "rejected",
    }  # fmt: skip
    assert (made.account()["Prepared by"], made.account()["Approved by"]) == (jane, joe)
    states = {row["State"]: row["Account-dates of the month"] for row in made.table("Sign-off")}
    assert states == {
        "open": 0, "prepared": 0, "approved": 1, "rejected": 1, "decertified": 1, "not compared": 90,
    }  # fmt: skip
    assert "Not approved: 2 of 3 compared account-dates (rejected: 1, decertified: 1)." in made.pack.not_ready


def test_what_is_not_ready_is_said_in_numbers(books: Books, close: Close) -> None:
    a_month_end(books)
    books.gl((END, "1"), gl="nobody's")
    books.bank(END, "7", "half", at="14:00")
    assert close().pack.not_ready == (
        "No closing balance on 2024-10-31: 1 of 6 accounts.",
        "Not compared on 2024-10-31: 1 of 6 accounts (QB02: 1). Load the general ledger for that date, then reconcile.",
        "Restated by the bank or in the GL since the reconciliation of 2024-10-31: 2 of 6 accounts. Reconcile again.",
        "GL balances on 2024-10-31 without a bank account: 1. See recon.unmapped_gl.",
        "Not compared earlier: 180 account-dates, on 30 dates from 2024-10-01 to 2024-10-30.",
        "Not approved: 5 of 5 compared account-dates (open: 5).",
        "Open items on 2024-10-31: 3, of which 0 for more than 90 days.",
        "Before the ledger's first account: 744 of the month's 744 hours.",
    )


def test_a_restated_account_is_marked_until_it_is_compared_again(books: Books, close: Close) -> None:
    books.account()
    books.bank(END, "100")
    books.gl((END, "100"))
    books.reconcile()
    assert close().account()["Note"] is None
    books.bank(END, "100", at="13:00")
    assert close().account()["Note"] is None, "later, and the same"
    books.account("silent")
    books.reconcile()
    assert close().account()["Status"] == "missing_bank"
    assert close().account()["Note"] is None, "a sum that lacks a member is none"
    books.bank(END, "0", "silent")
    books.reconcile()
    books.gl((END, "101"))
    assert close().account()["Note"] == "restated since it was compared"
    books.reconcile()
    assert close().account()["Note"] is None


def test_a_closing_in_another_currency_is_none_and_is_named(books: Books, close: Close) -> None:
    books.account()
    books.bank(END, "100", currency="USD")
    books.gl((END, "100"))
    books.reconcile()
    row = close().account()
    assert (row["Bank closing"], row["Currency"], row["Status"]) == (None, "EUR", "missing_bank")
    assert row["Note"] == "its closing is in USD"


def test_the_missing_hours_are_the_months_with_their_reasons_and_add_up_to_its_coverage(
    books: Books, close: Close
) -> None:
    books.account()
    books.bank(day(5), "100")
    books.rows("INSERT INTO ledger.account_period VALUES ('x', '2024-09-30 20:00', '2024-11-01 04:00')")
    books.rows(
        "INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)"
        " VALUES ('d', 'bank', now(), false, false, 1)"
    )
    for hour in ("2024-09-30 23:00", "2024-10-07 10:00", "2024-10-08 10:00", "2024-11-01 00:00"):
        books.rows(
            "INSERT INTO ledger.missing_hour_reason VALUES ('x', :hour, 'http_503', 1, now())",
            hour=f"{hour}+00",
        )
    made = close()
    assert [(row["Reason"], row["Hours"], row["First hour (UTC)"]) for row in made.rows("Missing hours")] == [
        ("http_503", 2, datetime(2024, 10, 7, 10)),  # noqa: DTZ001
        ("no run", 741, datetime(2024, 10, 1)),  # noqa: DTZ001
    ]
    assert len(made.rows("Coverage")) == 744
    assert sum(row["Missing"] for row in made.rows("Coverage")) == 743
    (coverage,) = made.table("Coverage of the month's hours")
    assert (coverage["Complete"], coverage["Account-hours expected"], coverage["Present"]) == (1, 744, 1)
    assert "Missing balances: 743 of 744 account-hours (no run: 741, http_503: 2)." in made.pack.not_ready
