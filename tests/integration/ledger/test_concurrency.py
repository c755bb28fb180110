"""Eight publishers at once, two of them killed in the middle, beside releases, a reader and a stranger's locks."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, pairwise
from multiprocessing import get_context
from typing import Any

import pytest
from sqlalchemy import exc, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db.connection import engine_for
from qbank_ledger.seals.verify import verify
from qbank_ledger.sync import publish
from tests.words.ledger import Ledger

pytestmark = pytest.mark.slow

PUBLISHERS, ROUNDS, RELEASES, HOURS = 8, 200, 100, 3
RUNS = PUBLISHERS * ROUNDS
# Which publishers are killed, after which of their rounds, and before which statement of the next: the one has
# written its rows, the other has sealed them, too.
KILLED = {0: (1, "publish_seal"), 5: (2, "record_publication")}
SEED = 20261005
PROCESSES = get_context("forkserver")

# A round observes five accounts at one instant and gives all of them one amount, its number.
STAGE = """
INSERT INTO ledger.account
SELECT a, a, 'EUR', 2, 'QB01', '1100', 'UTC', NULL, 90, NULL, 0, NULL, NULL, true FROM unnest(:accounts) AS a;
INSERT INTO sync.run (dag_run_id, api_host, started_at, deadline_at, dry_run, subset, expected)
SELECT 'round', 'bank', date_trunc('hour', now(), 'UTC') - (n % :hours + 1) * interval '1 hour',
       now() + interval '1 day', false, false, 5
  FROM generate_series(1, cardinality(:places)) AS n ORDER BY n;
SELECT ledger.ensure_partitions();
INSERT INTO sync.run_account SELECT run_no, a, 0, 'EUR', 2, 90, NULL FROM sync.run, unnest(:accounts) AS a;
INSERT INTO sync.observation
SELECT run_no, account_id, 'answered', NULL, run_no, run_no, NULL, NULL, NULL, NULL, 200, 1,
       started_at + place * interval '1 second'
  FROM sync.run JOIN sync.run_account USING (run_no)
  JOIN unnest(:places) WITH ORDINALITY AS p (place, run_no) USING (run_no);
INSERT INTO sync.verdict SELECT run_no, account_id, true, now() FROM sync.run_account;
"""
# The last runs are over: each holds one answer back, that for e, and the rest of it failed.
HOLD = """
UPDATE sync.verdict SET fit = false WHERE run_no > :rounds;
INSERT INTO sync.finding SELECT run_no, 'e', 'not_stale', 'critical', 'stale' FROM sync.run WHERE run_no > :rounds;
DELETE FROM sync.observation WHERE run_no > :rounds AND account_id <> 'e';
UPDATE sync.run SET state = 'failed', finished_at = now(), published = 0, quarantined = 1, failed = 4 WHERE run_no > :rounds;
"""
BALANCE = "SELECT * FROM ledger.balance ORDER BY as_of_hour, account_id"
AS_KNOWN = "SELECT * FROM ledger.balance_as_known(:at) ORDER BY as_of_hour, account_id"
VERSIONS = """
SELECT account_id, as_of_hour, revision, observed_at, recorded_at, NULL AS superseded_at FROM ledger.balance
UNION ALL
SELECT account_id, as_of_hour, revision, observed_at, recorded_at, superseded_at FROM ledger.balance_history
 ORDER BY account_id, as_of_hour, revision
"""


@dataclass
class Seen:
    """What was met while it went on: by the reader, by the stranger, by who waited for the processes."""

    torn: list[Any] = field(default_factory=list)
    states: dict[datetime, list[Any]] = field(default_factory=dict)
    deadlocked: int = 0
    ends: list[list[int | None]] = field(default_factory=list)
    problems: list[Exception] = field(default_factory=list)


# ── What goes on at once ───────────────────────────────────────────────────────────────────────────


def publishing(url: URL, number: int, started: Any, killed: tuple[int, str] | None) -> None:
    """Publish this publisher's rounds, as far as they are left, in a process and a session of its own.

    None begins before all are there.
    """
    engine = engine_for(url, poolclass=QueuePool)
    mine = range(number + 1, RUNS + 1, PUBLISHERS)
    round_, before = killed or (ROUNDS, "")
    real: Callable[..., Any] = publish.execute

    def dying(connection: Any, name: str, **parameters: Any) -> Any:
        # One that fell behind the others has nothing to write, nor to seal.
        if name in (before, "record_publication") and parameters["run_no"] > PUBLISHERS * round_:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(connection, name, **parameters)

    publish.execute = dying
    with engine.connect() as connection:
        done = set(connection.execute(text("SELECT run_no FROM sync.publication")).scalars())
    with started.get_lock():
        started.value += 1
    while started.value < PUBLISHERS:
        time.sleep(0.005)
    for run_no in mine:
        if run_no not in done:
            publish.publish_run(engine, run_no)


def releasing(url: URL, _killed: None) -> None:
    """Release all that is held back, as an operator does, in a process of its own."""
    engine = engine_for(url, "qbank_operator", poolclass=QueuePool)
    for run_no in range(RUNS + 1, RUNS + RELEASES + 1):
        with engine.begin() as connection:
            connection.execute(text("SELECT ledger.release(:n, 'e', 'seen at the counter')"), {"n": run_no})


def reading(ledger: Ledger, seen: Seen, done: threading.Event) -> None:
    """Look at the ledger again and again, each time at one state of it."""
    engine = ledger.owner.execution_options(isolation_level="REPEATABLE READ")
    while not done.wait(0.03):
        with engine.begin() as connection:
            state = connection.execute(text(BALANCE)).all()
            if not state:
                continue
            known_at = max(row.recorded_at for row in state)
            known = connection.execute(text(AS_KNOWN), {"at": known_at}).all()
        seen.states[known_at] = list(state)
        for hour, rows in groupby(state, key=lambda row: row.as_of_hour):
            of_rounds = [row.ledger_balance for row in rows if row.account_id != "e"]
            if of_rounds and (len(of_rounds), len(set(of_rounds))) != (4, 1):
                seen.torn.append((hour, of_rounds))
        if known != state:
            seen.torn.append((known_at, known))


def locking(ledger: Ledger, seen: Seen, done: threading.Event) -> None:
    """Lock rows the other way round than a publish, again and again: each time one that waits is in a deadlock.

    It waits longer than they do before it looks for one, so that PostgreSQL undoes the publish.
    """
    row = text("SELECT FROM ledger.balance WHERE account_id = :id AND as_of_hour = :hour FOR UPDATE")
    while not done.wait(1):
        hour = ledger.value("SELECT max(as_of_hour) FROM ledger.balance")
        try:
            with ledger.owner.begin() as connection:
                connection.execute(text("SET LOCAL deadlock_timeout = '2s'"))
                connection.execute(row, {"id": "d", "hour": hour})
                time.sleep(0.05)
                connection.execute(row, {"id": "a", "hour": hour})
        except exc.OperationalError:
            seen.deadlocked += 1


@contextmanager
def beside(
    ledger: Ledger, seen: Seen, *works: Callable[[Ledger, Seen, threading.Event], None]
) -> Iterator[None]:
    """Each work in a thread, until the block ends; what one of them raises is kept."""
    done = threading.Event()

    def kept(work: Callable[[Ledger, Seen, threading.Event], None]) -> None:
        try:
            work(ledger, seen, done)
        except Exception as problem:  # noqa: BLE001  a thread's error would be lost
            seen.problems.append(problem)

    threads = [threading.Thread(target=kept, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(60)


def to_its_end(target: Callable[..., None], *arguments: Any, killed: Any = None) -> list[int | None]:
    """Run it in a process; where that is killed, once more. Returns how each ended."""
    ends = []
    for dying in (killed, None):
        process = PROCESSES.Process(target=target, args=(*arguments, dying))
        process.start()
        process.join()
        ends.append(process.exitcode)
        if process.exitcode != -signal.SIGKILL:
            break
    return ends


@pytest.fixture(scope="module")
def after(_shared: Ledger) -> tuple[Ledger, Seen]:
    """The ledger after all rounds and releases, and what was met meanwhile."""
    order = random.Random(SEED)
    # What is observed later is published later as a rule, not always; a release comes at any time.
    when = [n + order.uniform(-20, 20) for n in range(RUNS)]
    when += [order.uniform(0, RUNS) for _ in range(RELEASES)]
    in_time = sorted(when)
    _shared.rows(STAGE, accounts=list("abcde"), hours=HOURS, places=[in_time.index(at) + 1 for at in when])
    _shared.rows(HOLD, rounds=RUNS)
    _shared.rows(f"ALTER DATABASE {_shared.url.database} SET deadlock_timeout = '200ms'")
    PROCESSES.set_forkserver_preload([__name__])
    seen, started = Seen(), PROCESSES.Value("i", 0)
    with ThreadPoolExecutor(PUBLISHERS + 1) as pool, beside(_shared, seen, reading, locking):
        released = pool.submit(to_its_end, releasing, _shared.url)
        publishers = [
            pool.submit(to_its_end, publishing, _shared.url, number, started, killed=KILLED.get(number))
            for number in range(PUBLISHERS)
        ]
        seen.ends = [work.result() for work in (*publishers, released)]
    return _shared, seen


def test_nobody_fails_but_who_was_killed(after: tuple[Ledger, Seen]) -> None:
    ledger, seen = after
    assert seen.problems == []
    assert seen.ends == [[-signal.SIGKILL, 0] if n in KILLED else [0] for n in range(PUBLISHERS + 1)]
    assert ledger.value("SELECT count(*) FROM sync.publication") == RUNS
    assert ledger.value("SELECT count(*) FROM sync.release") == RELEASES


def test_deadlocks_came_and_publishes_were_tried_again(after: tuple[Ledger, Seen]) -> None:
    ledger, seen = after
    deadlocks = ledger.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks > seen.deadlocked, "otherwise the tests beside this one show nothing of them"


def test_no_reader_sees_a_part_of_a_publish(after: tuple[Ledger, Seen]) -> None:
    _, seen = after
    assert seen.torn == []
    assert len(seen.states) > 50, "the reader looked while it went on"


def test_what_was_there_at_an_instant_is_known_for_ever(after: tuple[Ledger, Seen]) -> None:
    ledger, seen = after
    moments = sorted(seen.states)
    for at in moments[:: len(moments) // 50]:
        assert ledger.rows(AS_KNOWN, at=at) == seen.states[at]


def test_the_latest_observation_stands_in_every_hour(after: tuple[Ledger, Seen]) -> None:
    ledger, _ = after
    latest = ledger.rows(
        "SELECT DISTINCT ON (as_of_hour, account_id) account_id, date_trunc('hour', observed_at, 'UTC') AS as_of_hour,"
        " observed_at, run_no FROM sync.observation ORDER BY as_of_hour, account_id, observed_at DESC"
    )
    assert len(latest) == 5 * HOURS
    assert latest == ledger.rows(
        "SELECT account_id, as_of_hour, observed_at, run_no FROM ledger.balance ORDER BY as_of_hour, account_id"
    )


def test_versions_neither_overlap_nor_leave_a_gap(after: tuple[Ledger, Seen]) -> None:
    ledger, _ = after
    versions = ledger.rows(VERSIONS)
    replaced = 0
    for _, of_hour in groupby(versions, key=lambda row: (row.account_id, row.as_of_hour)):
        chain = list(of_hour)
        assert [row.revision for row in chain] == list(range(1, len(chain) + 1))
        assert chain[-1].superseded_at is None, "the last version stands"
        for one, next_ in pairwise(chain):
            assert one.recorded_at < one.superseded_at == next_.recorded_at
            assert one.observed_at < next_.observed_at
            replaced += 1
    assert replaced > 500, "otherwise it was not tried"


def test_the_chain_of_seals_is_whole_and_in_order(after: tuple[Ledger, Seen]) -> None:
    ledger, _ = after
    seals = ledger.rows("SELECT seal_no, sealed_at FROM ledger.seal ORDER BY seal_no")
    assert all(one.sealed_at < next_.sealed_at for one, next_ in pairwise(seals))
    assert verify(ledger.engine).startswith(f"The ledger is intact: {len(seals)} seals cover its ")
