"""The ledger's server goes away in the midst of a room: the hour is whole all the same, and nothing is there twice."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import psycopg2
import pytest
from local.postgres import Cluster
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import NullPool

from qbank_ledger.db import transaction
from qbank_ledger.db.migrate import migrate
from qbank_ledger.db.transaction import in_transaction
from qbank_ledger.errors import AuditError, LedgerUnavailableError, NotMigratedError, RunNotCompleteError
from qbank_ledger.month_end import reading
from qbank_ledger.month_end.pack import close_month
from qbank_ledger.recon import load, reconcile
from qbank_ledger.sync import audit, fetch, gx, plan, publish, run, settle
from qbank_ledger.sync.rules import AuditRule
from tests.conftest import throwaway
from tests.words.ledger import Ledger, Reply, failed

AWAY_S = 0.5
assert transaction.PATIENCE_S >= 180  # before a test sets it


@pytest.fixture(autouse=True)
def _patience(_no_patience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "PATIENCE_S", 30.0)


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server that nobody else needs while it is away, with a migrated database in it, ``template``."""
    with throwaway() as server:
        with as_superuser(server) as connection:
            connection.exec_driver_sql("CREATE DATABASE template TEMPLATE template0")
        migrate(url_of(server, "template"))
        yield server


def url_of(server: Cluster, database: str) -> URL:
    return make_url(server.url(database=database)).set(drivername="postgresql+psycopg2")


def as_superuser(server: Cluster) -> Connection:
    engine = create_engine(url_of(server, "postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    return engine.connect()


@pytest.fixture
def ledger(own_cluster: Cluster, tmp_path: Path) -> Ledger:
    with as_superuser(own_cluster) as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS outage WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE outage TEMPLATE template STRATEGY FILE_COPY")
    url = url_of(own_cluster, "outage")
    return Ledger(url, tmp_path, create_engine(url, poolclass=NullPool))


@contextmanager
def outage(server: Cluster, *, away_s: float = AWAY_S) -> Iterator[None]:
    """Shoot the server; it is back after a while."""
    pid = server.pid
    assert pid is not None
    process = psutil.Process(pid)
    process.send_signal(signal.SIGQUIT)
    process.wait(20)
    back = threading.Timer(away_s, server.start)
    back.start()
    try:
        yield
    finally:
        back.join()


def shoot(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, statement: str, server: Cluster
) -> list[float]:
    """Shoot the server when the module first runs the statement; the list then has the time."""
    real = module.execute
    away: list[float] = []

    def shot(connection: Connection, name: str, **parameters: Any) -> Any:
        if name == statement and not away:
            away.append(time.monotonic())
            with outage(server):
                return real(connection, name, **parameters)
        return real(connection, name, **parameters)

    monkeypatch.setattr(module, "execute", shot)
    return away


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        (plan, "accepted_hosts"),
        (plan, "open_run"),
        (plan, "list_run_accounts"),
        (fetch, "begin_batch"),
        (fetch, "make_incoming"),
        (fetch, "add_answers"),
        (audit, "count_observations"),
        (audit, "write_verdicts"),
        (run, "lock_run"),
        (publish, "publish_moment"),
        (publish, "publish_balances"),
        (publish, "record_publication"),
        (run, "close_run"),
        (settle, "lost_accounts"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__.rpartition(".")[2],
)
def test_a_server_that_is_away_in_a_room_costs_no_account(
    ledger: Ledger,
    own_cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    statement: str,
) -> None:
    away = shoot(monkeypatch, module, statement, own_cluster)
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.quick_audit(run_no)
    ledger.publish(run_no)
    counts = settle.settle_run(ledger.engine, run_no)
    assert away
    assert (counts.state, counts.published) == ("complete", 3)
    assert ledger.rows("SELECT run_no, state FROM sync.run") == [(run_no, "complete")]
    assert ledger.rows("SELECT attempts FROM sync.observation") == [(1,)] * 3
    assert ledger.value("SELECT count(*) FROM ledger.balance WHERE revision = 1") == 3
    assert ledger.value("SELECT count(*) FROM ledger.seal") == 1


@pytest.mark.parametrize("connection_no", [1, 2])
def test_a_server_that_goes_away_while_the_rules_are_evaluated_costs_no_account(
    ledger: Ledger, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch, connection_no: int
) -> None:
    """Great Expectations makes more than one connection: each is cut before it is asked anything."""
    real = gx._connected
    made: list[Any] = []

    def cut(engine: Engine) -> Any:
        made.append(real(engine))
        if len(made) == connection_no:
            with outage(own_cluster):
                pass
        return made[-1]

    monkeypatch.setattr(gx, "_connected", cut)
    run_no = ledger.plan()
    ledger.fetch(run_no)
    assert ledger.audit(run_no) == 3
    assert ledger.publish(run_no) == 3
    assert len(made) > 2


def test_a_rule_that_cant_be_evaluated_is_not_waited_for(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = AuditRule(
        "bad", "critical", "it divides by nought", "s.ledger_balance / (s.ledger_balance * 0) > 1"
    )
    monkeypatch.setattr(audit, "RULES", (*audit.RULES, bad))
    run_no = ledger.plan()
    ledger.fetch(run_no)
    began = time.monotonic()
    with pytest.raises(AuditError, match="Rule bad could not be evaluated"):
        ledger.audit(run_no)
    assert time.monotonic() - began < 60


def test_answers_that_come_while_the_server_is_away_are_kept_with_their_time(
    ledger: Ledger, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "_CHUNK_ROWS", 1)
    run_no = ledger.plan()

    def answers() -> Iterator[Reply]:
        yield Reply(account_id="a")
        with outage(own_cluster):
            came = time.monotonic()
            yield Reply(account_id="b", arrived=came)
            yield Reply(account_id="c", arrived=came)

    ledger.fetch(run_no, answers())
    rows = ledger.rows("SELECT account_id, state, observed_at FROM sync.observation ORDER BY 1")
    assert [(id_, state) for id_, state, _ in rows] == [(id_, "answered") for id_ in "abc"]
    assert rows[1][2] == rows[2][2]
    assert ledger.value("SELECT now()") - rows[1][2] > fetch.timedelta(seconds=AWAY_S / 2)


def test_a_server_that_goes_away_in_a_copy_costs_no_answer(
    ledger: Ledger, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fetch._rows
    away: list[bool] = []

    def rows(*arguments: Any) -> Any:
        if not away:
            away.append(True)
            with outage(own_cluster):
                pass
        return real(*arguments)

    monkeypatch.setattr(fetch, "_rows", rows)
    run_no = ledger.plan()
    ledger.fetch(run_no)
    assert away
    assert ledger.rows("SELECT state, attempts FROM sync.observation") == [("answered", 1)] * 3


@pytest.fixture
def lose_commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The connection is cut when the server has committed, and before it says so: each time that the list says."""
    when: list[int] = []
    real = DefaultDialect.do_commit

    def commit(self: DefaultDialect, connection: Any) -> None:
        real(self, connection)
        if when:
            when.pop()
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(DefaultDialect, "do_commit", commit)
    return when


@pytest.mark.parametrize("room", ["plan", "fetch", "publish", "settle"])
def test_a_commit_whose_answer_was_lost_is_read_back(
    ledger: Ledger, lose_commits: list[int], room: str
) -> None:
    def lose(now: str) -> None:
        lose_commits.extend([1] if now == room else [])

    lose("plan")
    run_no = ledger.plan()
    lose("fetch")
    ledger.fetch(run_no, lambda id_: failed(id_) if id_ == "c" else Reply(account_id=id_))
    ledger.quick_audit(run_no)
    lose("publish")
    assert ledger.publish(run_no) == 2
    lose("settle")
    with pytest.raises(RunNotCompleteError):
        settle.settle_run(ledger.engine, run_no)
    assert not lose_commits
    assert ledger.rows("SELECT run_no, state FROM sync.run") == [(run_no, "partial")]
    assert ledger.rows("SELECT attempts FROM sync.observation") == [(1,)] * 3
    assert ledger.value("SELECT count(*) FROM ledger.seal") == 1


def test_a_failure_is_counted_once_though_the_commit_of_its_chunk_was_lost(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, lose_commits: list[int]
) -> None:
    run_no = ledger.plan()

    def answers() -> Iterator[Reply]:
        lose_commits.append(1)
        yield failed("a")

    ledger.fetch(run_no, answers())
    assert ledger.rows("SELECT attempts FROM sync.observation") == [(1,)]


def test_a_server_that_stays_away_is_one_sentence_after_the_wait(
    ledger: Ledger, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "PATIENCE_S", 0.1)
    began = time.monotonic()
    own_cluster.stop()
    with pytest.raises(
        LedgerUnavailableError, match=r"^The ledger database did not answer .*check that it is up"
    ):
        in_transaction(ledger.engine, lambda _: None, until=time.monotonic() + 0.5)
    assert 0.2 < time.monotonic() - began < 5
    own_cluster.start()


def test_a_server_that_took_over_without_a_transaction_has_not_committed_it(ledger: Ledger) -> None:
    """PostgreSQL refuses to tell of a number that it has not come to: the transaction is made again."""
    ended = str(ledger.value("SELECT pg_current_xact_id()::text"))
    with ledger.engine.connect() as connection:
        for xid, committed in (("18446744073709551000", False), (ended, True)):
            assert transaction._is_committed(connection, xid) is committed


def test_a_transaction_that_the_server_is_still_at_is_waited_for(ledger: Ledger) -> None:
    """Also where none is newer: it would be made twice."""
    with ledger.engine.connect() as other, ledger.engine.connect() as connection:
        ending = other.begin()
        xid = other.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one()
        threading.Timer(0.3, ending.commit).start()
        assert transaction._is_committed(connection, xid)


def test_what_waiting_does_not_mend_is_not_waited_for(ledger: Ledger) -> None:
    began = time.monotonic()
    with pytest.raises(NotMigratedError):
        in_transaction(
            ledger.engine, lambda connection: connection.exec_driver_sql("SELECT * FROM sync.nothing")
        )
    with pytest.raises(ZeroDivisionError):
        in_transaction(ledger.engine, lambda _: 1 / 0)
    assert time.monotonic() - began < 2


def test_a_comparison_waits_for_the_server_too(
    ledger: Ledger, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger.quick_run()
    today = ledger.value("SELECT (now() AT TIME ZONE 'UTC')::date")
    books = tmp_path / "gl.csv"
    books.write_text(f"entity,gl_account,currency,as_of_date,balance\nQB01,1100,EUR,{today},1\n")
    for module, statement in ((load, "number_load"), (reconcile, "write_versions")):
        shoot(monkeypatch, module, statement, own_cluster)
    assert load.load_file(ledger.engine, books, "gl").is_new
    assert sum(reconcile.reconcile(ledger.engine, today).values()) == 3
    books.write_text(books.read_text().replace(",1\n", ",2\n"))
    shoot(monkeypatch, load, "number_load", own_cluster)
    with pytest.raises(LedgerUnavailableError, match="did not answer"):  # somebody waits for the answer
        load.load_file(ledger.engine, books, "gl", waits=False)
    assert load.load_file(ledger.engine, books, "gl", waits=False).is_new


def test_a_close_pack_waits_for_the_server_where_it_is_told_to(
    ledger: Ledger, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ledger.quick_run()
    month = ledger.value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')")
    shoot(monkeypatch, reading, "scope", own_cluster)
    made = close_month(ledger.engine, month, tmp_path / "close", patience_s=60)
    assert made.workbook.exists()
    shoot(monkeypatch, reading, "scope", own_cluster)
    with pytest.raises(LedgerUnavailableError, match="did not answer"):  # and no word of a folder
        close_month(ledger.engine, month, tmp_path / "close")
    assert sorted(path.name for path in (tmp_path / "close").iterdir()) == [f"{month}.html", f"{month}.xlsx"]
