"""An account: its balances with their gaps, and how each came to be."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.words.ledger import Ledger, failed
from tests.words.page import Site, read

HOUR = timedelta(hours=1)
LONGEST = "12345678901234567890123456789012345.67"


def ago(hours: int) -> datetime:
    """The hour that began so many hours before this one."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - hours * HOUR


def seen(ledger: Ledger, id_: str, hours_ago: int, amount: str, currency: str = "EUR") -> None:
    at = ago(hours_ago) + timedelta(seconds=5)
    ledger.observed([{"id": id_, "at": at, "amount": amount, "currency": currency}])


def points(site: Site, address: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="points">(.*?)</script>', site.get(address).text)
    assert found
    chart: dict[str, Any] = json.loads(found[1])
    return chart


@pytest.fixture
def account(ledger: Ledger) -> None:
    """Expected for 400 hours; observed 5 to 2 hours ago but for one hour, which a failed run in."""
    ledger.listed(
        [{"id": "a", "name": "Operating", "zone": "Asia/Kolkata", "cut_off": "17:30", "tolerance": "0.05"}]
    )
    ledger.opened("a", at=ago(400))
    for hours_ago, amount in ((5, "1"), (4, LONGEST), (2, "3.5")):
        seen(ledger, "a", hours_ago, amount)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("page", "marked"),
    [("accounts/a", ("true", "Position")), ("position", ("page", "Position")), ("runs/1", ("page", "Runs"))],
)
def test_the_navigation_marks_where_one_is(site: Site, page: str, marked: tuple[str, str]) -> None:
    navigation = site.get(page).text.partition("</nav>")[0]
    assert re.findall(r'<a [^>]*aria-current="(\w+)">(\w+)<', navigation) == [marked]


@pytest.mark.usefixtures("account")
def test_it_says_what_the_account_is(site: Site) -> None:
    said = site.text("accounts/a")
    assert "Operating" in said
    for fact in (
        "GL account 1100",
        "Time zone Asia/Kolkata",
        "Day closes at 17:30",
        "Grace period 5 min",
        "Tolerance 0.05",
        "Bank account not given",
        "Active yes",
    ):
        assert fact in said


@pytest.mark.usefixtures("account")
def test_hours_have_their_balance_exactly_or_a_reason(site: Site, ledger: Ledger) -> None:
    run_no = ledger.value(
        "INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)"
        " VALUES ('x', 'bank', now(), false, false, 1) RETURNING run_no"
    )
    ledger.rows(
        "INSERT INTO ledger.missing_hour_reason VALUES ('a', :at, 'http_404', :run)",
        at=ago(3),
        run=run_no,
    )
    rows = [line.split(",") for line in site.csv("accounts/a.csv")[1:7]][::-1]
    assert [(row[1], row[-1]) for row in rows] == [
        ("1.00", ""),
        (LONGEST, ""),
        ("", "http_404"),
        ("3.50", ""),
        ("", "no run"),
        ("", "not over yet"),
    ]
    assert rows[0][0] == f"{ago(5):%Y-%m-%dT%H:%M:%S.%fZ}"


@pytest.mark.usefixtures("account")
def test_a_day_of_hours_is_shown_and_all_of_them_where_they_are_asked_for(site: Site) -> None:
    whole = len(site.csv("accounts/a.csv")) - 1
    assert 24 < whole <= 168
    page = site.get("accounts/a").text
    assert hours_in(page) == 24
    assert f"The first 24 of {whole}" in read(page)
    assert len(points(site, "accounts/a")["at"]) == whole
    (all_of_them,) = re.findall(rf'href="[^"]*/(accounts/a[^"]*)#balances">show all {whole}<', page)
    opened = site.get(html.unescape(all_of_them)).text
    assert hours_in(opened) == whole
    (back,) = re.findall(r'href="[^"]*/(accounts/a[^"]*)#balances">show only the first<', opened)
    assert hours_in(site.get(html.unescape(back)).text) == 24


def hours_in(page: str) -> int:
    """The rows of the table of balances."""
    return page.partition('id="balances"')[2].partition("</table>")[0].count("<tr><th scope=row")


@pytest.mark.usefixtures("account")
def test_the_chart_has_gaps_where_there_is_no_balance(site: Site) -> None:
    chart = points(site, "accounts/a")
    assert chart["series"][0]["values"][-6:] == [1.0, float(LONGEST), None, 3.5, None, None]
    assert chart["series"][0]["texts"][-5] == "12,345,678,901,234,567,890,123,456,789,012,345.67"
    assert chart["at"][-1] == ago(0).timestamp()
    assert chart["zone"] == "Asia/Kolkata"


def test_another_currency_is_not_drawn_to_the_same_scale(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a", "currency": "JPY", "minor_units": 0}])
    seen(ledger, "a", 2, "3.50", "EUR")
    seen(ledger, "a", 1, "400", "JPY")
    series = points(site, "accounts/a")["series"][0]
    assert (series["values"][0], series["texts"][0]) == (None, "in EUR")
    assert series["texts"][1] == "400"
    assert ",3.50," in site.csv("accounts/a.csv")[-1]


@pytest.mark.parametrize(("by", "rows"), [("days", 10), ("months", 1)])
def test_days_and_months_are_closings(site: Site, ledger: Ledger, by: str, rows: int) -> None:
    ledger.listed([{"id": "a", "zone": "UTC"}])
    last_month = ago(0).replace(hour=0, day=1) - timedelta(days=1)
    first = last_month.replace(day=1) - timedelta(
        days=1
    )  # the last day of a month that is over, whenever it is
    ledger.opened("a", at=ago(24 * 80))
    ledger.observed(
        [
            {"id": "a", "at": first + timedelta(hours=23), "amount": "7", "currency": "EUR"},
            {"id": "a", "at": first + timedelta(hours=24, minutes=4), "amount": "8", "currency": "EUR"},
        ]
    )
    lines = site.csv(f"accounts/a.csv?by={by}&from={first - timedelta(days=9):%Y-%m-%d}&to={first:%Y-%m-%d}")
    assert len(lines) == rows + 1
    assert lines[1].startswith(f"{first:%Y-%m-%d},8.00,8.00,EUR,")
    assert by == "months" or lines[-1].endswith(",no run")


@pytest.mark.usefixtures("account")
def test_missing_hours_stand_together_with_their_reason(site: Site) -> None:
    lines = [line.split(",") for line in site.csv("accounts/a.csv?table=missing&by=days")[1:]]
    assert [(line[2], line[3]) for line in lines] == [("1", "no run"), ("1", "no run"), ("395", "no run")]


def test_versions_say_what_replaced_what(site: Site, ledger: Ledger) -> None:
    ledger.accounts("a")
    ledger.quick_run()
    ledger.quick_run()
    lines = site.csv("accounts/a.csv?table=versions")
    assert [line.split(",")[1] for line in lines[1:]] == ["2", "1"]
    assert ",in force,," in lines[1]
    assert ",replaced," in lines[2]
    assert lines[2].endswith('"Replaced by version 2, of run 2"')
    assert "Replaced by version 2, of run 2" in site.text("accounts/a")


def test_a_balance_that_was_set_aside_says_by_whom_and_why(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a"}])
    seen(ledger, "a", 0, "7")
    ledger.rows(
        "INSERT INTO ledger.balance_set_aside"
        " SELECT account_id, as_of_hour, seal_no, run_no, observed_at, now(), 'otto', 'the clock ran ahead'"
        " FROM ledger.balance"
    )
    ledger.rows("DELETE FROM ledger.balance")
    (line,) = site.csv("accounts/a.csv?table=versions")[1:]
    assert ",set aside," in line
    assert line.endswith(",Set aside by otto: the clock ran ahead")


def test_outcomes_have_their_reasons(site: Site, ledger: Ledger) -> None:
    ledger.accounts("a")
    ledger.quick_run()
    ledger.quick_run([failed("a", "http_404", http_status=404)])
    lines = site.csv("accounts/a.csv?table=outcomes")
    assert [line.split(",")[2:5] for line in lines[1:]] == [
        ["failed", "http_404", "404"],
        ["published", "", "200"],
    ]
    assert 'href="/somewhere/qbank/runs/2"' in site.get("accounts/a").text


def test_the_seals_over_its_newest_balances_are_there(site: Site, ledger: Ledger) -> None:
    ledger.accounts("a")
    ledger.quick_run()
    (line,) = site.csv("accounts/a.csv?table=seals")[1:]
    assert ledger.value("SELECT sha256 FROM ledger.seal") in line


def test_reconciliations_have_their_versions_and_who_signed(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a"}])
    for version, gl in ((1, "9.00"), (2, "10.00")):
        ledger.rows(
            "INSERT INTO recon.reconciliation (account_id, as_of_date, version, entity, gl_account, currency,"
            " bank_balance, gl_balance, difference, bank_items, book_items, unexplained, tolerance, status, cause,"
            " opened_on, age_days, members, provisional)"
            " SELECT 'a', d, CAST(:v AS int), 'QB01', '1100', 'EUR', 10, g, 10 - g, 0, 0, 10 - g, 0,"
            " CASE WHEN g = 10 THEN 'matched' ELSE 'break' END, CASE WHEN g <> 10 THEN 'unexplained' END,"
            " CASE WHEN g <> 10 THEN d END, CASE WHEN g <> 10 THEN 0 END, ARRAY['a'], false"
            " FROM (SELECT CAST(:gl AS numeric) AS g, (now() - interval '1 day')::date AS d) AS x",
            v=version,
            gl=gl,
        )
    ledger.rows("SELECT recon.prepare('a', (now() - interval '1 day')::date, 'looked at it')")
    lines = site.csv("accounts/a.csv?table=reconciliations")[1:]
    assert [line.split(",")[1:3] for line in lines] == [["2", "matched"], ["1", "break"]]
    assert [line.rsplit(",", 1)[1] for line in lines] == ["prepared", ""]
    (signed,) = site.csv("accounts/a.csv?table=sign_offs")[1:]
    assert ",2,prepared,postgres,postgres," in signed
    assert signed.endswith(",looked at it")


@pytest.mark.parametrize("id_", ["nobody", "%00", "a%20b", "x" * 65])
def test_an_unknown_account_is_said_in_a_sentence(site: Site, ledger: Ledger, id_: str) -> None:
    answer = site.get(f"accounts/{id_}")
    assert answer.status_code == 404
    assert "The ledger has no account" in answer.text
    assert site.get(f"accounts/{id_}.csv").status_code == 404


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("from=2026-01-01", "can have at most 31 days"),
        ("by=days&from=1980-01-01", "can have at most 1,096 days"),
        ("from=2020-01-02&to=2020-01-01", "after it ends"),
        ("from=0001-01-01", "look at from"),
        ("on=x", "look at on"),
        ("by=years", "look at by"),
    ],
)
def test_what_cannot_be_shown_is_said(site: Site, asked: str, said: str) -> None:
    answer = site.get(f"accounts/a?{asked}")
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize("asked", ["from=&to=&on=", "to=9999-12-31", "to=1970-01-02", "on=1970-01-02"])
def test_an_empty_or_a_far_date_is_no_error(site: Site, asked: str) -> None:
    assert site.get(f"accounts/a?{asked}").status_code == 200


def test_an_account_that_was_never_observed_has_no_chart_and_says_what_to_do(
    site: Site, ledger: Ledger
) -> None:
    ledger.listed([{"id": "a"}])
    assert "Expected since never yet" in site.text("accounts/a")
    assert points(site, "accounts/a")["series"][0]["values"].count(None) == len(
        points(site, "accounts/a")["at"]
    )


def test_names_are_shown_and_not_run(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a", "name": "</script><script>alert(1)</script>", "gl": '"><b>x'}])
    page = site.get("accounts/a").text
    assert "<script>alert" not in page
    assert "<b>x" not in page
