"""Reporting: what an analyst waits for, over a year of hours of 40 accounts, on a PostgreSQL of its own.

As a login of hers with no settings, so with those that a migration gives the database. One hour in twenty was
observed twice, one account in twenty was never answered. With another server, such as one that compiles plans
where it is let (JIT): `QBANK_TEST_POSTGRES=/usr/lib/postgresql/15/bin`.
"""

import statistics
from collections.abc import Iterator
from functools import partial

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from benchmarks import Figure, Table, is_quick
from benchmarks.ledger import new_ledger, run, seconds

YEAR = """
SELECT ledger.ensure_partitions(now() - n * interval '1 month') FROM generate_series(1, 12) AS n;
INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)
VALUES ('bench', 'bank', now(), false, false, :accounts);
INSERT INTO ledger.account
SELECT 'acc-' || lpad(n::text, 5, '0'), 'Account ' || n, 'EUR', 2, 'QB01', (100000 + n)::text,
       (ARRAY['UTC', 'America/New_York', 'Asia/Kathmandu', 'Europe/Berlin'])[1 + n % 4],
       CASE WHEN n % 3 = 0 THEN make_time(17, 30, 0) END, 90, NULL, 0, NULL, NULL, true
  FROM generate_series(1, :accounts) AS n;
INSERT INTO ledger.account_period SELECT account_id, now() - :hours * interval '1 hour' FROM ledger.account;
CREATE TEMPORARY TABLE asked ON COMMIT DROP AS
SELECT a.account_id, right(a.account_id, 5)::integer % 20 = 0 AS is_lost, (a.n + h.n) % 20 = 0 AS twice,
       date_trunc('hour', now(), 'UTC') - h.n * interval '1 hour' AS hour, h.n
  FROM generate_series(0, :hours - 1) AS h (n),
       (SELECT account_id, row_number() OVER (ORDER BY account_id) AS n FROM ledger.account) AS a;
INSERT INTO ledger.balance
SELECT account_id, hour, n + 0.25, n + 0.5, 'EUR', hour + interval '5 s', 1, 1, 1 + twice::integer,
       hour + interval '20 s'
  FROM asked WHERE NOT is_lost ORDER BY hour, account_id;
INSERT INTO ledger.balance_history
SELECT account_id, hour, n + 0.25, n, 'EUR', hour + interval '1 s', 1, 1, 1, hour + interval '10 s',
       hour + interval '20 s'
  FROM asked WHERE twice AND NOT is_lost ORDER BY hour, account_id;
INSERT INTO ledger.missing_hour_reason SELECT account_id, hour, 'http_403', 1 FROM asked WHERE is_lost;
"""
_QUERIES = {
    "ledger.daily_movement, 28 days": (
        "SELECT * FROM ledger.daily_movement WHERE as_of_date > current_date - 28",
        200,
    ),
    "reporting.daily, a year": (
        "SELECT * FROM reporting.daily WHERE as_of_date > current_date - 365",
        200,
    ),
    "reporting.daily, yesterday": ("SELECT * FROM reporting.daily WHERE as_of_date = current_date - 1", None),
    "reporting.movement, 28 days": (
        "SELECT * FROM reporting.movement WHERE as_of_date > current_date - 28",
        None,
    ),
    "reporting.position": ("SELECT * FROM reporting.position", None),
    "reporting.hourly, a day": (
        "SELECT * FROM reporting.hourly WHERE as_of_hour > now() - interval '1 day'",
        None,
    ),
    "reporting.coverage, a year": ("SELECT * FROM reporting.coverage", None),
}


def measure() -> Iterator[Table]:
    """The fastest and the middle one of twenty turns."""
    accounts, hours = (5, 24 * 30) if is_quick() else (40, 8_760)
    with new_ledger() as (_, superuser):
        run(superuser, YEAR, accounts=accounts, hours=hours)
        run(superuser, "CREATE ROLE ann LOGIN PASSWORD 'of-this-benchmark-only'; GRANT qbank_analyst TO ann")
        with superuser.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        url = superuser.url.set(username="ann", password="of-this-benchmark-only")  # noqa: S106 - and of its server
        with create_engine(url, poolclass=NullPool).connect() as ann:
            server = ann.execute(
                text("SELECT current_setting('server_version'), current_setting('jit')")
            ).one()
            measured = [(what, *_times(ann, *query)) for what, query in _QUERIES.items()]
        yield Table(
            title=f"Reporting: {accounts} accounts, {hours:,} hours, PostgreSQL {server[0]}, JIT {server[1]}",
            head=("what", "rows", "fastest of 20", "median"),
            rows=measured,
        )


def _times(session: Connection, query: str, goal: float | None) -> tuple[Figure, Figure, Figure]:
    """How many rows there are; of 20 turns, after one that is not counted, the fastest and the middle one."""
    rows = len(session.execute(text(query)).all())
    times = [1000 * seconds(partial(_read, session, query)) for _ in range(20)]
    return Figure(rows), Figure(min(times), "ms", at_most=goal), Figure(statistics.median(times), "ms")


def _read(session: Connection, query: str) -> None:
    # As they come over the wire: what Python makes of each is not the ledger's time.
    with session.connection.cursor() as cursor:
        cursor.execute(query)
