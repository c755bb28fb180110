"""Close: what a month lacks with the way to where it is mended, and its pack as a download."""

import io
from datetime import UTC, datetime

import openpyxl
import pytest

from qbank_ledger.month_end.pack import close_month
from tests.integration.page.conftest import Grant
from tests.words.books import Books, day
from tests.words.ledger import Ledger
from tests.words.page import Site, read

OCTOBER = "close?month=2024-10"


@pytest.fixture
def books(ledger: Ledger) -> Books:
    """October 2024 has a day that was compared and one, its last, that does not match."""
    books = Books(ledger)
    books.account("x")
    for on in (day(30), day(31)):
        books.bank(on, "100.00")
    books.gl((day(30), "100.00"), (day(31), "90.00"))
    books.reconcile()
    return books


@pytest.mark.usefixtures("books")
def test_what_is_not_ready_is_listed_with_the_way_there(site: Site) -> None:
    page = site.get(OCTOBER).text
    assert "Close of 2024-10" in page
    lines = site.csv(f"{OCTOBER.replace('close', 'close.csv')}&table=gaps")[1:]
    said = "\n".join(lines)
    assert "Not approved: 2 of 2 compared account-dates (open: 2).,Reconciliation of 2024-10-30" in said
    assert (
        '"Open items on 2024-10-31: 1, of which 0 for more than 90 days.",Reconciliation of 2024-10-31'
        in said
    )
    assert "reconciliation?date=2024-10-30&amp;state=unsigned" in page
    assert "reconciliation?date=2024-10-31&amp;status=unmatched" in page
    assert [
        line.split(",")[1] for line in site.csv("reconciliation.csv?date=2024-10-31&status=unmatched")[1:]
    ] == ["x"]


def test_the_page_and_the_pack_say_the_same(site: Site, books: Books) -> None:
    books.account("y")
    books.account("z")
    books.bank(day(31), "101.00")
    pack = close_month(books.ledger.engine, "2024-10", books.ledger.folder)
    said = site.text(OCTOBER)
    abouts = (
        "No closing balance on",
        "Not compared on",
        "Restated by the bank",
        "Not approved",
        "Open items",
    )
    assert [gap for gap in abouts if not any(each.startswith(gap) for each in pack.not_ready)] == []
    # Why account-hours are missing stands in the pack alone.
    assert [gap for gap in pack.not_ready if gap.partition(" (no run")[0].rstrip(".") not in said] == []
    dates = site.csv("close.csv?month=2024-10&table=dates")[1:]
    assert [line.split(",")[0] for line in dates] == [f"2024-10-{n:02}" for n in range(1, 32)]
    assert dates[-1] == "2024-10-31,3,2,0,0,1,0,0,0,0,1,0,0,0,0"


@pytest.mark.usefixtures("books")
def test_the_pack_is_made_and_taken_along(site: Site, ledger: Ledger) -> None:
    token = site.token(OCTOBER, "viewer")
    for file in ("xlsx", "html"):
        answer = site.post("close/pack", "viewer", token=token, data={"month": "2024-10", "file": file})
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="2024-10.{file}"'
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        if file == "xlsx":
            book = openpyxl.load_workbook(io.BytesIO(answer.content))
            assert book["Balances"].cell(2, 3).value == "x"
        else:
            assert "Close pack 2024-10" in read(answer.text)


@pytest.mark.usefixtures("books")
def test_a_pack_is_made_by_a_form_of_the_page_alone(site: Site) -> None:
    token, data = site.token(OCTOBER, "viewer"), {"month": "2024-10", "file": "xlsx"}
    assert site.get("close/pack", params=data).status_code == 405
    assert site.post("close/pack", None, token=token, data=data).status_code == 401
    for options in (
        {"token": ""},
        {"token": token, "session": "two"},
        {"token": token, "headers": {"Origin": "https://evil.example"}},
    ):
        assert site.post("close/pack", "viewer", data=data, **options).status_code == 403


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize(
    ("month", "file", "said"),
    [
        ("2024-13", "xlsx", "is not a month: write the year and month"),
        ("2023-01", "html", "there is nothing to close"),
        ("2999-01", "html", "has not begun"),
        ("2024-10", "exe", "look at file"),
    ],
)
def test_a_pack_that_can_not_be_made_is_a_sentence(site: Site, month: str, file: str, said: str) -> None:
    token = site.token(OCTOBER, "viewer")
    answer = site.post("close/pack", "viewer", token=token, data={"month": month, "file": file})
    assert answer.status_code == 422
    assert said in read(answer.text)


def test_the_newest_month_that_is_over_is_shown(site: Site, ledger: Ledger) -> None:
    now = datetime.now(UTC)
    month = f"{now.year - (now.month == 1)}-{(now.month - 2) % 12 + 1:02}"
    said = site.text("close")
    assert f"Close of {month}" in said
    assert f"The ledger has no balance and no reconciliation of {month}: there is nothing to close." in said
    assert 'action="/somewhere/qbank/close/pack"' not in site.get("close").text


@pytest.mark.usefixtures("books")
def test_a_month_that_is_none_is_refused(site: Site) -> None:
    assert site.get("close?month=2024-1").status_code == 422
    assert "&lt;script&gt;" in site.get("close?month=<script>").text


def test_a_month_that_is_done_is_ready(site: Site, ledger: Ledger, grant: Grant) -> None:
    ledger.accounts()
    books = Books(ledger)
    books.account("x")
    grant("ann", "prepare")
    grant("bob", "approve")
    for n in range(1, 32):
        books.rows("SELECT 1")
        books.bank(day(n), "1", at="23:59")
    books.gl(*((day(n), "1") for n in range(1, 32)))
    books.reconcile()
    assert "Not approved: 31 of 31" in site.text(OCTOBER)
    for name, verb in (("ann", "prepare"), ("bob", "approve")):
        for n in range(1, 32):
            site.act("reconciliation", f"reconciliation/sign?date={day(n)}", name, verb=verb, chosen="1 x")
    assert "Not approved" not in site.text(OCTOBER)
