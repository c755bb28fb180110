"""The page: how long it takes to answer over a year of hours, and what twenty readers cost a publish.

As a browser asks, over HTTP, one after the other, on a PostgreSQL of its own: 1,000 accounts, then 10,000 of
which the ledger has a week. The server is a thread of this process.
"""

import re
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import requests
import uvicorn
from fastapi import FastAPI, Request
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from benchmarks import Figure, Table, is_quick
from benchmarks.ledger import new_ledger, run, seconds, stage
from benchmarks.reporting import YEAR
from qbank_ledger.recon.profile_file import GLSources, read_gl_sources
from qbank_ledger.sync.publish import publish_run
from qbank_page.app import page
from qbank_page.frame.host import Visitor
from qbank_page.monitors import health

_LOGIN = "page"
_PASSWORD = "of-this-benchmark-only"  # noqa: S105 - and of its server
_COMPARED = """
INSERT INTO recon.reconciliation (
       account_id, as_of_date, version, entity, gl_account, currency, bank_balance, gl_balance, difference,
       bank_items, book_items, unexplained, tolerance, status, cause, opened_on, age_days, members,
       provisional)
SELECT a.account_id, current_date - d, 1, a.entity, a.gl_account, a.currency,
       10, 10 + (n.n % 20 = 0)::integer, -(n.n % 20 = 0)::integer, 0, 0, -(n.n % 20 = 0)::integer, 0,
       CASE WHEN n.n % 20 = 0 THEN 'break' ELSE 'matched' END, CASE WHEN n.n % 20 = 0 THEN 'unexplained' END,
       CASE WHEN n.n % 20 = 0 THEN current_date - 31 END, CASE WHEN n.n % 20 = 0 THEN 31 - d END,
       ARRAY[a.account_id]::text[], false
  FROM generate_series(1, 31) AS d,
       (SELECT *, row_number() OVER (ORDER BY account_id) AS n FROM ledger.account) AS n
  JOIN ledger.account AS a USING (account_id)
"""
_RATE = """
INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('rates', repeat('0', 64), 1);
INSERT INTO ledger.fx_rate
SELECT max(load_no), 'EUR', 'USD', current_date - 1, 1.1554, 2 FROM recon.file_load;
"""
_PACE_S = 1 if is_quick() else 10
_ASKED = 40  # times each: of twenty, the 95th percentile would be the slowest
_TODAY = datetime.now(UTC).date()
PAGES = (
    "position",
    "position?sort=ledger_balance&down=true",
    "position?in=USD",
    "accounts/acc-00002",
    "accounts/acc-00002?by=months",
    "coverage",
    "coverage?gaps=true",
    "runs",
    "runs/1",
    "books",
    "reconciliation",
    f"reconciliation/acc-00002?date={_TODAY - timedelta(days=1)}",
    "close",
    f"close?month={_TODAY:%Y-%m}",
    "health",
    "metrics",
)


class _Host:
    """Everybody is let in, and may nothing."""

    def __init__(self, ledger: URL) -> None:
        self._ledger = ledger

    async def visitor(self, _request: Request) -> Visitor:
        return Visitor("reader", "")

    def login(self, _request: Request) -> str:
        return "/"

    def ledger(self) -> URL:
        return self._ledger

    def gl_sources(self) -> GLSources:
        return read_gl_sources(None)

    def origins(self) -> list[str]:
        return []

    def secret(self) -> bytes:
        return b"of this benchmark only"

    def run_url(self, dag_id: str, dag_run_id: str) -> str:
        return f"/{dag_id}/{dag_run_id}"

    def reconcile(self, _visitor: Visitor) -> str:
        return ""


def measure() -> Iterator[Table]:
    """Each page, and a publish among readers."""
    health._FRESH_S = 0.0  # each is asked anew
    sizes = ((20, 48), (40, 48)) if is_quick() else ((1_000, 8_760), (10_000, 168))
    for (accounts, hours), goal in zip(sizes, (300, 1000), strict=True):
        with new_ledger() as (loader, superuser):
            run(superuser, YEAR, accounts=accounts, hours=hours)
            run(superuser, _COMPARED)
            run(superuser, _RATE)
            run(superuser, f"CREATE ROLE {_LOGIN} LOGIN PASSWORD '{_PASSWORD}'; GRANT qbank_desk TO {_LOGIN}")
            with superuser.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
            with _served(superuser.url.set(username=_LOGIN, password=_PASSWORD)) as url:
                yield _read_pages(url, goal, f"{accounts:,} accounts, {accounts * hours:,} account-hours")
                if goal == 300:
                    yield _publish_among_readers(loader, superuser, url, rows=accounts * 100)


def _read_pages(url: str, goal: float, what: str) -> Table:
    measured = []
    with requests.Session() as browser:
        for path in PAGES:
            answer = browser.get(f"{url}/{path}", timeout=120)
            times = sorted(
                1000 * seconds(partial(browser.get, f"{url}/{path}", timeout=120)) for _ in range(_ASKED)
            )
            p95 = statistics.quantiles(times, n=20)[-1]
            measured.append(
                (
                    re.sub("=[0-9-]+$", "=…", path),  # a date: of another day it would be another page
                    str(answer.status_code),
                    Figure(len(answer.content), "bytes"),
                    Figure(statistics.median(times), "ms"),
                    Figure(p95, "ms", at_most=goal),
                )
            )
    return Table(title=f"The page: {what}", head=("page", "status", "size", "median", "p95"), rows=measured)


def _publish_among_readers(loader: Engine, superuser: Engine, url: str, rows: int) -> Table:
    """Publish rows over those of the same hour, alone and while twenty browsers read page after page."""
    times: dict[int, list[float]] = {0: [], 20: []}
    _publish(loader, superuser, rows)  # new rows: without a history to be kept
    for _ in range(3):
        for readers, found in times.items():
            with _reading(url, readers):
                found.append(_publish(loader, superuser, rows))
    alone, among = (min(found) for found in times.values())
    return Table(
        title=f"Publishing {rows:,} rows over those of the same hour",
        head=("readers", "fastest of 3", "beside none"),
        rows=[
            ("0", Figure(alone, "s"), ""),
            ("20", Figure(among, "s"), Figure(among / alone, "x", at_most=1.1)),
        ],
    )


def _publish(loader: Engine, superuser: Engine, rows: int) -> float:
    """Seconds to publish a run of so many answers."""
    run_no = stage(superuser, rows)
    run(
        superuser,
        "INSERT INTO sync.verdict SELECT run_no, account_id, true, now() FROM sync.observation"
        " WHERE run_no = :run_no",
        run_no=run_no,
    )
    return seconds(lambda: publish_run(loader, run_no))


@contextmanager
def _reading(url: str, readers: int) -> Iterator[None]:
    """So many browsers, ten seconds between two pages, as people read; with --quick one."""
    done = threading.Event()

    def read(first: int) -> None:
        with requests.Session() as browser:
            done.wait(_PACE_S * first / readers)  # not all at the same moment
            for number in range(first, first + 10_000):
                if done.wait(_PACE_S):
                    return
                browser.get(f"{url}/{PAGES[number % len(PAGES)]}", timeout=120)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(readers)]
    for thread in threads:
        thread.start()
    time.sleep(2 * _PACE_S if readers else 0)
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


@contextmanager
def _served(ledger: URL) -> Iterator[str]:
    outer = FastAPI()
    outer.mount("/qbank", page(_Host(ledger)))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(outer, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/qbank"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
