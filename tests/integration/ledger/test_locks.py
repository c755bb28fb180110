"""Whom a run waits for: never a reader, whatever it locks; anybody else is named."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, Engine, create_engine, exc
from sqlalchemy.pool import NullPool

from qbank_ledger.db import locks, migrate
from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.locks import LockName
from qbank_ledger.errors import LockedError
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.sync import settle
from tests.words.ledger import Ledger, Reply

RELATIONS = """
SELECT format('%I.%I', n.nspname, c.relname), c.relkind FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
 WHERE n.nspname IN ('ledger', 'sync', 'recon', 'reporting', 'reporting_all') AND c.relkind IN ('r', 'p', 'v') ORDER BY 1
"""
NO_BLOCKS = """
DO $$
DECLARE
    block regclass;
BEGIN
    FOR block IN SELECT b.relation FROM pg_class AS p, sync.blocks(p.relname) AS b WHERE p.relkind = 'p' LOOP
        EXECUTE format('DROP TABLE %s', block);
    END LOOP;
END $$
"""
NEXT = "SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months', 'YYYY_MM')"
ROOMS = ("publish", "plan", "reconcile", "migrate", "partitions")
MODES = (
    "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)  # fmt: skip
# Refused once they have their lock, and before publishes in the queue until then.
IN_THE_QUEUE = (
    "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    "VACUUM FULL {}",
    "CREATE TEMPORARY TABLE mine PARTITION OF {} DEFAULT",
)


@pytest.fixture
def analyst(ledger: Ledger) -> Iterator[Engine]:
    """Somebody who may read, and has no limits."""
    with ledger.people({"ann": "qbank_analyst"}) as people:
        yield create_engine(people["ann"].url.set(query={}), poolclass=NullPool)


def lock_everything(session: Connection, relations: list[tuple[str, str]]) -> set[str]:
    """Take, in one transaction, what a reader can; returns the kinds of lock that it got."""
    got = set()

    def take(kind: str, statement: str) -> None:
        with suppress(exc.ProgrammingError), session.begin_nested():
            session.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            session.exec_driver_sql(statement)
            got.add(kind)

    for room in ROOMS:
        take("advisory", f"SELECT pg_advisory_lock(hashtextextended('qbank ledger: {room}', 0))")
        take("turn", f"SELECT ledger.acquire_lock('{room}')")
    for relation, kind in relations:
        take("read", f"SELECT count(*) FROM {relation}")
        for strength in ("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"):
            take(f"rows for {strength}", f"SELECT FROM {relation} FOR {strength}")
        for mode in MODES:
            take(mode, f"LOCK TABLE {relation} IN {mode} MODE")
        take("grant", f"GRANT SELECT ON {relation} TO PUBLIC")
        if kind != "v":
            take("analyze", f"ANALYZE {relation}")
    take("database", f"GRANT CONNECT ON DATABASE {session.engine.url.database} TO PUBLIC")
    return got


@contextmanager
def in_the_way(ledger: Ledger, analyst: Engine) -> Iterator[set[str]]:
    """An analyst who reads everything in one long transaction, holds what he can, and has more asking behind it."""
    relations = [tuple(row) for row in ledger.rows(RELATIONS)]
    over = threading.Event()

    def ask(statement: str) -> None:
        while not over.is_set():
            with suppress(exc.DBAPIError), analyst.connect() as session:
                session.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)
            over.wait(5)

    threads = [
        threading.Thread(target=ask, args=(statement.format(relation),), daemon=True)
        for relation in ("ledger.balance", "ledger.lock_publish", "sync.run")
        for statement in IN_THE_QUEUE
    ]
    with analyst.connect() as session:
        session.execution_options(isolation_level="REPEATABLE READ")
        got = lock_everything(session, relations)
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        yield got
        over.set()
    for thread in threads:
        thread.join(30)


def test_an_analyst_delays_nothing_whatever_he_locks(ledger: Ledger, analyst: Engine) -> None:
    ledger.rows(f"DROP TABLE ledger.balance_{ledger.value(NEXT)}")
    ledger.rows(NO_BLOCKS)

    def timed(work: Callable[[], Any]) -> float:
        began = time.monotonic()
        work()
        return time.monotonic() - began

    def rooms() -> dict[str, float]:
        run_no = 0

        def plan() -> None:
            nonlocal run_no
            run_no = ledger.plan()

        seconds = {"plan": timed(plan)}
        ledger.fetch(run_no)
        ledger.quick_audit(run_no)
        seconds["publish"] = timed(lambda: ledger.publish(run_no))
        seconds["settle"] = timed(lambda: ledger.close(run_no))
        seconds["reconcile"] = timed(lambda: reconcile(ledger.engine))
        return seconds

    with in_the_way(ledger, analyst) as got:
        beside = rooms()
        assert got <= {"advisory", "read", "ACCESS SHARE", "grant", "analyze", "database"}
        assert {"advisory", "read", "ACCESS SHARE"} <= got
    alone = rooms()
    assert ledger.value("SELECT to_regclass('ledger.balance_' || :next) IS NOT NULL", next=ledger.value(NEXT))
    for room, seconds in beside.items():
        assert seconds < alone[room] + 1.5, f"{room}: {seconds:.1f} s, alone {alone[room]:.1f} s"


def test_an_analysts_locks_stop_no_migration(ledger: Ledger, analyst: Engine) -> None:
    """It gets as far as what is there already: a wait would have ended in another error."""
    with ledger.owner.begin() as connection:
        migrate._make_roles(connection)  # a copy of a database has none of its grants
    with analyst.connect() as session, ledger.owner.connect() as connection:
        lock_everything(session, [tuple(row) for row in ledger.rows(RELATIONS)])
        connection.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
        connection.exec_driver_sql("DELETE FROM ledger.alembic_version")
        with pytest.raises(exc.ProgrammingError, match='type "account_id" already exists'):
            migrate._migrate(connection)


def test_a_turn_is_one_that_the_database_has(ledger: Ledger) -> None:
    kept = ledger.rows(
        "SELECT relname FROM pg_class WHERE relname LIKE 'lock\\_%' AND relnamespace = 'ledger'::regnamespace"
    )
    assert {f"lock_{name}" for name in get_args(LockName)} == {name for (name,) in kept}


@pytest.mark.parametrize(
    ("held", "work"),
    [
        ("SELECT ledger.acquire_lock('publish')", lambda ledger, n: ledger.publish(n)),
        ("SELECT ledger.acquire_lock('reconcile')", lambda ledger, _: reconcile(ledger.engine)),
        ("SELECT FROM sync.run FOR UPDATE", lambda ledger, n: settle.settle_run(ledger.engine, n)),
        ("LOCK TABLE ledger.balance", lambda ledger, n: ledger.publish(n)),
    ],
    ids=["a publish", "a comparison", "a row", "a table"],
)
def test_who_waits_in_vain_says_for_whom(
    ledger: Ledger,
    held: str,
    work: Callable[[Ledger, int], Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert locks._WARN_AFTER_S == 3
    monkeypatch.setattr(locks, "_WARN_AFTER_S", 0.2)
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    ledger.engine = engine_for(ledger.url.update_query_dict({"options": "-c lock_timeout=2s"}))
    with ledger.people({"otto": "qbank_owner"}) as people:
        with people["otto"].connect() as other:
            other.exec_driver_sql("SET ROLE qbank_owner")
            other.exec_driver_sql(held)
            pid = other.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with pytest.raises(LockedError) as caught:
                work(ledger, run_no)
        holder = f"pid {pid} of {people['otto'].url.username}"
        assert holder in str(caught.value)
        assert any(holder in message for message in caplog.messages), "and said so before"


RELEASED = "SELECT ledger.release(1, 'a', 'seen at the counter')"
LOADED = (
    "SELECT recon.act_as('airflow:ann'); SELECT FROM ledger.balance;"
    " INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('gl', repeat('0', 64), 0)"
)


@pytest.mark.parametrize(
    ("roles", "statement", "gives_way"),
    [
        ("qbank_analyst", "SELECT FROM ledger.balance", True),
        ("qbank_analyst, qbank_loader", "SELECT FROM ledger.balance", False),
        ("qbank_operator", RELEASED, False),
        ("qbank_desk", LOADED, False),
        ("qbank_desk", "SELECT FROM ledger.balance", True),
    ],
    ids=["a reader", "a run", "who has a turn", "who loads", "the page that reads"],
)
def test_a_reader_gives_way_and_nobody_else(
    ledger: Ledger, roles: str, statement: str, gives_way: bool
) -> None:
    ledger.quick_run(lambda id_: Reply(account_id=id_, echoed_as_of="yesterday"))
    ledger.rows(r"INSERT INTO recon.signatory (person, identity, may) VALUES ('Ann', 'airflow\:ann', 'load')")

    def wait() -> None:
        with ledger.owner.connect() as session, suppress(exc.DBAPIError):
            session.exec_driver_sql("SET LOCAL lock_timeout = '20s'; LOCK TABLE ledger.balance /* waits */")

    waiting = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%/* waits */' AND wait_event_type = 'Lock'"
    with ledger.people({"ann": roles}) as people:
        with people["ann"].connect() as holder:
            holder.exec_driver_sql(statement)
            pid = holder.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            thread = threading.Thread(target=wait)
            thread.start()
            while not (found := ledger.rows(waiting)):
                time.sleep(0.05)
            cancelled = ledger.rows("SELECT ledger.cancel_blocking_readers(:waiter)", waiter=found[0].pid)
        thread.join(30)
    assert cancelled == ([(pid,)] if gives_way else [])
