"""The ledger: audit, publish and verify a million rows, beside a bare INSERT … ON CONFLICT with history.

On a PostgreSQL of its own, made for it and gone afterwards. The bare statement writes the same rows
under the same keys, and a trigger keeps what it replaces; it has no partitions, no checks and no seal,
and asks no verdict.
"""

import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from local.postgres import Cluster, version_of
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from benchmarks import Cell, Figure, Table, is_quick
from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import migrate
from qbank_ledger.seals.verify import verify
from qbank_ledger.sync.audit import audit_run
from qbank_ledger.sync.publish import publish_run
from qbank_ledger.sync.sql import execute

PROGRAMS = "QBANK_TEST_POSTGRES"
_RUN = """
INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)
VALUES ('bench', 'bank', now() + interval '1 day', false, false, :rows) RETURNING run_no
"""
_STAGE = """
INSERT INTO sync.run_account
SELECT :run_no, 'acc-' || lpad(n::text, 8, '0'), 0, (ARRAY['EUR', 'USD', 'GBP'])[1 + n % 3], 2, 90, NULL
  FROM generate_series(1, :rows) AS n;
INSERT INTO sync.observation
SELECT :run_no, 'acc-' || lpad(n::text, 8, '0'), 'answered', NULL, n + 0.25, n + :run_no + 0.5,
       NULL, NULL, NULL, NULL, 200, 1, clock_timestamp()
  FROM generate_series(1, :rows) AS n;
"""
_BARE = """
CREATE SCHEMA bare;
CREATE TABLE bare.balance (LIKE ledger.balance, PRIMARY KEY (account_id, as_of_hour));
CREATE TABLE bare.history (LIKE ledger.balance_history, PRIMARY KEY (account_id, as_of_hour, superseded_at));
CREATE FUNCTION bare.keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bare.history SELECT o.*, n.recorded_at
      FROM old_rows AS o JOIN new_rows AS n USING (account_id, as_of_hour);
    RETURN NULL;
END $$;
CREATE TRIGGER keep AFTER UPDATE ON bare.balance REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION bare.keep();
"""
_BARE_UPSERT = """
INSERT INTO bare.balance AS b
SELECT o.account_id, date_trunc('hour', o.observed_at, 'UTC'), o.available_balance, o.ledger_balance,
       a.currency, o.observed_at, o.run_no, 1, 1, clock_timestamp()
  FROM sync.observation AS o JOIN sync.run_account AS a USING (run_no, account_id)
 WHERE o.run_no = :run_no
    ON CONFLICT (account_id, as_of_hour) DO UPDATE
   SET (available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)
     = (excluded.available_balance, excluded.ledger_balance, excluded.currency, excluded.observed_at,
        excluded.run_no, excluded.seal_no, b.revision + 1, excluded.recorded_at)
 WHERE excluded.observed_at > b.observed_at
"""
_YEARS = """
SELECT ledger.ensure_partitions(now() - n * interval '1 month') FROM generate_series(1, 8) AS n;
INSERT INTO ledger.account
SELECT 'old-' || lpad(n::text, 5, '0'), 'n', 'EUR', 2, 'QB01', '1100', 'UTC', NULL, 90, NULL, 0,
       NULL, NULL, true
  FROM generate_series(1, 2000) AS n;
INSERT INTO ledger.account_period SELECT account_id, now() - :hours * interval '1 hour' FROM ledger.account;
INSERT INTO ledger.balance
SELECT a.account_id, h.hour, h.n + 0.25, h.n + 0.5, 'EUR', h.hour + interval '5 min',
       1, -h.n, 1, h.hour + interval '6 min'
  FROM (SELECT n, date_trunc('hour', now(), 'UTC') - (:hours - n + 1) * interval '1 hour' AS hour
          FROM generate_series(1, :hours) AS n) AS h, ledger.account AS a
 ORDER BY h.n, a.account_id;
"""
_COVERAGE = "SELECT * FROM ledger.coverage"
_AS_KNOWN = """
SELECT * FROM ledger.balance_as_known(now() - interval '2 days')
 WHERE as_of_hour = date_trunc('hour', now() - interval '3 days', 'UTC')
"""


def measure() -> Iterator[Table]:
    """What is written, its size, and what a reader waits for."""
    rows, hours = (20_000, 50) if is_quick() else (1_000_000, 5_000)
    with new_ledger() as (engine, superuser):
        run(superuser, _BARE)
        timed: list[tuple[Cell, ...]] = []
        first = stage(superuser, rows)
        with tempfile.TemporaryDirectory() as docs:
            took = seconds(lambda: audit_run(engine, first, Path(docs)))
        timed.append((f"audit {rows:,} rows", Figure(took, "s", at_most=25), ""))
        timed += _publish(engine, superuser, first, "first time")
        size = _bytes_per_row(superuser)
        timed.append((f"verify {rows:,} rows", Figure(seconds(lambda: verify(engine)), "s", at_most=20), ""))
        second = stage(superuser, rows)
        with superuser.begin() as connection:
            execute(connection, "write_verdicts", run_no=second)
        timed += _publish(engine, superuser, second, "over the first")
        yield Table(title="The ledger", head=("what", "measured", "beside the bare"), rows=timed)
        sizes = ("balance and its indexes, an account-hour", "its hash in the seal")
        yield Table(
            title="Size",
            head=("what", "measured"),
            rows=[(what, Figure(found, "bytes")) for what, found in zip(sizes, size, strict=True)],
        )
        yield _years(superuser, hours)


def _publish(engine: Engine, superuser: Engine, run_no: int, when: str) -> list[tuple[Cell, ...]]:
    """The bare statement and the ledger's publish, of the same rows."""
    bare = seconds(lambda: run(superuser, _BARE_UPSERT, run_no=run_no))
    run(superuser, "CHECKPOINT")
    ours = seconds(lambda: publish_run(engine, run_no))
    return [
        (f"bare INSERT … ON CONFLICT, {when}", Figure(bare, "s"), ""),
        (
            f"publish with its seal, {when}",
            Figure(ours, "s", at_most=30),
            Figure(ours / bare, "x", at_most=1.5),
        ),
    ]


def _years(superuser: Engine, hours: int) -> Table:
    """What a reader waits for, over 2,000 accounts and so many hours."""
    run(superuser, _YEARS, hours=hours)
    with superuser.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql(
            "VACUUM ANALYZE ledger.balance, ledger.balance_history, ledger.account_period"
        )
    queries = {
        "latest_balance, all accounts": ("SELECT * FROM ledger.latest_balance", 100),
        "2,000 accounts as known at an instant": (_AS_KNOWN, 50),
        "a day's closings": ("SELECT * FROM ledger.daily_balance WHERE as_of_date = current_date - 1", None),
        "a day's coverage": (f"{_COVERAGE} WHERE as_of_hour > now() - interval '1 day'", None),
        "a month's coverage": (f"{_COVERAGE} WHERE as_of_hour > now() - interval '30 days'", None),
        "coverage of all hours": (_COVERAGE, None),
    }
    found = []
    for what, (query, goal) in queries.items():
        with superuser.connect() as connection:
            read = partial(_read, connection, query)
            times = [seconds(read) for _ in range(20)]
        found.append((what, Figure(statistics.quantiles(times, n=20)[-1] * 1000, "ms", at_most=goal)))
    return Table(title=f"Reading, {2_000 * hours:,} rows", head=("what", "p95"), rows=found)


@contextmanager
def new_ledger() -> Iterator[tuple[Engine, Engine]]:
    """An empty ledger on a PostgreSQL of its own, as the loader and as the superuser.

    As for the tests, ``QBANK_TEST_POSTGRES`` may name the folder with another server's programs.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # a server before 16 must get to its directory by the whole path
        found = os.environ.get(PROGRAMS)
        programs = {"programs": Path(found), "version": version_of(Path(found))} if found else {}
        cluster = Cluster(Path(folder), _free_port(), **programs)
        cluster.start()
        try:
            url = make_url(cluster.url()).set(drivername="postgresql+psycopg2")
            migrate(url)
            yield engine_for(url), create_engine(url, poolclass=NullPool)
        finally:
            cluster.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stage(superuser: Engine, rows: int) -> int:
    """A run whose answers, so many, wait for the audit; its number."""
    with superuser.begin() as connection:
        run_no = int(connection.execute(text(_RUN), {"rows": rows}).scalar_one())
    run(superuser, _STAGE, run_no=run_no, rows=rows)
    run(superuser, "ANALYZE sync.observation; ANALYZE sync.run_account; ANALYZE sync.run")
    return run_no


def _bytes_per_row(superuser: Engine) -> tuple[float, float]:
    with superuser.connect() as connection:
        row = connection.execute(
            text(
                "SELECT sum(pg_total_relation_size(inhrelid))::float8 / n.rows AS table_,"
                " pg_total_relation_size('ledger.seal')::float8 / n.rows AS seal"
                " FROM pg_inherits, (SELECT count(*) AS rows FROM ledger.balance) AS n"
                " WHERE inhparent = 'ledger.balance'::regclass GROUP BY n.rows"
            )
        ).one()
    return float(row.table_), float(row.seal)


def run(engine: Engine, sql: str, **parameters: object) -> None:
    """Run statements in a transaction of their own."""
    with engine.begin() as connection:
        connection.execute(text(sql), parameters)


def _read(connection: Connection, query: str) -> None:
    connection.execute(text(query)).all()


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began
