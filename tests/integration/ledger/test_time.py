"""What was known when, and what a day closed with."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests.words.ledger import Ledger


def account(
    ledger: Ledger, id_: str = "a", zone: str = "UTC", cut_off: str | None = None, **fields: Any
) -> None:
    """An account, active since 2024, and the partitions for what it observes there."""
    given = {
        "id": id_,
        "zone": zone,
        "cut_off": cut_off,
        "currency": "EUR",
        "entity": "QB01",
        "active": True,
        "grace": 5,
        **fields,
    }
    ledger.rows(
        "INSERT INTO ledger.account VALUES (:id, :id, :currency, 2, :entity, '1100', :zone, CAST(:cut_off AS time),"
        " 90, NULL, 0, NULL, NULL, :active, DEFAULT, :grace)",
        **given,
    )
    for month in ("2024-03-15", "2024-11-15"):
        ledger.rows("SELECT ledger.ensure_partitions(CAST(:month AS timestamptz))", month=month)


def observe(ledger: Ledger, observed: datetime, amount: str, id_: str = "a", **fields: Any) -> None:
    """A balance observed then and published a minute later, over whatever is in its hour."""
    ledger.rows(
        "INSERT INTO ledger.balance AS b VALUES (:id, date_trunc('hour', CAST(:at AS timestamptz), 'UTC'),"
        " :amount, :amount, :currency, :at, 1, 1, 1, CAST(:at AS timestamptz) + interval '1 minute')"
        " ON CONFLICT (account_id, as_of_hour) DO UPDATE SET ledger_balance = excluded.ledger_balance,"
        " available_balance = excluded.available_balance, observed_at = excluded.observed_at,"
        " recorded_at = excluded.recorded_at, revision = b.revision + 1",
        **{"id": id_, "at": observed, "amount": Decimal(amount), "currency": "EUR", **fields},
    )


def utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[misc,arg-type]


def closings(ledger: Ledger, column: str = "ledger_balance") -> dict[date, Any]:
    rows = ledger.rows(f"SELECT as_of_date, {column} FROM ledger.daily_balance ORDER BY 1")
    return {row[0]: row[1] for row in rows}


# ── as known ───────────────────────────────────────────────────────────────────────────────────────


def test_a_balance_is_known_from_its_publish_until_the_next_version(ledger: Ledger) -> None:
    account(ledger)
    observe(ledger, utc(2024, 3, 5, 10, 10), "1")
    observe(ledger, utc(2024, 3, 5, 10, 40), "2")

    def known(minute: int, microsecond: int = 0) -> list[tuple[Decimal, int]]:
        at = utc(2024, 3, 5, 10, minute) + timedelta(microseconds=microsecond)
        rows = ledger.rows("SELECT ledger_balance, revision FROM ledger.balance_as_known(:at)", at=at)
        return [tuple(row) for row in rows]

    assert known(11, -1) == []
    assert known(11) == [(Decimal(1), 1)]
    assert known(41, -1) == [(Decimal(1), 1)]
    assert known(41) == [(Decimal(2), 2)]


def test_now_is_what_the_table_says(ledger: Ledger) -> None:
    ledger.quick_run()
    ledger.quick_run()
    assert ledger.rows("SELECT * FROM ledger.balance_as_known(clock_timestamp()) ORDER BY 1") == ledger.rows(
        "SELECT * FROM ledger.balance ORDER BY 1"
    )


def test_as_known_reads_one_partition_by_its_index(ledger: Ledger) -> None:
    with ledger.owner.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = (
            connection.execute(
                text(
                    "EXPLAIN SELECT * FROM ledger.balance_as_known('2024-03-06')"
                    " WHERE as_of_hour = date_trunc('hour', CAST(:now AS timestamptz), 'UTC')"
                ),
                {"now": datetime.now(UTC)},
            )
            .scalars()
            .all()
        )
    scans = [line for line in plan if re.search(r"Scan .*on \w+ [bh](_\d+)? ", line)]
    assert len(scans) == 2, plan
    assert all("Index" in line or "Bitmap" in line for line in scans), plan


# ── closing of a day ───────────────────────────────────────────────────────────────────────────────


def test_a_day_closes_with_its_last_observation_before_the_cut_off(ledger: Ledger) -> None:
    account(ledger, zone="Europe/Berlin", cut_off="17:30")
    observe(ledger, utc(2024, 3, 5, 16, 29, 59), "1")  # 17:29:59 in Berlin
    observe(ledger, utc(2024, 3, 5, 17, 30), "3")
    assert closings(ledger) == {date(2024, 3, 5): 1}


@pytest.mark.parametrize("grace", [0, 5, 120])
def test_what_is_observed_until_the_grace_has_passed_is_of_the_day(ledger: Ledger, grace: int) -> None:
    for id_ in ("a", "b"):
        account(ledger, id_, zone="Europe/Berlin", cut_off="17:30", grace=grace)
    closes = utc(2024, 3, 5, 16, 30) + timedelta(minutes=grace)
    observe(ledger, closes, "1")
    assert closings(ledger) == {date(2024, 3, 5): 1}
    observe(ledger, closes + timedelta(microseconds=1), "2")
    assert closings(ledger) == {date(2024, 3, 5): 1}
    observe(ledger, closes + timedelta(microseconds=1), "2", "b")
    assert set(closings(ledger)) == {date(2024, 3, 5)}, "of b none"


def test_a_run_on_the_full_hour_sees_the_end_of_the_day_before_and_not_a_closing_of_its_own(
    ledger: Ledger,
) -> None:
    account(ledger)
    observe(ledger, utc(2024, 3, 5, 23, 0, 6), "1")
    observe(ledger, utc(2024, 3, 6, 0, 0, 6), "2")
    assert closings(ledger) == {date(2024, 3, 5): 2}
    observe(
        ledger, utc(2024, 3, 6, 0, 7), "3"
    )  # over it, in the same hour: the one before stays in the history
    assert closings(ledger) == {date(2024, 3, 5): 2, date(2024, 3, 6): 3}


def test_a_balance_removed_by_hand_is_the_closing_of_its_date_alone(ledger: Ledger) -> None:
    account(ledger)
    observe(ledger, utc(2024, 3, 6, 0, 0, 6), "1")
    ledger.rows("DELETE FROM ledger.balance")
    assert closings(ledger) == {date(2024, 3, 5): 1}


def test_the_grace_of_a_cut_off_reaches_into_the_next_date(ledger: Ledger) -> None:
    account(ledger, cut_off="23:58")
    observe(ledger, utc(2024, 3, 6, 0, 3), "1")
    observe(ledger, utc(2024, 3, 6, 1), "2")
    assert closings(ledger) == {date(2024, 3, 5): 1, date(2024, 3, 6): 2}


def test_after_the_cut_off_there_is_no_closing_until_midnight(ledger: Ledger) -> None:
    account(ledger, cut_off="17:30")
    observe(ledger, utc(2024, 3, 5, 17, 35, 1), "1")
    observe(ledger, utc(2024, 3, 5, 23, 59, 59), "2")
    assert closings(ledger) == {}
    observe(ledger, utc(2024, 3, 6, 0, 0), "3")
    assert closings(ledger) == {date(2024, 3, 6): 3}


def test_a_closing_inside_an_hour_may_be_in_the_history_already(ledger: Ledger) -> None:
    account(ledger, zone="Europe/Berlin", cut_off="17:30")
    observe(ledger, utc(2024, 3, 5, 16, 20), "1")
    observe(ledger, utc(2024, 3, 5, 16, 40), "2")  # the grace has passed
    assert ledger.value("SELECT ledger_balance FROM ledger.balance") == 2
    assert closings(ledger) == {date(2024, 3, 5): 1}


def test_without_a_cut_off_a_day_ends_at_midnight_of_its_own_clock(ledger: Ledger) -> None:
    account(ledger, zone="Asia/Kolkata")  # midnight is at 18:30 UTC, inside an hour
    observe(ledger, utc(2024, 3, 5, 18, 29, 59), "1")
    observe(ledger, utc(2024, 3, 5, 18, 36), "2")
    assert closings(ledger) == {date(2024, 3, 5): 1, date(2024, 3, 6): 2}


def test_nothing_is_carried_over_to_a_day_without_an_observation(ledger: Ledger) -> None:
    account(ledger)
    observe(ledger, utc(2024, 3, 5, 10), "1")
    observe(ledger, utc(2024, 3, 7, 10), "2")
    assert closings(ledger) == {date(2024, 3, 5): 1, date(2024, 3, 7): 2}


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2024, 3, 10), 23),
        ("America/New_York", date(2024, 11, 3), 25),
        ("America/Havana", date(2024, 11, 3), 25),  # the hour that comes twice is the first of the day
        ("America/Asuncion", date(2024, 3, 23), 25),  # … and here the last
        ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
        ("UTC", date(2024, 2, 29), 24),
    ],
)
@pytest.mark.parametrize("grace", [0, 5])
def test_a_day_is_as_long_as_its_clock_says(
    ledger: Ledger, zone: str, day: date, hours: float, grace: int
) -> None:
    account(ledger, zone=zone, grace=grace)
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC) + timedelta(
        minutes=grace
    )
    end = start + timedelta(hours=hours)
    for at, amount in (
        (start, "1"),
        (start + timedelta(seconds=1), "2"),
        (end, "3"),
        (end + timedelta(seconds=1), "4"),
    ):
        observe(ledger, at, amount)
    assert closings(ledger) == {day - timedelta(days=1): 1, day: 3, day + timedelta(days=1): 4}


def test_the_first_of_a_day_is_found_where_an_hour_comes_twice(ledger: Ledger) -> None:
    account(ledger, zone="America/Havana")
    observe(ledger, utc(2024, 11, 3, 4, 10), "1")  # 00:10, before the clock goes back to 00:00
    assert closings(ledger) == {date(2024, 11, 3): 1}


@pytest.mark.parametrize("zone", ["America/Havana", "Atlantic/Azores", "Africa/Cairo", "America/Santiago"])
def test_each_observation_is_of_one_date_in_a_night_of_either_kind(ledger: Ledger, zone: str) -> None:
    """Whatever minute it is observed in, it is the closing of exactly one date where it is the only one."""
    account(ledger, zone=zone)
    nights = {
        at
        for at in (utc(2024, 1, 1) + timedelta(hours=hour) for hour in range(366 * 24))
        if (at + timedelta(hours=1)).astimezone(ZoneInfo(zone)).utcoffset()
        != at.astimezone(ZoneInfo(zone)).utcoffset()
    }
    assert len(nights) == 2
    found = ledger.rows(
        "SELECT at, count(*) FILTER (WHERE at >= ledger.day_end(:zone, NULL, on_date - 1)"
        "   AND at > ledger.closes_at(:zone, NULL, 5, on_date - 1) AND at <= ledger.closes_at(:zone, NULL, 5, on_date))"
        "  FROM unnest(CAST(:nights AS timestamptz[])) AS n (night),"
        "       generate_series(night - interval '3 hours', night + interval '3 hours', interval '1 minute') AS at,"
        "       generate_series((night - interval '2 days')::date, (night + interval '2 days')::date, interval '1 day') AS g (d),"
        "       LATERAL (SELECT d::date AS on_date) AS o"
        " GROUP BY at HAVING count(*) FILTER (WHERE at >= ledger.day_end(:zone, NULL, on_date - 1)"
        "   AND at > ledger.closes_at(:zone, NULL, 5, on_date - 1) AND at <= ledger.closes_at(:zone, NULL, 5, on_date)) <> 1",
        zone=zone, nights=list(nights),
    )  # fmt: skip
    assert found == []


def test_a_day_is_provisional_until_its_cut_off(ledger: Ledger) -> None:
    ledger.quick_run()
    assert set(closings(ledger, "provisional").values()) == {True}
    account(ledger, "z")
    observe(ledger, utc(2024, 3, 5, 10), "1", "z")
    assert closings(ledger, "provisional")[date(2024, 3, 5)] is False


# ── movement and totals ────────────────────────────────────────────────────────────────────────────


def test_movement_is_the_difference_to_the_balance_before(ledger: Ledger) -> None:
    account(ledger)
    observe(ledger, utc(2024, 3, 5, 10), "100.10")
    observe(ledger, utc(2024, 3, 5, 13), "90.05")
    observe(ledger, utc(2024, 3, 6, 9), "70", currency="USD")
    assert ledger.rows(
        "SELECT extract(hour FROM as_of_hour), extract(hour FROM since_hour), opening_balance, closing_balance, ledger_movement"
        " FROM ledger.hourly_movement ORDER BY as_of_hour"
    ) == [
        (10, None, None, Decimal("100.10"), None),
        (13, 10, Decimal("100.10"), Decimal("90.05"), Decimal("-10.05")),
        (9, 13, None, Decimal(70), None),
    ]


def test_daily_movement_needs_the_closing_of_the_day_before(ledger: Ledger) -> None:
    account(ledger)
    for day, amount in ((5, "100"), (6, "130.5"), (8, "90")):
        observe(ledger, utc(2024, 3, day, 10), amount)
    observe(ledger, utc(2024, 3, 9, 10), "700", currency="JPY")
    assert ledger.rows(
        "SELECT as_of_date, opening_balance, closing_balance, ledger_movement, available_movement"
        " FROM ledger.daily_movement ORDER BY 1"
    ) == [
        (date(2024, 3, 5), None, 100, None, None),
        (date(2024, 3, 6), 100, Decimal("130.5"), Decimal("30.5"), Decimal("30.5")),
        (date(2024, 3, 8), None, 90, None, None),
        (date(2024, 3, 9), None, 700, None, None),
    ]


def test_totals_are_per_entity_and_currency_and_say_what_they_lack(ledger: Ledger) -> None:
    account(ledger, "a")
    account(ledger, "b")
    account(ledger, "c", currency="USD")
    account(ledger, "d", entity="QB02")
    account(ledger, "closed", active=False)
    for id_, amount, currency in (
        ("a", "1.5", "EUR"),
        ("b", "2", "EUR"),
        ("c", "4", "USD"),
        ("closed", "8", "EUR"),
    ):
        observe(ledger, utc(2024, 3, 5, 10), amount, id_, currency=currency)
    assert ledger.rows(
        "SELECT entity, currency, accounts, without_balance, stale, ledger_balance FROM ledger.entity_total ORDER BY 1, 2"
    ) == [
        ("QB01", "EUR", 2, 0, 2, Decimal("3.5")),
        ("QB01", "USD", 1, 0, 1, Decimal(4)),
        ("QB02", "EUR", 1, 1, 0, None),
    ]
    assert ledger.rows(
        "SELECT entity, currency, accounts, ledger_balance FROM ledger.hourly_total ORDER BY 1, 2"
    ) == [("QB01", "EUR", 3, Decimal("11.5")), ("QB01", "USD", 1, Decimal(4))]


def test_staleness_goes_by_the_accounts_own_limit(ledger: Ledger) -> None:
    ledger.quick_run()
    assert ledger.rows("SELECT DISTINCT is_stale, age < interval '1 minute' FROM ledger.latest_balance") == [
        (False, True)
    ]
