"""Position: every account with its newest balance, exact, marked where it is old or missing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.words.ledger import Ledger
from tests.words.page import Site

NOW = datetime.now(UTC)
LONGEST = "12345678901234567890123456789012345678"  # the 38 digits that an ERP's decimal holds


def seen(hours_ago: float, id_: str, amount: str, currency: str = "EUR", **more: str) -> dict[str, object]:
    return {"id": id_, "at": NOW - timedelta(hours=hours_ago), "amount": amount, "currency": currency, **more}


@pytest.fixture
def accounts(ledger: Ledger) -> None:
    ledger.listed(
        [
            {"id": "eur", "name": "Operating", "entity": "QB01"},
            {"id": "old", "name": "Payroll", "entity": "QB01"},
            {"id": "none", "name": "Escrow", "entity": "QB01"},
            {"id": "yen", "name": "Tokyo", "entity": "QB02", "currency": "JPY", "minor_units": 0},
            {"id": "gone", "name": "Closed", "active": False},
        ]
    )
    ledger.observed(
        [
            seen(0.01, "eur", "1234.5", available="-0.10"),
            seen(30, "old", "1000"),
            seen(0.01, "yen", LONGEST, "JPY"),
        ]
    )


@pytest.mark.usefixtures("accounts")
def test_every_active_account_is_there_with_its_state(site: Site) -> None:
    said = site.text("position")
    assert "Operating QB01 1100 EUR 1,234.50 -0.10" in said
    assert "12,345,678,901,234,567,890,123,456,789,012,345,678" in said
    assert "Closed" not in said
    states = {line.split(",")[-1]: line.split(",")[7] for line in site.csv("position.csv")[1:]}
    assert states == {"eur": "fresh", "old": "stale", "none": "missing", "yen": "fresh"}


@pytest.mark.usefixtures("accounts")
def test_totals_are_exact_by_entity_and_currency_and_count_what_they_lack(site: Site) -> None:
    assert site.csv("position.csv?table=totals") == [
        "entity,currency,ledger_balance,available_balance,accounts,stale,missing",
        "QB01,EUR,2234.50,999.90,3,1,1",
        f"QB02,JPY,{LONGEST},{LONGEST},1,0,0",
    ]


def test_a_sum_longer_than_python_counts_by_itself_is_exact(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a"}, {"id": "b"}])
    ledger.observed([seen(0.01, "a", f"{LONGEST}.01"), seen(0.01, "b", "0.01")])
    assert f"QB01,EUR,{LONGEST}.02," in site.csv("position.csv?table=totals")[1]


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("entity=QB02", ["yen"]),
        ("currency=EUR&state=stale", ["old"]),
        ("account=OPER", ["eur"]),
        ("state=missing", ["none"]),
        ("sort=ledger_balance&currency=EUR", ["old", "eur", "none"]),
        ("sort=ledger_balance&currency=EUR&down=true", ["eur", "old", "none"]),
        ("account=nobody", []),
    ],
)
def test_accounts_are_filtered_and_sorted(site: Site, asked: str, found: list[str]) -> None:
    assert [line.split(",")[-1] for line in site.csv(f"position.csv?{asked}")[1:]] == found


# Where it is noon now, so that midnight and now are of two hours at whatever hour this runs.
AT_NOON = f"Etc/GMT{NOW.hour - 12:+}"
MIDNIGHT = NOW.replace(minute=0, second=5, microsecond=0) - timedelta(hours=12)


def test_what_moved_is_since_yesterdays_closing(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a", "zone": AT_NOON}])
    ledger.observed(
        [
            {"id": "a", "at": at, "amount": amount, "currency": "EUR"}
            for at, amount in (
                (MIDNIGHT - timedelta(hours=1), "5"),
                (MIDNIGHT, "7"),
                (NOW - timedelta(seconds=1), "10.01"),
            )
        ]
    )
    (line,) = site.csv("position.csv")[1:]
    assert line.split(",")[6] == "3.01"


def test_what_moved_is_exact_in_a_balance_of_any_length(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a", "zone": AT_NOON}])
    ledger.observed(
        [
            {"id": "a", "at": at, "amount": amount, "currency": "EUR"}
            for at, amount in ((MIDNIGHT, "0.01"), (NOW - timedelta(seconds=1), f"{LONGEST}.03"))
        ]
    )
    assert site.csv("position.csv")[1].split(",")[6] == f"{LONGEST}.02"


def test_a_long_list_comes_in_pages_and_whole_as_csv(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": f"a{n:03}"} for n in range(150)])
    assert "Page 1 of 2, 150 accounts" in site.text("position")
    assert site.get("position?page=2").text.count("/accounts/a") == 50
    past = site.get("position?page=9").text
    assert (past.count("/accounts/a"), "Page 2 of 2" in past) == (50, True)
    assert len(site.csv("position.csv")) == 151


def test_an_empty_ledger_says_what_to_do(site: Site, ledger: Ledger) -> None:
    assert "configure the accounts file and run qbank_balance_sync" in site.text("position")


def test_a_name_is_shown_and_not_run(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a", "name": "<script>alert(1)</script>"}, {"id": "b", "name": "=HYPERLINK(1)"}])
    page = site.get("position").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "'=HYPERLINK(1)" in "".join(site.csv("position.csv"))
