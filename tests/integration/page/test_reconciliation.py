"""Reconciliation: a date's accounts beside the books, and signing them off, by two persons, through the page."""

import html
import re
from functools import partial

import pytest

from qbank_page.frame.host import Visitor
from qbank_page.frame.pages import Pages
from qbank_page.frame.security import new_token
from tests.integration.page.conftest import Grant
from tests.words.books import ITEM_HEADER, Books, day
from tests.words.ledger import Ledger
from tests.words.page import PREFIX, Site, read


@pytest.fixture
def books(ledger: Ledger) -> Books:
    """QB01: x and y are compared on the first day, y does not match; z is QB02's."""
    books = Books(ledger)
    ledger.listed(
        [
            {"id": "x", "name": "Operating", "gl": "1100", "max_age": 1440},
            {"id": "y", "name": "Payroll", "gl": "1200", "max_age": 1440},
            {
                "id": "z",
                "name": "Tokyo",
                "gl": "1",
                "entity": "QB02",
                "currency": "JPY",
                "minor_units": 0,
                "max_age": 1440,
            },
        ]
    )
    books.bank(day(1), "100.00")
    books.bank(day(1), "1000.50", "y")
    books.bank(day(1), "5", "z", currency="JPY")
    books.gl((day(1), "100.00"))
    books.gl((day(1), "900.00"), gl="1200")
    books.gl((day(1), "5"), gl="1", entity="QB02", currency="JPY")
    books.reconcile()
    return books


DATE = day(1).isoformat()
SIGN = f"reconciliation/sign?date={DATE}"


def test_the_newest_date_is_shown_with_its_numbers(site: Site, books: Books) -> None:
    said = site.text("reconciliation")
    assert f"Reconciliation for {DATE}" in said
    lines = site.csv("reconciliation.csv")
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["Operating", "x"],
        ["Payroll", "y"],
        ["Tokyo", "z"],
    ]
    assert "y,QB01,1200,EUR,1000.50,900.00,100.50,0.00,100.50,0.00,break,unexplained,0,,open" in lines[2]


def test_links_to_csvs_and_pages_keep_the_date_that_is_shown(
    site: Site, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbank_page.reconciliation.page.Pages", partial(Pages, at_once=1))
    page = site.get("reconciliation").text
    books.bank(day(2), "7")  # meanwhile another date is compared
    books.gl((day(2), "7"))
    books.reconcile()
    links = re.findall(rf'href="{PREFIX}/(reconciliation(?:\.csv)?\?[^"]*)"', page)
    kept = [html.unescape(link) for link in links if "date=" not in link or f"date={DATE}" in link]
    csvs = [link for link in kept if ".csv" in link]
    assert len(csvs) == 3
    assert all(f"date={DATE}" in link for link in kept)
    assert any("page=2" in link for link in kept)
    assert len(site.csv(csvs[0])) > 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("entity=QB02", ["z"]),
        ("status=break", ["y"]),
        ("state=approved", []),
        ("state=unsigned", ["x", "y", "z"]),
        ("date=2024-10-02", []),
    ],
)
def test_accounts_are_filtered(site: Site, books: Books, asked: str, found: list[str]) -> None:
    assert [line.split(",")[1] for line in site.csv(f"reconciliation.csv?{asked}")[1:]] == found


def test_totals_and_closings_are_exact_whatever_their_length(site: Site, books: Books) -> None:
    longest = "12345678901234567890123456789012345678.01"
    for account, amount in (("x", f"-{longest}"), ("y", "0.00")):
        books.bank(day(2), amount, account)
    books.gl((day(2), "0"))
    books.gl((day(2), "0"), gl="1200")
    books.reconcile()
    on = day(2).isoformat()
    totals = site.csv(f"reconciliation.csv?date={on}&entity=QB01&table=totals")
    assert totals[1].endswith(f",-{longest},{longest}")
    assert "It differs from the one that was compared" not in site.text(f"reconciliation/x?date={on}")


def test_dates_are_listed_with_counts(site: Site, books: Books) -> None:
    books.bank(day(2), "7")
    books.gl((day(2), "7"))
    books.reconcile()
    assert site.csv("reconciliation.csv?table=dates")[1:] == [
        "2024-10-02,2,1,0,0,1,0,2,0,0,0",
        "2024-10-01,3,2,0,1,0,0,3,0,0,0",
    ]
    assert site.csv("reconciliation.csv?table=totals&date=2024-10-01")[1:] == [
        "QB01,EUR,2,1,2,100.50,100.50",
        "QB02,JPY,1,0,1,0,0",
    ]


@pytest.mark.usefixtures("books")
def test_one_prepares_and_another_approves(site: Site, grant: Grant) -> None:
    grant("ann", "prepare")
    grant("bob", "approve")
    said = site.act("reconciliation", SIGN, "ann", verb="prepare", chosen=["1 x", "1 y"])
    assert said.startswith("2 of 2 done. x: prepared")
    said = site.act("reconciliation", SIGN, "bob", verb="approve", chosen=["1 x", "1 y"])
    assert "1 of 2 done. x: approved" in said
    assert "approving that needs a comment: say why it may stand" in said
    page = site.text("reconciliation")
    assert "approved airflow:ann airflow:bob" in page
    said = site.act(
        f"reconciliation/y?date={DATE}", SIGN, "bob",
        verb="reject", chosen="1 y", comment="Wrong file.",
    )  # fmt: skip
    assert "y: rejected" in said
    history = site.csv(f"reconciliation/y.csv?date={DATE}&table=sign_offs")
    assert [line.split(",")[0] for line in history[1:]] == ["rejected", "prepared"]
    assert "Wrong file." in history[1]


@pytest.mark.usefixtures("books")
def test_all_that_is_shown_is_signed_at_once(site: Site, grant: Grant) -> None:
    grant("ann", "prepare")
    assert 'name="all"' in site.get("reconciliation", "ann").text
    said = site.act("reconciliation", SIGN, "ann", verb="prepare", all="true", shown=["1 x", "1 y", "1 z"])
    assert said.startswith("3 of 3 done.")
    assert 'name="verb"' not in site.get("reconciliation", "ann").text


@pytest.mark.usefixtures("books")
def test_one_person_is_never_two(site: Site, grant: Grant) -> None:
    grant("ann", "prepare", "approve")
    grant("ann.b", "approve", person="ann")
    form = {"chosen": "1 x"}
    site.act("reconciliation", SIGN, "ann", verb="prepare", **form)
    for name in ("ann", "ann.b"):
        said = site.act("reconciliation", SIGN, name, verb="approve", **form)
        assert "0 of 1 done." in said
        assert "somebody else has to look at it" in said


def test_a_version_that_was_not_seen_is_not_signed(site: Site, books: Books, grant: Grant) -> None:
    grant("ann", "prepare")
    books.gl((day(1), "99.00"))
    books.reconcile()
    said = site.act("reconciliation", SIGN, "ann", verb="prepare", chosen=["1 x", "1 y"])
    assert "1 of 2 done." in said
    assert "version 1 is not the newest: look at version 2 and sign that" in said
    assert "GL: 100.00 → 99.00" in site.text(f"reconciliation/x?date={DATE}")


@pytest.mark.usefixtures("books")
def test_who_signs_while_dates_are_compared_is_asked_to_try_again(
    site: Site, ledger: Ledger, grant: Grant
) -> None:
    grant("ann", "prepare")
    here = site.host.url
    site.host.url = here.update_query_dict({"options": "-c statement_timeout=500"})
    try:
        with ledger.owner.begin() as connection:
            connection.exec_driver_sql("SELECT ledger.acquire_lock('reconcile')")
            said = site.act("reconciliation", SIGN, "ann", verb="prepare", chosen="1 x")
    finally:
        site.host.url = here
    assert "The ledger took too long to answer" in said
    assert "try again in a minute" in said
    assert ledger.value("SELECT count(*) FROM recon.sign_off") == 0


@pytest.mark.usefixtures("books")
def test_only_who_may_sees_a_form_and_the_ledger_holds_to_it(site: Site, grant: Grant) -> None:
    grant("ann", "prepare", entity="QB02")
    assert 'name="verb"' not in site.get("reconciliation").text
    page = site.get("reconciliation", "ann").text
    assert page.count('name="chosen"') == 1
    assert 'value="approve"' not in page
    said = site.act("reconciliation", SIGN, "ann", verb="prepare", chosen=["1 x", "1 z"])
    assert "1 of 2 done." in said
    assert "airflow:ann may not prepare for entity QB01" in said


@pytest.mark.usefixtures("books")
def test_what_took_an_approval_back_is_told(site: Site, books: Books, grant: Grant) -> None:
    grant("ann", "prepare")
    grant("bob", "approve")
    for name, verb in (("ann", "prepare"), ("bob", "approve")):
        site.act("reconciliation", SIGN, name, verb=verb, chosen="1 x")
    books.bank(day(1), "101.00", at="13:00")
    books.reconcile()
    said = site.text(f"reconciliation/x?date={DATE}")
    assert "decertified" in said
    assert "Approval by airflow:bob taken back: bank balance restated from 100.00 to 101.00" in said


def test_a_break_opens_to_the_numbers_behind_it(site: Site, books: Books) -> None:
    books.item(day(1), "-50.25")
    books.load(
        f"{ITEM_HEADER}\nQB01,1200,EUR,2024-10-03,,bank,cheque,-100.50,late\nQB01,1200,EUR,2024-10-01,,book,fee,-1,f\n",
        "items",
    )
    books.reconcile()
    page = f"reconciliation/y?date={DATE}"
    said = site.text(page)
    assert "Payroll on 2024-10-01" in said
    assert "Unexplained = 101.50" in said
    bank = site.csv(f"reconciliation/y.csv?date={DATE}&table=bank")
    assert bank[1].startswith("y,Payroll,1000.50,EUR,2024-10-01T12:00:00.000000Z,1,")
    assert '/runs/1">1</a>' in site.get(page).text
    figures = site.csv(f"reconciliation/y.csv?date={DATE}&table=books")
    assert ",2,900.00,EUR,true,2,plain," in figures[1]
    items = site.csv(f"reconciliation/y.csv?date={DATE}&table=items")
    assert [line.split(",")[:4] for line in items[1:]] == [["f", "fee", "book", "-1.00"]]


@pytest.mark.usefixtures("books")
def test_how_it_is_reckoned_has_every_digit_under_the_pointer_and_as_csv(site: Site) -> None:
    page = site.get(f"reconciliation/y?date={DATE}").text
    assert '<td class="number" title="1000.50">1,000.50</td>' in page
    assert f'href="{PREFIX}/reconciliation/y.csv?date={DATE}&amp;table=reckoned"' in page
    assert site.csv(f"reconciliation/y.csv?date={DATE}&table=reckoned") == [
        "line,amount,currency,version",
        "Closing at the bank,1000.50,EUR,1",
        "Closing in the books,900.00,EUR,1",
        "Difference,100.50,EUR,1",
        "Items not yet at the bank,0.00,EUR,1",
        "Items not yet in the books,0.00,EUR,1",
        "Unexplained,100.50,EUR,1",
        "Tolerance,0.00,EUR,1",
    ]
    assert site.csv(f"reconciliation/y.csv?date={DATE}")[0].startswith("account_id,")  # the first, as before


def test_an_item_that_would_explain_a_break_is_shown(site: Site, books: Books) -> None:
    books.load(f"{ITEM_HEADER}\nQB01,1200,EUR,2024-10-03,,bank,cheque,-100.50,late\n", "items")
    books.reconcile()
    (line,) = site.csv(f"reconciliation/y.csv?date={DATE}&table=items")[1:]
    assert line.startswith('late,cheque,bank,-100.50,2024-10-03,,false,"if counted, explains the rest"')


def test_of_many_items_and_notes_the_page_has_the_first_and_the_csv_all(site: Site, books: Books) -> None:
    rows = "".join(f"QB01,1200,EUR,{DATE},,book,fee,-1,f{n}\n" for n in range(501))
    books.load(f"{ITEM_HEADER}\n{rows}", "items")
    books.reconcile()
    books.rows(
        "INSERT INTO recon.break_note (account_id, as_of_date, opened_on, note, actor)"
        " SELECT 'y', :on, :on, 'note ' || n, 'airflow:ann' FROM generate_series(1, 201) AS n",
        on=DATE,
    )
    page = site.text(f"reconciliation/y?date={DATE}")
    for table, shown, every in (("items", 500, 501), ("notes", 200, 201)):
        assert len(site.csv(f"reconciliation/y.csv?date={DATE}&table={table}")) == 1 + every
        assert f"The first {shown} of {every}: the CSV has all" in page


@pytest.mark.usefixtures("books")
def test_what_is_signed_may_leave_the_last_page_and_the_one_before_is_shown(
    site: Site, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbank_page.reconciliation.page.Pages", partial(Pages, at_once=1))
    grant("ann", "prepare")
    grant("bob", "approve")
    site.act("reconciliation", SIGN, "ann", verb="prepare", chosen=["1 x", "1 y", "1 z"])
    last = f"date={DATE}&state=unsigned&page=3"
    assert "Page 3 of 3, 3 accounts" in site.text(f"reconciliation?{last}")
    answer = site.post(
        f"reconciliation/sign?{last}", "bob", token=site.token("reconciliation", "bob"),
        data={"verb": "approve", "all": "true", "shown": "1 z"},
    )  # fmt: skip
    said = read(answer.text)
    assert "z: approved" in said
    assert "Page 2 of 2, 2 accounts" in said
    assert "No account matches" not in said
    assert 'page=1" rel="prev"' in answer.text


@pytest.mark.usefixtures("books")
def test_an_open_break_has_an_owner_and_notes(site: Site, grant: Grant) -> None:
    grant("ann", "prepare", entity="QB01")
    page = f"reconciliation/y?date={DATE}"
    assert 'name="assignee"' not in site.get(page).text
    assert (
        site.act(
            page, "reconciliation/y/note", "ann", date=DATE, opened_on=DATE, assignee="Kim", note="A cheque?"
        )
        == "The note is saved."
    )
    said = site.text(page)
    assert "Owner Kim" in said
    assert "airflow:ann Kim A cheque?" in said
    assert ",Kim,open," in site.csv("reconciliation.csv?status=break")[1]


@pytest.mark.usefixtures("books")
def test_an_owner_is_taken_away_and_kept_where_the_field_was_left_alone(site: Site, grant: Grant) -> None:
    grant("ann", "prepare", entity="QB01")
    page, path = f"reconciliation/y?date={DATE}", "reconciliation/y/note"
    site.act(page, path, "ann", date=DATE, opened_on=DATE, assignee="Kim <b>")
    form = site.get(page, "ann").text
    assert '<input type="hidden" name="was" value="Kim &lt;b&gt;">' in form
    assert 'name="assignee" maxlength="200" value="Kim &lt;b&gt;"' in form
    site.act(
        page, path, "ann", date=DATE, opened_on=DATE, was="", assignee="Joe"
    )  # meanwhile, by somebody else
    site.act(page, path, "ann", date=DATE, opened_on=DATE, was="Kim <b>", assignee="Kim <b>", note="a fee")
    assert "Owner Joe" in site.text(page)
    site.act(page, path, "ann", date=DATE, opened_on=DATE, was="Joe", assignee=" ")
    assert "Owner" not in site.text(page)
    notes = [line.split(",")[2:4] for line in site.csv(f"reconciliation/y.csv?date={DATE}&table=notes")[1:]]
    assert notes == [["nobody", ""], ["", "a fee"], ["Joe", ""], ["Kim <b>", ""]]
    assert ",,open," in site.csv("reconciliation.csv?status=break")[1]


def test_a_note_is_of_the_item_that_was_seen_or_of_none(site: Site, books: Books, grant: Grant) -> None:
    grant("ann", "prepare", entity="QB01")
    page, path = f"reconciliation/y?date={DATE}", "reconciliation/y/note"
    form = site.get(page, "ann").text
    assert f'<input type="hidden" name="opened_on" value="{DATE}">' in form
    for on, gl in ((day(2), "1000.50"), (day(3), "900.00")):  # meanwhile it matches, and another opens
        books.bank(on, "1000.50", "y")
        books.gl((on, gl), gl="1200")
    books.reconcile()
    answer = site.post(
        path, "ann", token=site.token(page, "ann"),
        data={"date": DATE, "opened_on": DATE, "assignee": "Kim", "note": "a <b>cheque"},
    )  # fmt: skip
    assert answer.status_code == 409
    assert (
        "The note for account y was not saved: you saw the item open since 2024-10-01, but the one open now "
        "dates from 2024-10-03. Look at that one, then save your note. You wrote: a <b>cheque"
    ) in read(answer.text)
    assert books.rows("SELECT FROM recon.break_note") == []
    newest = day(3).isoformat()
    assert site.act(page, path, "ann", date=DATE, opened_on=newest, note="a fee") == "The note is saved."
    assert [str(row.opened_on) for row in books.rows("SELECT opened_on FROM recon.break_note")] == [newest]


@pytest.mark.usefixtures("books")
def test_a_note_is_refused_in_the_ledgers_words(site: Site, grant: Grant) -> None:
    grant("ann", "prepare")
    page = f"reconciliation/y?date={DATE}"
    said = site.act(page, "reconciliation/y/note", "ann", date=DATE, opened_on=DATE)
    assert said == "Nothing is noted of account y: say who is to look into it, or what is known of it."
    said = site.act(page, "reconciliation/x/note", "ann", date=DATE, opened_on=DATE, note="n")
    assert "it has no open item" in said


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("path", [SIGN, "reconciliation/y/note"])
def test_nothing_is_signed_or_noted_by_a_foreign_form(
    site: Site, ledger: Ledger, grant: Grant, path: str
) -> None:
    grant("ann", "prepare")
    data = {"date": DATE, "verb": "prepare", "chosen": "1 y", "note": "n"}
    token = site.token("reconciliation", "ann")
    assert site.get(path, "ann", params=data).status_code in (404, 405, 422)
    for options in (
        {"user": "ann", "token": ""},
        {"user": "bob", "token": token},
        {"user": "ann", "token": token, "session": "two"},
        {"user": "ann", "token": token, "headers": {"Origin": "https://evil.example"}},
        {"user": "ann", "token": token, "headers": {"Origin": None}},
    ):
        assert site.post(path, data=data, **options).status_code == 403
    assert site.post(path, None, token=token, data=data).status_code == 401
    assert ledger.value("SELECT count(*) FROM recon.sign_off") == 0
    assert ledger.value("SELECT count(*) FROM recon.break_note") == 0


@pytest.mark.usefixtures("books")
def test_who_may_nothing_is_told_so(site: Site, ledger: Ledger) -> None:
    token = new_token(site.host.secret(), Visitor("ann", "one"))
    answer = site.post(SIGN, "ann", token=token, data={"date": DATE, "verb": "prepare", "chosen": "1 y"})
    assert "airflow:ann may not prepare" in read(answer.text)
    assert ledger.value("SELECT count(*) FROM recon.sign_off") == 0


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("reconciliation?date=x", 422),
        ("reconciliation?date=9999-12-31", 200),
        ("reconciliation?date=0001-01-01", 200),
        ("reconciliation?state=x", 422),
        (f"reconciliation/nobody?date={DATE}", 404),
        (f"reconciliation/x%00?date={DATE}", 422),
        ("reconciliation/x", 422),
        (f"reconciliation/x.csv?date={DATE}&table=x", 404),
    ],
)
def test_what_can_not_be_shown_is_a_sentence(site: Site, path: str, status: int) -> None:
    assert site.get(path).status_code == status


def test_words_of_others_are_shown_and_not_run(site: Site, books: Books, grant: Grant) -> None:
    grant("ann", "prepare")
    books.rows("UPDATE ledger.account SET name = '<script>alert(1)</script>' WHERE account_id = 'y'")
    page = f"reconciliation/y?date={DATE}"
    site.act(
        page, "reconciliation/y/note", "ann", date=DATE, opened_on=DATE, note="<script>alert(2)</script>"
    )
    site.act(
        page,
        SIGN,
        "ann",
        verb="prepare",
        chosen="1 y",
        comment="<script>alert(3)\0",
    )
    for address in (page, "reconciliation"):
        assert "<script>alert" not in site.get(address).text
    assert "<script>alert(3)" in site.text(page)


@pytest.mark.usefixtures("books")
def test_lines_are_kept_as_they_are_counted_and_shown_as_lines(
    site: Site, ledger: Ledger, grant: Grant
) -> None:
    grant("ann", "prepare")
    page, longest = f"reconciliation/y?date={DATE}", "one\r\n" * 500  # 2,000 as a browser counts
    assert (
        site.act(page, "reconciliation/y/note", "ann", date=DATE, opened_on=DATE, note=longest)
        == "The note is saved."
    )
    assert "1 of 1 done" in site.act(page, SIGN, "ann", verb="prepare", chosen="1 y", comment="a\rb\r\nc")
    assert ledger.value("SELECT note FROM recon.break_note").strip() == ("one\n" * 500).strip()
    assert ledger.value("SELECT comment FROM recon.sign_off") == "a\nb\nc"
    assert r"\r" not in site.text(page)


def test_a_name_that_would_turn_what_follows_is_shown_and_not_obeyed_anywhere(
    site: Site, books: Books, grant: Grant
) -> None:
    grant("ann", "prepare")
    books.rows("UPDATE ledger.account SET name = 'Pay' || chr(8238) || 'roll' WHERE account_id = 'y'")
    for address in ("reconciliation", f"reconciliation/y?date={DATE}", "position", "accounts/y"):
        page = site.get(address, "ann").text
        assert ("\u202e" in page, r"Pay\u202eroll" in page) == (False, True), address


def test_an_empty_ledger_says_what_to_do(site: Site, ledger: Ledger) -> None:
    assert "load the books for a date, then reconcile" in site.text("reconciliation")
