"""What is read of a year: the partitions that a question is about, by an index, and not the others."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, NamedTuple

import psutil
import pytest
from sqlalchemy import Connection, text

from qbank_ledger.sync import audit, fetch, gx, publish, run, settle
from tests.words.ledger import Ledger

# 200 accounts: every hour of the ten days before last month began and of the ten days after, a day of each month
# before them, and the last two days. A version of each hour of those twenty days was superseded. So whatever day it
# is, a partition that a test asks for holds about as much: as it fills, PostgreSQL comes to prefer another index.
YEAR = """
SELECT ledger.ensure_partitions(now() - n * interval '1 month') FROM generate_series(1, 12) AS n;
INSERT INTO ledger.account
SELECT 'old-' || lpad(n::text, 3, '0'), 'n', 'EUR', 2, 'QB01', '1100', 'UTC', NULL, 90, NULL, 0, NULL, NULL, true
  FROM generate_series(1, 200) AS n;
INSERT INTO ledger.account_period
SELECT account_id, date_trunc('month', now(), 'UTC') - interval '1 month' - interval '10 days' FROM ledger.account;
CREATE TEMPORARY TABLE hour ON COMMIT DROP AS
SELECT date_trunc('month', now(), 'UTC') - interval '1 month' + n * interval '1 hour' AS hour, true AS superseded
  FROM generate_series(-24 * 10, 24 * 10 - 1) AS n
UNION ALL
SELECT date_trunc('month', now(), 'UTC') - m * interval '1 month' + n * interval '1 hour', false
  FROM generate_series(2, 12) AS m, generate_series(0, 23) AS n
UNION ALL
SELECT date_trunc('hour', now(), 'UTC') - n * interval '1 hour', false FROM generate_series(1, 48) AS n;
INSERT INTO ledger.balance
SELECT account_id, hour, 1, 2, 'EUR', hour + interval '15 min', 1, 1, 2, hour + interval '16 min'
  FROM hour, ledger.account ORDER BY hour, account_id;
INSERT INTO ledger.balance_history
SELECT account_id, hour, 1, 1, 'EUR', hour + interval '5 min', 1, 1, 1, hour + interval '6 min', hour + interval '16 min'
  FROM hour, ledger.account WHERE superseded ORDER BY hour, account_id;
"""
TOUCHED = """
SELECT relid::regclass::text, pg_stat_get_xact_blocks_fetched(relid)
  FROM (VALUES ('ledger.balance'), ('ledger.balance_history')) AS of (parent), pg_partition_tree(CAST(parent AS regclass))
 WHERE isleaf AND pg_stat_get_xact_blocks_fetched(relid) > 0
"""


class Scan(NamedTuple):
    """A relation that a query read: how, and by which index."""

    kind: str
    relation: str
    index: str | None


@pytest.fixture(scope="module")
def ledger(_shared: Ledger) -> Ledger:
    """A ledger with a year in it; a session of its own for each transaction, which has counted nothing before."""
    _shared.stay_in_one_hour()
    _shared.rows(YEAR)
    vacuum(_shared)
    return Ledger(_shared.url, _shared.folder, _shared.owner)


def vacuum(ledger: Ledger, relation: str = "") -> None:
    """What autovacuum does in its time."""
    with ledger.owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(f"VACUUM ANALYZE {relation}")


def touched(connection: Connection) -> dict[str, int]:
    """The partitions of which this session has read or written blocks, by whatever function; how many."""
    return {name.removeprefix("ledger."): blocks for name, blocks in connection.execute(text(TOUCHED))}


@pytest.fixture(params=["3 days", "2 hours"], ids=["within a month", "as a month begins"])
def hour(ledger: Ledger, request: pytest.FixtureRequest) -> datetime:
    """An hour of last month."""
    last_month = "date_trunc('month', now(), 'UTC') - interval '1 month'"
    value: datetime = ledger.value(f"SELECT {last_month} + CAST(:after AS interval)", after=request.param)
    return value


def scans(ledger: Ledger, query: str, **parameters: Any) -> list[Scan]:
    """What the query reads of partitions, as it runs: what it plans to read and then need not is left out."""

    def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield plan
        for child in plan.get("Plans", []):
            yield from nodes(child)

    plan = ledger.value(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", **parameters)[0]["Plan"]
    found = []
    for node in nodes(plan):
        if node["Actual Loops"] and "balance_2" in node.get("Relation Name", "").replace("history_", ""):
            by = [child["Index Name"] for child in node.get("Plans", []) if "Index Name" in child]
            index = node.get("Index Name", by[0] if by else None)
            found.append(Scan(node["Node Type"], node["Relation Name"], index))
    return found


def partition(of: datetime, parent: str = "balance") -> str:
    """The partition that holds an hour."""
    return f"{parent}_{of:%Y_%m}"


def test_the_newest_balance_is_found_from_the_newest_month_backwards(ledger: Ledger, hour: datetime) -> None:
    found = scans(ledger, "SELECT * FROM ledger.latest_balance")
    assert {scan.kind for scan in found} == {"Index Scan"}
    assert all(scan.index == f"{scan.relation}_pkey" for scan in found)
    newest = ledger.value("SELECT max(as_of_hour) FROM ledger.balance")
    assert min(scan.relation for scan in found) == partition(newest), "no month before it"


@pytest.mark.parametrize(
    "asked", ["CAST(:hour AS timestamptz)", "date_trunc('hour', now(), 'UTC') - CAST(:ago AS interval)"]
)
def test_an_hour_is_read_from_its_partition_by_its_index(ledger: Ledger, hour: datetime, asked: str) -> None:
    query = f"SELECT * FROM ledger.balance WHERE as_of_hour = {asked}"
    ago = ledger.value("SELECT date_trunc('hour', now(), 'UTC') - :hour", hour=hour)
    assert scans(ledger, query, hour=hour, ago=ago) == [
        Scan("Bitmap Heap Scan", partition(hour), f"{partition(hour)}_as_of_hour_idx")
    ]


def test_an_hour_as_it_was_known_is_read_from_a_partition_of_each(ledger: Ledger, hour: datetime) -> None:
    query = "SELECT * FROM ledger.balance_as_known(:at) WHERE as_of_hour = :hour"
    found = scans(ledger, query, hour=hour, at=hour + timedelta(minutes=10))
    assert [scan.relation for scan in found] == [partition(hour), partition(hour, "balance_history")]
    assert all(scan.index for scan in found), found


def test_an_account_as_it_was_known_is_read_by_its_key(ledger: Ledger, hour: datetime) -> None:
    query = (
        "SELECT * FROM ledger.balance_as_known(:at) WHERE account_id = 'old-007'"
        " AND as_of_hour BETWEEN CAST(:hour AS timestamptz) - interval '5 hours' AND :hour"
    )
    found = scans(ledger, query, hour=hour, at=hour)
    assert all(scan.index == f"{scan.relation}_pkey" for scan in found)
    assert {scan.relation for scan in found} == {
        partition(at, of) for at in (hour, hour - timedelta(hours=5)) for of in ("balance", "balance_history")
    }


@pytest.mark.parametrize("day", [0, 5, 15], ids=["a month's first", "within it", "without an observation"])
def test_a_days_closings_are_read_from_the_months_that_can_hold_them(ledger: Ledger, day: int) -> None:
    midnight = ledger.value(
        "SELECT date_trunc('month', now(), 'UTC') - interval '1 month' + make_interval(days => :day)", day=day
    )
    found = scans(ledger, "SELECT * FROM ledger.daily_balance WHERE as_of_date = :date", date=midnight.date())
    can_hold = {
        partition(midnight + timedelta(hours=hours), of)
        for hours in (-3, 27) for of in ("balance", "balance_history")
    }  # fmt: skip
    # The others are asked for an account's first hour only, which the index alone knows.
    read = [scan for scan in found if scan.kind != "Index Only Scan"]
    assert {scan.relation for scan in read} <= can_hold
    assert all(scan.index for scan in read if not scan.relation.startswith("balance_history")), read


@pytest.mark.parametrize(
    ("cut_off", "of"), [("12:14", ["balance"]), ("12:05", ["balance", "balance_history"])]
)
def test_a_closing_asks_the_history_only_where_the_last_hour_was_observed_again_after_the_day(
    ledger: Ledger, hour: datetime, cut_off: str, of: list[str]
) -> None:
    query = text(
        "SELECT count(*) FROM ledger.account AS a"
        " CROSS JOIN LATERAL ledger.closing(a.account_id, 'UTC', CAST(:cut_off AS time), 5, :date)"
    )
    day = hour.date() + timedelta(days=1)  # whose hours are all of one month
    with ledger.engine.begin() as connection:
        assert connection.execute(query, {"cut_off": cut_off, "date": day}).scalar_one() == 200
        read = touched(connection)
    assert set(read) == {f"{parent}_{day:%Y_%m}" for parent in of}
    assert max(read.values()) < 200 * 12


@pytest.mark.parametrize("hours", [24, 0])
def test_coverage_reads_the_months_that_it_is_asked_for(ledger: Ledger, hour: datetime, hours: int) -> None:
    query = "SELECT * FROM ledger.coverage WHERE as_of_hour BETWEEN :first AND :last"
    found = scans(ledger, query, first=hour - timedelta(hours=hours), last=hour)
    asked = {partition(hour - timedelta(hours=n)) for n in (0, hours)}
    assert {(scan.relation, scan.index) for scan in found} == {(name, f"{name}_pkey") for name in asked}


def test_missing_hours_read_the_months_that_they_are_asked_for(ledger: Ledger, hour: datetime) -> None:
    gone = hour - timedelta(days=1)
    ledger.rows("DELETE FROM ledger.balance WHERE as_of_hour = :gone", gone=gone)
    query = "SELECT count(*) FROM ledger.missing_hour WHERE as_of_hour BETWEEN :first AND :last"
    with ledger.engine.begin() as connection:
        around = {"first": gone - timedelta(hours=5), "last": gone + timedelta(hours=5)}
        assert connection.execute(text(query), around).scalar_one() == 200
        read = touched(connection)
    assert set(read) <= {partition(at) for at in around.values()}


def test_a_publish_touches_the_partition_of_its_hour(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, int]] = []
    real: Callable[..., Any] = publish.execute

    def looking(connection: Connection, name: str, **parameters: Any) -> Any:
        result = real(connection, name, **parameters)
        if name == "count_published":
            seen.append(touched(connection))
        return result

    monkeypatch.setattr(publish, "execute", looking)
    ledger.accounts(*(f"old-{n:03}" for n in range(1, 201)))
    ledger.stay_in_one_hour()
    ledger.quick_run()
    ledger.quick_run()
    now = ledger.value("SELECT max(as_of_hour) FROM ledger.balance")
    # The seal looks for its rows from an hour before the run began: as a month begins, in the one before, too.
    may_read = {partition(now), partition(now - timedelta(hours=1))}
    assert [set(read) - may_read for read in seen] == [set(), {partition(now, "balance_history")}]


OF_A_RUN = {
    fetch: {"unanswered"},
    audit: {"add_not_attempted", "find_lookalikes", "write_verdicts"},
    publish: {"publish_balances"},
    run: {"close_run", "record_missing_hours"},
    settle: {"lost_accounts"},
}


def test_no_room_looks_a_run_up_row_by_row(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """No statistics know of a run that has just been fetched: PostgreSQL takes its million rows for a few."""
    may_loop: dict[str, str] = {}

    def watch(room: ModuleType, names: set[str]) -> None:
        real: Callable[..., Any] = room.execute

        def looking(connection: Connection, name: str, **parameters: Any) -> Any:
            if name in names:
                may_loop[name] = connection.execute(text("SHOW enable_nestloop")).scalar_one()
            return real(connection, name, **parameters)

        monkeypatch.setattr(room, "execute", looking)

    for room, names in OF_A_RUN.items():
        watch(room, names)
    ledger.accounts(*(f"old-{n:03}" for n in range(1, 201)))
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    ledger.publish(run_no)
    settle.settle_run(ledger.engine, run_no)
    assert may_loop == dict.fromkeys(set().union(*OF_A_RUN.values()), "off")


def test_great_expectations_joins_a_runs_answers_whole(ledger: Ledger) -> None:
    connection = gx._connected(ledger.engine)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_nestloop")
            assert cursor.fetchone() == ("off",)
    finally:
        connection.close()


def test_an_hour_is_found_where_its_rows_took_the_space_of_a_later_one(ledger: Ledger) -> None:
    """What superseded versions leave behind is filled again: with rows of whichever hour comes next."""
    later = ledger.value(
        "SELECT date_trunc('month', now(), 'UTC') - interval '5 months' + interval '20 days'"
    )
    fill = "INSERT INTO ledger.balance SELECT {id}, {hour}, 1, 1, 'EUR', {hour}, 1, 1, 1, {hour} FROM generate_series(1, 20000) AS n"
    ledger.rows(fill.format(id="'later-' || n", hour="CAST(:later AS timestamptz)"), later=later)
    vacuum(ledger, f"ledger.{partition(later)}")
    ledger.rows(
        "SET LOCAL session_replication_role = replica;"
        " DELETE FROM ledger.balance WHERE account_id LIKE 'later-%' AND account_id < 'later-9990'"
    )
    vacuum(ledger, f"ledger.{partition(later)}")
    hours = "(CAST(:later AS timestamptz) - (100 - (n - 1) / 200) * interval '1 hour')"
    ledger.rows(fill.format(id="'old-' || lpad(((n - 1) % 200 + 1)::text, 3, '0')", hour=hours), later=later)
    with ledger.engine.begin() as connection:
        query = text("SELECT * FROM ledger.balance WHERE as_of_hour = :hour")
        rows = connection.execute(query, {"hour": later - timedelta(hours=50)}).all()
        read = touched(connection)
    size = ledger.value(f"SELECT pg_relation_size('ledger.{partition(later)}') / 8192")
    assert len(rows) == 200
    assert read[partition(later)] < size / 4


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("SELECT * FROM ledger.latest_balance", 0.1),
        ("SELECT * FROM ledger.balance_as_known(:hour + interval '1 day') WHERE as_of_hour = :hour", 0.05),
        ("SELECT * FROM ledger.coverage", 0.5),
        ("SELECT * FROM ledger.daily_movement WHERE account_id <= 'old-040' AND as_of_date > current_date - 28", 0.2),
        ("SELECT * FROM reporting.daily WHERE account_id <= 'old-040' AND as_of_date > current_date - 365", 0.2),
        ("SELECT * FROM ledger.missing_hour WHERE as_of_hour > :hour AND as_of_hour < :hour + interval '10 days'", 0.5),
    ],
)  # fmt: skip
def test_reading_takes_no_time_that_anybody_would_notice(
    ledger: Ledger, hour: datetime, query: str, seconds: float
) -> None:
    """Counted is what the server computes, since a busy machine makes it wait; a lost index costs more than ten times."""
    with ledger.engine.begin() as connection:
        server = psutil.Process(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        before = server.cpu_times()
        assert connection.execute(text(query), {"hour": hour} if ":hour" in query else {}).all()
        after = server.cpu_times()
    assert after.user + after.system - before.user - before.system < 10 * seconds
