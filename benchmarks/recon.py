"""Reconciliation and exports: 10,000 accounts over a month, on a PostgreSQL of its own."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from benchmarks import Figure, Table, is_quick
from benchmarks.ledger import new_ledger, run, seconds
from qbank_ledger.recon.reconcile import reconcile

# Six observations a day; one account in five closes at 17:30, one balance in fifty differs from the books.
_ACCOUNTS = """
INSERT INTO ledger.account
SELECT 'acc-' || lpad(n::text, 5, '0'), 'Account ' || n, 'EUR', 2, 'QB01', (100000 + n)::text,
       (ARRAY['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'])[1 + n % 4],
       CASE WHEN n % 5 = 0 THEN make_time(17, 30, 0) END, 300, NULL, 0, NULL, NULL, true
  FROM generate_series(1, :accounts) AS n
"""
_BALANCES = """
SELECT ledger.ensure_partitions(now() - n * interval '1 month') FROM generate_series(0, 3) AS n;
INSERT INTO ledger.balance
SELECT a.account_id, h.hour, 1000 + h.n + 0.25, 1000 + h.n + 0.5, 'EUR', h.hour + interval '5 min',
       1, 1, 1, h.hour + interval '6 min'
  FROM (SELECT n, date_trunc('day', now(), 'UTC') - interval '34 days' + n * interval '4 hours' AS hour
          FROM generate_series(0, 34 * 6 - 1) AS n) AS h, ledger.account AS a
 ORDER BY h.n, a.account_id
"""
_BOOKS = """
INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('gl', repeat('0', 64), 31 * :accounts);
INSERT INTO recon.gl_balance
SELECT (SELECT max(load_no) FROM recon.file_load), 'QB01', a.gl_account, 'EUR', d.as_of_date,
       CASE WHEN (extract(day FROM d.as_of_date) + right(a.account_id, 4)::integer) % 50 = 0 THEN 999
            ELSE coalesce(c.ledger_balance, 0) END
  FROM ledger.account AS a
 CROSS JOIN (SELECT current_date - 33 + n AS as_of_date FROM generate_series(0, 30) AS n) AS d
  LEFT JOIN LATERAL ledger.closing(
       a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, d.as_of_date) AS c ON true
"""


def measure() -> Iterator[Table]:
    """Time, size and memory."""
    accounts = 200 if is_quick() else 10_000
    with new_ledger() as (engine, superuser):
        run(superuser, _ACCOUNTS, accounts=accounts)
        run(superuser, _BALANCES)
        with superuser.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        run(superuser, _BOOKS, accounts=accounts)
        timed = [
            (
                f"reconcile {accounts:,} accounts, 31 days",
                Figure(seconds(lambda: _reconcile(engine)), "s", 20),
            ),
            ("once more, nothing changed", Figure(seconds(lambda: _reconcile(engine)), "s")),
        ]
        yield Table(title="Reconciliation", head=("what", "measured"), rows=timed)
        rows = []
        for form in ("csv", "camt052", "bai2"):
            took, size, peak = _export(superuser.url, form)
            rows.append((form, Figure(took, "s", at_most=10), Figure(size, "MB"), Figure(peak, "MB")))
        yield Table(
            title=f"Exports of {accounts:,} balances",
            head=("format", "time", "size", "peak memory"),
            rows=rows,
        )


def _reconcile(engine: Engine) -> None:
    reconcile(engine)


def _export(url: URL, form: str) -> tuple[float, float, float]:
    """Seconds, size and peak memory of the export as a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / form
        connection = url.set(drivername="postgres").render_as_string(hide_password=False)
        command = [sys.executable, "-m", "qbank_ledger", "export", "--format", form, "--output", str(file)]
        environ = {**os.environ, "AIRFLOW_CONN_LEDGER_DEFAULT": connection}
        took = seconds(lambda: subprocess.run(command, env=environ, capture_output=True, check=True))  # noqa: S603 - our own
        # The largest of the processes so far: they are alike.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        return took, file.stat().st_size / 1e6, peak
