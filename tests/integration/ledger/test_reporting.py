"""What analysts read: wide views of the active accounts, in which a day or an hour without a balance says why."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.integration.conftest import EMPTY
from tests.words.books import Books, day
from tests.words.ledger import HOUR, Ledger, Reply, failed

VIEWS = ["coverage", "daily", "hourly", "movement", "position", "reconciliation"]
DAY = timedelta(days=1)
OF_ACCOUNTS = [name for name in VIEWS if name != "coverage"]


def today(ledger: Ledger, zone: str = "UTC") -> date:
    found: date = ledger.value("SELECT (now() AT TIME ZONE CAST(:zone AS text))::date", zone=zone)
    return found


def opened(ledger: Ledger, id_: str, at: datetime, closed: datetime | None = None) -> None:
    """A period in which an account was active."""
    ledger.rows("INSERT INTO ledger.account_period VALUES (:id, :at, :closed)", id=id_, at=at, closed=closed)


def observed(ledger: Ledger, *seen: tuple[str, datetime, str], currency: str = "EUR") -> None:
    """Balances: account, when, how much."""
    rows = [
        {"id": id_, "at": at, "amount": Decimal(amount), "currency": currency} for id_, at, amount in seen
    ]
    ledger.observed(rows)


def without_grace(ledger: Ledger) -> None:
    """Whatever minute of its day it is: in the first ones yesterday is not over, and what is seen now is of yesterday."""
    ledger.rows("UPDATE ledger.account SET closing_grace_minutes = 0")


def tried(ledger: Ledger, id_: str, at: datetime, reason: str) -> None:
    """A run that asked for an account and could not publish it."""
    ledger.rows(
        "WITH run AS (INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)"
        " VALUES ('r', 'bank', now(), false, true, 1) RETURNING run_no)"
        " INSERT INTO ledger.missing_hour_reason SELECT :id, date_trunc('hour', CAST(:at AS timestamptz), 'UTC'), :reason, run_no"
        " FROM run",
        id=id_, at=at, reason=reason,
    )  # fmt: skip


def noon(on: date, zone: str = "UTC", hour: int = 12, minute: int = 0) -> datetime:
    return datetime.combine(on, time(hour, minute), ZoneInfo(zone))


def days(ledger: Ledger, column: str, id_: str = "x", schema: str = "reporting") -> list[Any]:
    rows = ledger.rows(
        f"SELECT {column} FROM {schema}.daily WHERE account_id = :id ORDER BY as_of_date", id=id_
    )
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


# ── days ───────────────────────────────────────────────────────────────────────────────────────────

ZONES = [
    "UTC",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "America/Havana",
    "America/New_York",
    "Australia/Lord_Howe",
]
CUT_OFFS = [None, time(17, 30), time(2, 30), time(18, 0), time(0, 20), time(23, 58)]


def nights() -> list[datetime]:
    """Midnight around which clocks are set in those zones in the year that ends now, and a few that are not."""
    now = datetime.now(UTC)
    found = {now - DAY, now - 40 * DAY, now}
    for zone in map(ZoneInfo, ZONES):
        offsets = [(now - n * DAY, (now - n * DAY).astimezone(zone).utcoffset()) for n in range(365)]
        found |= {at for (at, here), (_, before) in pairwise(offsets) if here != before}
    return sorted(found)


@st.composite
def lived(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """An account with its observations: some of an hour twice, mostly near the end of a day or the set of a clock."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    minutes = st.integers(-36 * 60, 36 * 60).map(lambda n: timedelta(minutes=n, seconds=n % 60))
    moments = st.builds(lambda night, by: night + by, st.sampled_from(nights()), minutes)
    seen = sorted(draw(st.sets(moments.filter(lambda at: at < now), max_size=25)))
    return {
        "id": f"n{number}", "name": draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))),
        "zone": draw(st.sampled_from(ZONES)), "cut_off": draw(st.sampled_from(CUT_OFFS)), "active": draw(st.booleans()),
        "opened": draw(st.none() | moments.filter(lambda at: at < now)), "seen": seen,
    }  # fmt: skip


GRACE = timedelta(minutes=5)


def ends(account: dict[str, Any], on: date, cut_off: time | None) -> datetime:
    """When the date ends: the first time that its clock comes to midnight, or the last time that it does to the cut-off."""
    zone = ZoneInfo(account["zone"])
    if cut_off is None:
        return datetime.combine(on + DAY, time(0), zone).astimezone(UTC)
    return max(datetime.combine(on, cut_off.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))


def is_of(account: dict[str, Any], at: datetime, on: date) -> bool:
    before, after = (ends(account, day, account["cut_off"]) + GRACE for day in (on - DAY, on))
    return max(ends(account, on - DAY, None), before + timedelta.resolution) <= at <= after


def closings(account: dict[str, Any]) -> dict[date, datetime | None]:
    """The newest observation of each date since the account was opened or seen, by a clock on the wall."""
    zone = ZoneInfo(account["zone"])
    began = [at for at in (account["opened"], *account["seen"][:1]) if at]
    if not began:
        return {}
    found: dict[date, datetime | None] = {}
    on = (min(began) - GRACE).astimezone(zone).date()
    while on <= datetime.now(zone).date():
        found[on] = None
        on += DAY
    for at in account["seen"]:
        today = at.astimezone(zone).date()
        found |= {on: at for on in (today - DAY, today) if is_of(account, at, on)}
    return found


@settings(
    max_examples=12, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(accounts=st.tuples(*(lived(number) for number in range(3))))
def test_daily_has_every_day_and_the_closings_of_daily_balance(
    ledger: Ledger, accounts: tuple[dict[str, Any], ...]
) -> None:
    ledger.rows(EMPTY)
    configured = ("id", "name", "zone", "active")
    ledger.listed(
        [
            {
                "cut_off": account["cut_off"] and str(account["cut_off"]),
                **{key: account[key] for key in configured},
            }
            for account in accounts
        ]
    )
    amounts: dict[tuple[str, datetime], Decimal] = {}
    for account in accounts:
        if account["opened"]:
            opened(ledger, account["id"], account["opened"])
        left = list(account["seen"])
        while left:
            # Of each hour the first, then, over it, the second …
            turn = {at.replace(minute=0, second=0, microsecond=0): at for at in reversed(left)}
            for at in turn.values():
                amounts[account["id"], at] = Decimal(len(amounts)) + Decimal("0.01")
            observed(ledger, *((account["id"], at, str(amounts[account["id"], at])) for at in turn.values()))
            left = [at for at in left if at not in turn.values()]
    expected = {
        (account["id"], on): (account["name"], at and amounts[account["id"], at], at)
        for account in accounts
        for on, at in closings(account).items()
    }
    found = {
        (row.account_id, row.as_of_date): (row.name, row.ledger_balance, row.observed_at)
        for row in ledger.rows("SELECT * FROM reporting_all.daily")
    }
    assert found == expected
    same = "account_id, as_of_date, currency, ledger_balance, available_balance, observed_at"
    assert ledger.rows(
        f"SELECT {same}, is_provisional FROM reporting_all.daily WHERE reason IS NULL ORDER BY 1, 2"
    ) == ledger.rows(f"SELECT {same}, provisional FROM ledger.daily_balance ORDER BY 1, 2")
    moved = "account_id, as_of_date, currency, opening_balance, closing_balance, ledger_movement, available_movement"
    assert ledger.rows(
        f"SELECT {moved} FROM reporting_all.movement WHERE closing_balance IS NOT NULL ORDER BY 1, 2"
    ) == ledger.rows(f"SELECT {moved} FROM ledger.daily_movement ORDER BY 1, 2")
    assert ledger.value("SELECT count(*) FROM reporting_all.movement") == len(expected)
    assert ledger.rows("SELECT * FROM reporting.daily ORDER BY 2, 6") == ledger.rows(
        "SELECT * FROM reporting_all.daily WHERE active ORDER BY 2, 6"
    )


def test_a_day_without_a_closing_says_what_the_newest_run_knew(ledger: Ledger) -> None:
    ledger.listed([{"id": "x"}])
    without_grace(ledger)
    now = today(ledger)
    opened(ledger, "x", noon(now - 4 * DAY))
    observed(ledger, ("x", noon(now - 4 * DAY), "1.10"))
    tried(ledger, "x", noon(now - 3 * DAY, hour=3), "timeout")
    tried(ledger, "x", noon(now - 3 * DAY, hour=5), "http_404")
    tried(ledger, "x", noon(now - 4 * DAY, hour=13), "http_500")  # the day has a closing all the same
    assert days(ledger, "ledger_balance, reason, is_provisional") == [
        (Decimal("1.10"), None, False),
        (None, "http_404", False),
        (None, "no run", False),
        (None, "no run", False),
        (None, "no run", True),
    ]
    assert days(ledger, "currency") == ["EUR"] * 5


def test_what_was_tried_after_the_cut_off_is_no_reason(ledger: Ledger) -> None:
    ledger.listed([{"id": "x", "zone": "Europe/Berlin", "cut_off": "17:30"}])
    yesterday = today(ledger, "Europe/Berlin") - DAY
    opened(ledger, "x", noon(yesterday, "Europe/Berlin", 9))
    tried(ledger, "x", noon(yesterday, "Europe/Berlin", 18).astimezone(UTC), "http_404")
    observed(ledger, ("x", noon(yesterday, "Europe/Berlin", 17, 36), "1"))
    assert days(ledger, "ledger_balance, reason")[0] == (None, "no run")


def test_days_begin_when_the_account_was_opened_by_its_own_clock(ledger: Ledger) -> None:
    ledger.listed([{"id": "x", "zone": "Asia/Kathmandu", "cut_off": "17:30"}])
    began = today(ledger, "Asia/Kathmandu") - 2 * DAY
    opened(ledger, "x", noon(began, "Asia/Kathmandu", 18))  # after that day was over
    assert days(ledger, "as_of_date, reason")[:2] == [(began, "inactive"), (began + DAY, "no run")]
    assert len(days(ledger, "as_of_date")) == 3


def test_an_account_that_was_closed_and_opened_again_was_inactive_in_between(ledger: Ledger) -> None:
    ledger.listed([{"id": "x"}])
    now = today(ledger)
    opened(ledger, "x", noon(now - 5 * DAY), noon(now - 4 * DAY))
    opened(ledger, "x", noon(now - 2 * DAY))
    observed(ledger, *(("x", noon(now - n * DAY, hour=11), str(n)) for n in (4, 1)))
    assert days(ledger, "ledger_balance, reason") == [
        (None, "no run"), (4, None), (None, "inactive"), (None, "no run"), (1, None), (None, "no run"),
    ]  # fmt: skip


def test_an_account_that_nobody_opened_or_saw_has_no_day(ledger: Ledger) -> None:
    ledger.listed([{"id": "x"}, {"id": "y"}])
    without_grace(ledger)
    assert days(ledger, "as_of_date") == []
    observed(ledger, ("y", noon(today(ledger) - 9 * DAY), "1"))
    assert days(ledger, "as_of_date") == []
    assert len(days(ledger, "as_of_date", "y")) == 10
    opened(ledger, "x", datetime.now(UTC))
    assert days(ledger, "ledger_balance, reason, is_provisional") == [(None, "no run", True)]


def test_a_closing_is_stale_where_reconciliation_calls_it_so(ledger: Ledger) -> None:
    ledger.listed([{"id": "x", "max_age": 90}])
    now = today(ledger)
    at = [noon(now - 2 * DAY, hour=22, minute=29), noon(now - DAY, hour=22, minute=30)]
    observed(ledger, *(("x", each, "1") for each in at))
    assert days(ledger, "is_stale") == [True, False, None]


def test_a_movement_says_what_it_lacks(ledger: Ledger) -> None:
    ledger.listed([{"id": "x"}])
    now = today(ledger)
    for n, amount, currency in ((5, "10.10", "EUR"), (4, "12.30", "EUR"), (2, "9", "EUR"), (1, "8", "USD")):
        observed(ledger, ("x", noon(now - n * DAY), amount), currency=currency)
    rows = ledger.rows("SELECT currency, opening_balance, ledger_movement, reason FROM reporting.movement ORDER BY as_of_date")  # fmt: skip
    assert [tuple(row) for row in rows] == [
        ("EUR", None, None, "no closing on the day before"),
        ("EUR", Decimal("10.10"), Decimal("2.20"), None),
        ("EUR", Decimal("12.30"), None, "no run"),
        ("EUR", None, None, "no closing on the day before"),
        ("USD", None, None, "the currency changed"),
        ("EUR", None, None, "no run"),
    ]


# ── now, and hours ─────────────────────────────────────────────────────────────────────────────────


def test_a_position_that_is_old_or_absent_says_why(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    ids = ["fresh", "old", "refused", "never", "gone", "ahead"]
    ledger.listed([{"id": id_, "name": f"'; DROP SCHEMA {id_}; --", "active": id_ != "gone"} for id_ in ids])
    ages = {"fresh": 0.01, "old": 3, "refused": 3, "gone": 3, "ahead": -24}
    observed(ledger, *((id_, now - hours * HOUR, "1.5") for id_, hours in ages.items()))
    tried(ledger, "refused", now - 4 * HOUR, "before")
    tried(ledger, "refused", now - 1 * HOUR, "http_404")
    tried(ledger, "never", now, "http_403")
    rows = ledger.rows(
        "SELECT account_id, age_minutes, is_stale, reason, currency, ledger_balance FROM reporting_all.position"
    )
    assert {row[0]: tuple(row[1:]) for row in rows} == {
        "fresh": (0, False, None, "EUR", Decimal("1.5")),
        "old": (180, True, "no run", "EUR", Decimal("1.5")),
        "refused": (180, True, "http_404", "EUR", Decimal("1.5")),
        "never": (None, None, "http_403", "EUR", None),
        "gone": (180, True, "inactive", "EUR", Decimal("1.5")),
        "ahead": (-1440, True, "from the future", "EUR", Decimal("1.5")),
    }
    names = ledger.rows("SELECT name FROM reporting.position ORDER BY account_id")
    assert [name for (name,) in names] == [f"'; DROP SCHEMA {id_}; --" for id_ in sorted(set(ids) - {"gone"})]


def test_hours_are_the_balances_and_what_coverage_misses(ledger: Ledger) -> None:
    ledger.quick_run(lambda id_: failed(id_) if id_ == "b" else Reply(account_id=id_))
    ledger.rows("UPDATE ledger.account_period SET opened_at = opened_at - interval '3 hours'")
    ledger.rows(
        "UPDATE ledger.account_period SET closed_at = now() - interval '2 hours' WHERE account_id = 'c'"
    )
    ledger.rows("UPDATE ledger.account SET active = false WHERE account_id = 'c'")
    observed(ledger, ("a", datetime.now(UTC) + DAY, "7"))  # by a clock that ran ahead
    counted = (
        "SELECT h.as_of_hour, count(*)::int, count(ledger_balance)::int, bool_and(h.is_provisional)"
        " FROM reporting_all.hourly AS h JOIN ledger.account_period AS p USING (account_id)"
        " WHERE p.closed_at IS NULL OR p.closed_at >= h.as_of_hour + interval '1 hour' GROUP BY 1 ORDER BY 1"
    )
    assert ledger.rows(counted) == ledger.rows(
        "SELECT as_of_hour, expected, present, is_provisional FROM reporting.coverage ORDER BY 1"
    )
    rows = ledger.rows(
        "SELECT account_id, reason, currency FROM reporting.hourly WHERE is_provisional ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [("a", None, "EUR"), ("b", "http_404", "EUR")]
    assert ledger.rows("SELECT DISTINCT account_id FROM reporting_all.hourly ORDER BY 1") == [
        ("a",),
        ("b",),
        ("c",),
    ]


# ── reconciliation ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("inactive", [(), ("x",), ("x", "y")])
def test_a_group_is_summed_once_whichever_of_its_accounts_are_active(
    ledger: Ledger, inactive: tuple[str, ...]
) -> None:
    books = Books(ledger)
    for id_ in ("x", "y"):
        books.account(id_)
        books.bank(day(1), "50.05", id_)
    books.gl((day(1), "90"))
    books.reconcile()
    books.gl((day(1), "95"))
    books.reconcile()
    for id_ in inactive:
        ledger.rows("UPDATE ledger.account SET active = false WHERE account_id = :id", id=id_)
    for schema, shown in (("reporting", 2 - len(inactive)), ("reporting_all", 2)):
        rows = ledger.rows(
            f"SELECT members, difference, status, version, sign_off FROM {schema}.reconciliation"
        )
        assert [tuple(row) for row in rows] == [(2, Decimal("5.10"), "break", 2, "open")] * shown
        total = ledger.value(f"SELECT sum(difference) FROM {schema}.reconciliation WHERE leads_group")
        assert total == (Decimal("5.10") if shown else None)


# ── who reads ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ann(ledger: Ledger) -> Any:
    """An analyst's session, as a tool of hers opens it."""
    with ledger.people({"ann": "qbank_analyst"}) as people:
        engine = create_engine(people["ann"].url.set(query={}), poolclass=NullPool)
        with engine.connect() as session:
            yield session


LISTED = (
    "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = :schema ORDER BY 1"
)


def test_a_tool_finds_the_views_and_no_partition(ledger: Ledger, ann: Any) -> None:
    ledger.rows(
        "SELECT ledger.ensure_partitions(now() + interval '5 months'), ledger.ensure_partitions('2020-01-15')"
    )
    assert ann.execute(text(LISTED), {"schema": "reporting"}).all() == [(name, "VIEW") for name in VIEWS]
    assert ann.execute(text(LISTED), {"schema": "reporting_all"}).all() == [
        (name, "VIEW") for name in OF_ACCOUNTS
    ]
    for schema in ("ledger", "sync", "recon"):
        listed = {name for name, _ in ann.execute(text(LISTED), {"schema": schema})}
        tables = ledger.rows(
            "SELECT relname FROM pg_class WHERE relnamespace = CAST(:s AS regnamespace) AND relkind IN ('r', 'p', 'v')"
            " AND NOT relispartition AND relname NOT LIKE 'lock_%'", s=schema,
        )  # fmt: skip
        assert listed == {name for (name,) in tables}


@pytest.mark.parametrize("view", VIEWS)
def test_an_analyst_reads_a_view_and_changes_nothing_through_it(ledger: Ledger, ann: Any, view: str) -> None:
    ledger.quick_run()
    ann.exec_driver_sql("SET search_path = public")  # … where nothing of ours is found
    assert len(ann.exec_driver_sql(f"SELECT * FROM reporting.{view}").all()) >= (view != "reconciliation")
    ann.rollback()
    for role in ("qbank_analyst", "qbank_loader", "qbank_operator"):
        for right in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            assert not ledger.value(
                "SELECT has_table_privilege(:role, :view, :right)",
                role=role,
                view=f"reporting.{view}",
                right=right,
            )


@pytest.mark.parametrize("view", OF_ACCOUNTS)
def test_the_views_of_all_accounts_have_the_same_columns(ledger: Ledger, view: str) -> None:
    described = (
        "SELECT attname, atttypid::regtype::text, col_description(attrelid, attnum) FROM pg_attribute"
        " WHERE attrelid = CAST(:view AS regclass) AND attnum > 0 ORDER BY attnum"
    )
    found = ledger.rows(described, view=f"reporting.{view}")
    assert found == ledger.rows(described, view=f"reporting_all.{view}")
    # What a tool knows: no domain, interval, array or json.
    assert {row[1] for row in found} <= {
        "text", "numeric", "date", "timestamp with time zone", "integer", "boolean",
    }  # fmt: skip
    assert found[-1][0] == "active"


@pytest.mark.parametrize(
    "asked", [lambda s: f"SELECT name FROM {s}.position", lambda s: f"SELECT name FROM {s}.daily"]
)
def test_an_account_that_is_inactive_is_there_for_who_asks(
    ledger: Ledger, asked: Callable[[str], str]
) -> None:
    ledger.quick_run()
    without_grace(ledger)
    ledger.rows("UPDATE ledger.account SET active = false WHERE account_id = 'a'")
    assert sorted(ledger.rows(asked("reporting"))) == [("b",), ("c",)]
    assert sorted(ledger.rows(asked("reporting_all"))) == [("a",), ("b",), ("c",)]
