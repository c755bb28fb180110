"""Old months on cheaper storage: the statements of docs/sizing.md, run by psql as they stand there."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from local.postgres import Cluster
from sqlalchemy import Engine, text

from qbank_ledger.errors import LedgerAlteredError
from qbank_ledger.seals.verify import verify
from tests.words.ledger import Ledger

_ONCE, _MOVE = re.findall(
    r"^```sql\n(.*?)^```$",
    (Path(__file__).parents[3] / "docs/sizing.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)
MONTHS = ("2024-02-10 09:00+00", "2024-03-10 09:00+00")
PLACES = """
SELECT DISTINCT coalesce(t.spcname, 'pg_default')
  FROM pg_class AS c LEFT JOIN pg_tablespace AS t ON t.oid = c.reltablespace
 WHERE c.relnamespace = 'ledger'::regnamespace AND c.relname LIKE 'balance%2024_0' || :month || '%'
"""


@pytest.fixture
def cold(server: Engine) -> Iterator[None]:
    """The tablespace; in the server's own directory, where there is no other disk."""
    create, grant = _ONCE.strip().split("\n")
    with server.connect() as connection:
        connection.execute(text("SET allow_in_place_tablespaces = on"))
        connection.execute(text(re.sub("'.*'", "''", create)))
        connection.execute(text(grant))
        yield
        connection.execute(text("REVOKE ALL ON TABLESPACE cold FROM qbank_owner"))
        connection.execute(text("DROP TABLESPACE cold"))


@pytest.fixture
def old(ledger: Ledger) -> Ledger:
    """With sealed balances of two months long ago, one of them superseded, and of this one."""
    for month in (*MONTHS, MONTHS[0]):
        ledger.rows("SELECT ledger.ensure_partitions(:at)", at=month)
        run_no = ledger.plan()
        ledger.fetch(run_no)
        ledger.rows(
            "UPDATE sync.observation SET observed_at = :at ::timestamptz + run_no * interval '1 s' WHERE run_no = :n",
            at=month,
            n=run_no,
        )
        ledger.rows("UPDATE sync.run SET started_at = :at WHERE run_no = :n", at=month, n=run_no)
        ledger.quick_audit(run_no)
        assert ledger.publish(run_no) == 3
        ledger.close(run_no)
    ledger.quick_run()
    return ledger


def move(cluster: Cluster, ledger: Ledger, tablespace: str) -> "subprocess.CompletedProcess[str]":
    statements = _MOVE.replace("tablespace cold", f"tablespace {tablespace}")
    url = cluster.url(database=str(ledger.url.database))
    return subprocess.run(
        [cluster.psql, "--no-psqlrc", url], input=statements, capture_output=True, text=True, check=True
    )


def places(ledger: Ledger, month: int) -> set[str]:
    return {row[0] for row in ledger.rows(PLACES, month=str(month))}


@pytest.fixture
def back(cluster: Cluster, old: Ledger) -> Iterator[Callable[[], None]]:
    """Brings them back, at the latest at the end: a tablespace in use can't be dropped."""

    def bring() -> None:
        assert move(cluster, old, "pg_default").stderr == ""

    yield bring
    bring()


def test_old_months_move_there_and_back_and_their_seals_hold(
    cluster: Cluster, cold: None, old: Ledger, back: Callable[[], None]
) -> None:
    balances = old.rows("SELECT * FROM ledger.balance ORDER BY 1, 2")
    assert [places(old, month) for month in (2, 3)] == [{"pg_default"}, {"pg_default"}]
    assert move(cluster, old, "cold").stderr == ""
    assert [places(old, month) for month in (2, 3)] == [{"cold"}, {"cold"}]
    newest = (
        "SELECT max(relname) FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND reltablespace <> 0"
    )
    assert "2024_" in old.value(newest)
    assert old.rows("SELECT * FROM ledger.balance ORDER BY 1, 2") == balances
    assert "4 seals cover its 12 rows" in verify(old.engine)
    assert move(cluster, old, "cold").stderr == ""  # what is there stays as it is
    back()
    assert [places(old, month) for month in (2, 3)] == [{"pg_default"}, {"pg_default"}]
    assert "4 seals cover its 12 rows" in verify(old.engine)


def test_what_was_altered_on_cheaper_storage_is_found(
    cluster: Cluster, cold: None, old: Ledger, back: Callable[[], None]
) -> None:
    move(cluster, old, "cold")
    old.rows("UPDATE ledger.balance_2024_03 SET ledger_balance = ledger_balance + 1 WHERE account_id = 'b'")
    with pytest.raises(LedgerAlteredError, match=r"account b .* was altered"):
        verify(old.engine)


def test_a_run_that_meets_a_month_on_its_way_is_whole(
    cluster: Cluster, cold: None, old: Ledger, back: Callable[[], None]
) -> None:
    with (
        closing(psycopg2.connect(cluster.url(database=str(old.url.database)))) as session,
        ThreadPoolExecutor(1) as beside,
    ):
        session.cursor().execute("ALTER TABLE ledger.balance_2024_02 SET TABLESPACE cold")
        run = beside.submit(old.quick_run)
        time.sleep(1)  # it waits by now, if what looks at all months has begun
        session.commit()
        run_no = run.result(timeout=60)
    assert old.value("SELECT state FROM sync.run WHERE run_no = :n", n=run_no) == "complete"


def test_a_month_that_is_being_read_stays_and_the_others_move(
    cluster: Cluster, cold: None, old: Ledger, back: Callable[[], None]
) -> None:
    with closing(psycopg2.connect(cluster.url(database=str(old.url.database)))) as session:
        session.cursor().execute("SELECT FROM ledger.balance_2024_02 LIMIT 1")
        given_up = move(cluster, old, "cold")
    assert "canceling statement due to lock timeout" in given_up.stderr
    assert places(old, 3) == {"cold"}
    assert "pg_default" in places(old, 2)
