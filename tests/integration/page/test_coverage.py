"""Coverage: each hour of a week is there, late, or missing for a reason, and counted as the ledger counts."""

import random
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.words.ledger import Ledger
from tests.words.page import Site

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)  # of 2026-W10
WEEK = "coverage.csv?week=2026-W10"


def seen(ledger: Ledger, id_: str, *hours: int, minutes: int = 0) -> None:
    """Observed in these hours of the week, so long after each began; published a minute later."""
    ledger.observed(
        [
            {
                "id": id_,
                "at": MONDAY + hour * HOUR + timedelta(minutes=minutes),
                "amount": "1",
                "currency": "EUR",
            }
            for hour in hours
        ]
    )


def tried(ledger: Ledger, id_: str, hour: int, reason: str) -> None:
    """A run could not publish it in that hour."""
    run_no = ledger.value(
        "INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)"
        " VALUES ('x', 'bank', now(), false, false, 1) RETURNING run_no"
    )
    ledger.rows(
        "INSERT INTO ledger.missing_hour_reason VALUES (:id, :at, :reason, :run)",
        id=id_, at=MONDAY + hour * HOUR, reason=reason, run=run_no,
    )  # fmt: skip


@pytest.fixture
def week(ledger: Ledger) -> None:
    """“a” is there but for the hours 10 to 12, and late in hour 50; “b” was closed in the hour 20, and never seen."""
    ledger.listed([{"id": "a", "name": "Operating"}, {"id": "b", "name": "Payroll", "entity": "QB02"}])
    ledger.opened("a", at=MONDAY - HOUR)
    ledger.opened("b", at=MONDAY + 1.5 * HOUR, closed_at=MONDAY + 20.5 * HOUR)
    seen(ledger, "a", *(hour for hour in range(168) if hour not in (10, 11, 12, 50)))
    seen(ledger, "a", 50, minutes=20)
    tried(ledger, "a", 11, "http_404")


@pytest.mark.usefixtures("week")
def test_each_account_has_its_hours_counted(site: Site) -> None:
    assert site.csv(WEEK) == [
        "name,account_id,entity,present,late,missing,reasons",
        'Operating,a,QB01,164,1,3,"no run: 2, http_404: 1"',
        "Payroll,b,QB02,0,0,19,no run: 19",
    ]


@pytest.mark.usefixtures("week")
def test_it_counts_as_the_ledger_does(site: Site, ledger: Ledger) -> None:
    hours = "as_of_hour >= :monday AND as_of_hour < CAST(:monday AS timestamptz) + interval '7 days'"
    present, missing = ledger.rows(
        f"SELECT sum(present), sum(missing) FROM ledger.coverage WHERE {hours}", monday=MONDAY
    )[0]
    rows = [line.split(",") for line in site.csv(WEEK)[1:]]
    assert sum(int(row[3]) + int(row[4]) for row in rows) == present
    assert sum(int(row[5]) for row in rows) == missing
    gaps = {tuple(line.split(",")[:2]) for line in site.csv(f"{WEEK}&table=gaps") if ",missing," in line}
    assert gaps == {
        (f"{row.as_of_hour:%Y-%m-%dT%H:%M:%S.%fZ}", row.account_id)
        for row in ledger.rows(f"SELECT * FROM ledger.missing_hour WHERE {hours}", monday=MONDAY)
    }


@pytest.mark.usefixtures("week")
def test_each_account_hour_that_is_not_present_is_a_line(site: Site) -> None:
    lines = site.csv(f"{WEEK}&table=gaps&entity=QB01")
    assert lines == [
        "as_of_hour,account_id,name,entity,state,reason,minutes",
        "2026-03-02T10:00:00.000000Z,a,Operating,QB01,missing,no run,",
        "2026-03-02T11:00:00.000000Z,a,Operating,QB01,missing,http_404,",
        "2026-03-02T12:00:00.000000Z,a,Operating,QB01,missing,no run,",
        "2026-03-04T02:00:00.000000Z,a,Operating,QB01,late,,21",
    ]


@pytest.mark.usefixtures("week")
def test_hours_with_gaps_count_the_accounts(site: Site) -> None:
    lines = site.csv(f"{WEEK}&table=hours")
    assert '2026-03-02T11:00:00.000000Z,0,2,"http_404: 1, no run: 1"' in lines
    assert "2026-03-04T02:00:00.000000Z,1,0," in lines
    assert len(lines) == 1 + 19 + 1


@pytest.mark.usefixtures("week")
def test_the_map_says_what_is_missing_and_why_and_has_one_stop_for_the_tab_key(site: Site) -> None:
    page = site.get("coverage?week=2026-W10").text
    titles = re.findall(r"<title>(.*?)</title></rect>", page)
    assert titles[1] == "Mon 2026-03-02 11:00, missing: http_404"
    assert titles[3] == "Wed 2026-03-04 02:00, late: published 21 min after the hour began"
    assert titles[4] == "Mon 2026-03-02 01:00 to Mon 20:00, 19 hours, missing: no run"
    assert (
        page.count('<rect class="missing"') + page.count('<rect class="late"') - 2 == 5
    )  # two in the legend
    assert re.findall(r'tabindex="0" role="img"', page) == ['tabindex="0" role="img"']


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("entity=QB02", ["b"]),
        ("account=OPER", ["a"]),
        ("account=nobody", []),
        ("late_after=30&gaps=true", ["a", "b"]),
        ("from=2026-03-03&week=", ["a"]),
        ("week=2026-W09&gaps=true", ["a"]),
        ("from=2026-02-24", ["a", "b"]),
        ("from=2026-02-20", []),
        ("from=2020-01-01", []),
    ],
)
def test_accounts_and_weeks_are_chosen(site: Site, asked: str, found: list[str]) -> None:
    address = f"{WEEK}&{asked}" if "=2026-" not in asked and "=2020" not in asked else f"coverage.csv?{asked}"
    assert [line.split(",")[1] for line in site.csv(address)[1:]] == found


@pytest.mark.usefixtures("week")
def test_what_counts_as_late_can_be_chosen(site: Site) -> None:
    assert site.csv(f"{WEEK}&late_after=30")[1].startswith("Operating,a,QB01,165,0,3,")


def test_an_hour_is_late_by_its_first_version(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a"}])
    ledger.opened("a", at=MONDAY, closed_at=MONDAY + HOUR)
    seen(ledger, "a", 0)
    seen(ledger, "a", 0, minutes=40)
    assert ledger.value("SELECT count(*) FROM ledger.balance_history") == 1
    assert site.csv(WEEK)[1] == "a,a,QB01,1,0,0,"


def test_the_current_hour_is_no_gap_before_it_is_over(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a"}])
    now = datetime.now(UTC)
    ledger.opened("a", at=now.replace(minute=0, second=0, microsecond=0) - HOUR)
    assert site.csv("coverage.csv")[1] == "a,a,QB01,0,0,1,no run: 1"
    ledger.observed([{"id": "a", "at": now, "amount": "1", "currency": "EUR"}])
    assert site.csv("coverage.csv?late_after=1440")[1] == "a,a,QB01,1,0,1,no run: 1"


def test_an_account_with_a_gap_is_known_without_its_week_being_made(site: Site, ledger: Ledger) -> None:
    dice = random.Random(15)
    now = datetime.now(UTC)
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    this_hour = int((now - first) / HOUR)
    ids = [f"a{number:03}" for number in range(120)]
    ledger.listed([{"id": id_} for id_ in ids])
    rows: list[dict[str, Any]] = []
    for id_ in ids:
        # One period or two, some within an hour, from before the week or in it, open or closed.
        hours = sorted(dice.sample(range(-5, this_hour * 4), dice.choice((1, 2, 3, 4))))
        instants = [first + (hour / 4 + dice.choice((0, 0.1))) * HOUR for hour in hours]
        for opened_at, closed_at in zip(instants[::2], [*instants[1::2], None], strict=False):
            ledger.opened(id_, at=opened_at, closed_at=closed_at)
        lost = dice.sample(range(this_hour), dice.choice((0, 0, 1)))
        late = dice.sample(range(this_hour), dice.choice((0, 0, 1)))
        for hour in sorted({*range(this_hour + dice.choice((0, 1)))} - {*lost}):
            began = first + hour * HOUR
            minutes = 20 if hour in late else 1
            if began + timedelta(minutes=minutes) < now:
                at = began + timedelta(minutes=minutes)
                rows.append({"id": id_, "at": at, "amount": "1", "currency": "EUR"})
    ledger.observed(rows)
    # One that was late is replaced: its first version was.
    ledger.observed([{**row, "at": row["at"] + timedelta(minutes=5)} for row in rows[::40]])
    week = f"coverage.csv?from={first:%Y-%m-%d}"
    every = [line.split(",") for line in site.csv(week)[1:]]
    with_gaps = [row[1] for row in every if (row[4], row[5]) != ("0", "0")]
    assert [line.split(",")[1] for line in site.csv(f"{week}&gaps=true")[1:]] == with_gaps
    assert 20 < len(with_gaps) < len(every) - 20


@pytest.mark.parametrize("days", [1, 3, 8])
def test_a_week_to_come_has_no_gap_yet(site: Site, ledger: Ledger, days: int) -> None:
    ledger.listed([{"id": "a"}])
    ledger.opened("a", at=MONDAY)
    since = (datetime.now(UTC) + timedelta(days=days)).date()
    assert site.csv(f"coverage.csv?from={since}")[1:] == ["a,a,QB01,0,0,0,"]
    assert site.csv(f"coverage.csv?from={since}&gaps=true")[1:] == []


def test_an_empty_ledger_says_what_to_do(site: Site, ledger: Ledger) -> None:
    assert "choose another, or run qbank_balance_sync" in site.text("coverage")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("week=2026-W60", "week"),
        ("week=x", "week"),
        ("week=-W1", "week"),
        ("from=0001-01-01", "from"),
        ("late_after=0", "late_after"),
    ],
)
def test_a_week_that_is_none_is_said(site: Site, ledger: Ledger, asked: str, said: str) -> None:
    answer = site.get(f"coverage?{asked}")
    assert answer.status_code == 422
    assert f"look at {said}" in answer.text


def test_names_and_reasons_are_shown_and_not_run(site: Site, ledger: Ledger) -> None:
    ledger.listed([{"id": "a", "name": '"><script>alert(1)</script>'}])
    ledger.opened("a", at=MONDAY, closed_at=MONDAY + HOUR)
    tried(ledger, "a", 0, "</title><script>alert(2)</script>")
    page = site.get("coverage?week=2026-W10").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)" in page


def test_a_thousand_accounts_and_a_week_come_within_a_second(
    site: Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.listed([{"id": f"a{n:04}"} for n in range(1_000)])
    ledger.rows("SELECT ledger.ensure_partitions(:at)", at=MONDAY)
    ledger.rows(
        "INSERT INTO ledger.account_period SELECT account_id, :at, NULL FROM ledger.account", at=MONDAY
    )
    ledger.rows(
        "INSERT INTO ledger.balance SELECT account_id, at, 1, 1, 'EUR', at, 1, 1, 1, at + interval '20 s'"
        " FROM generate_series(CAST(:at AS timestamptz), :at + interval '167 hours', '1 hour') AS g (at), ledger.account"
        " WHERE (extract(epoch FROM at)::bigint / 3600 + substr(account_id, 2)::bigint * 7) % 50 <> 0",
        at=MONDAY,
    )
    ledger.rows("ANALYZE ledger.balance")
    site.get("coverage")
    began = time.process_time()  # not the clock: a busy machine makes it wait
    answer = site.get("coverage?week=2026-W10")
    assert time.process_time() - began < 3  # 0.5 s; a slow machine takes longer
    assert answer.text.count("</svg>") == 1_003
    assert len(answer.content) < 2_000_000
    # Of more accounts than a page has, it says what it counts.
    monkeypatch.setattr("qbank_page.coverage.page._AT_ONCE", 200)
    part = site.get("coverage?week=2026-W10").text
    assert part.count("</svg>") == 203
    assert "Page 1 of 5, 1,000 accounts" in part
    assert "counts cover the accounts on this page" in part
    assert "Page 5 of 5" in site.get("coverage?week=2026-W10&page=9").text
    assert "Covers the accounts above; the CSV covers all." in part
    assert len(site.csv("coverage.csv?week=2026-W10")) == 1_001


@pytest.mark.usefixtures("week")
def test_a_strip_names_its_account_so_that_nothing_is_obeyed(site: Site, ledger: Ledger) -> None:
    ledger.rows("UPDATE ledger.account SET name = 'Pay' || chr(8238) || 'roll' WHERE account_id = 'a'")
    page = site.get("coverage?week=2026-W10").text
    assert "\u202e" not in page
    assert r'aria-label="Pay\u202eroll"' in page
