"""The ledger behind a real PgBouncer that lends one server session to everybody, by the transaction."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2
import pytest
from local import StackError
from local.ledger_commands import _may_be_analyst
from local.postgres import Cluster
from sqlalchemy.engine import URL

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import migrate
from qbank_ledger.seals.verify import verify
from qbank_ledger.sync.gx import _connected
from qbank_ledger.sync.settle import settle_run
from tests.conftest import free_port
from tests.thirdparty.program import pgbouncer
from tests.words.ledger import PASSWORD, Ledger, Reply

Pooler = Callable[[URL], URL]
# What another program may leave behind in the session that it was lent.
LEFT = (
    "SET timezone = 'Asia/Tokyo'",
    "SET datestyle = 'SQL, DMY'",
    "SET search_path = public",
    "SET statement_timeout = '1s'",
    "SET lock_timeout = '1s'",
    "SET default_transaction_isolation = 'serializable'",
    "SET jit = on",
    "SET ROLE qbank_analyst",
)


@pytest.fixture(params=["", "ignore_startup_parameters = options"], ids=["refuses options", "drops options"])
def pooler(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Iterator[Pooler]:
    """Start PgBouncer before a database; gives the URL by which its login reaches it."""
    with ExitStack() as stack:

        def start(url: URL) -> URL:
            port = free_port()
            logins = {str(url.username): str(url.password)}
            stack.enter_context(
                pgbouncer(
                    tmp_path, server=cluster.port, port=port, logins=logins, sessions=1, more=request.param
                )
            )
            return url.set(port=port)

        yield start


@pytest.fixture
def runs(ledger_url: URL, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger whose runs have a login with no right of its own: only what it may become has any."""
    ledger = Ledger(ledger_url, tmp_path)
    login = f"runs_{ledger_url.database}"
    ledger.rows(
        f"CREATE ROLE {login} LOGIN NOINHERIT PASSWORD '{PASSWORD}' IN ROLE qbank_loader, qbank_analyst"
    )
    ledger.url = ledger_url.set(username=login, password=PASSWORD)
    yield ledger
    ledger.rows(f"DROP ROLE {login}")
    ledger.owner.dispose()


def leave(url: URL) -> None:
    """Somebody else is lent the session, and leaves everything set in it."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(plain)) as connection:
        connection.autocommit = True
        for statement in LEFT:
            connection.cursor().execute(statement)


def found(url: URL) -> tuple[str, str]:
    """The role and the limit that somebody else finds."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(plain)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('lock_timeout')")
        (row,) = cursor.fetchall()
        return row


def test_a_run_is_whole_whatever_others_leave_in_its_session(runs: Ledger, pooler: Pooler) -> None:
    url = pooler(runs.url)
    runs.engine = engine_for(url)
    leave(url)
    run_no = runs.plan()
    leave(url)
    runs.fetch(run_no, lambda id_: Reply(account_id=id_, payload='{"in": "Kraków, 5 €"}'))
    leave(url)
    assert runs.audit(run_no) == 3
    leave(url)
    assert runs.publish(run_no) == 3
    leave(url)
    assert settle_run(runs.engine, run_no).state == "complete"
    leave(url)
    assert verify(runs.engine).startswith("The ledger is intact: 1 seals cover its 3 rows.")
    assert found(url) == ("qbank_analyst", "1s"), "what others have set is theirs, before and after"


def test_nothing_of_a_run_is_left_to_others(runs: Ledger, pooler: Pooler) -> None:
    url = pooler(runs.url)
    runs.engine = engine_for(url)
    runs.run()
    assert found(url) == (url.username, "0")


def test_great_expectations_has_the_loaders_session_too(
    runs: Ledger, pooler: Pooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = pooler(runs.url)
    runs.engine = engine_for(url)
    leave(url)
    with closing(_connected(runs.engine)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('timezone'), current_setting('lock_timeout')")
        assert cursor.fetchall() == [("qbank_loader", "UTC", "2min")]


def test_psql_says_that_it_needs_the_server_itself(runs: Ledger, pooler: Pooler) -> None:
    assert _may_be_analyst(runs.url)
    with pytest.raises(StackError, match="name the server itself in AIRFLOW_CONN_LEDGER_DEFAULT"):
        _may_be_analyst(pooler(runs.url))


def test_a_ledger_is_migrated_through_a_pooler(
    new_database: Callable[[], URL], pooler: Pooler, tmp_path: Path
) -> None:
    url = pooler(new_database())
    assert migrate(url).startswith("The ledger database went from nothing to ")
    ledger = Ledger(url, tmp_path)
    ledger.run()
    ledger.owner.dispose()
