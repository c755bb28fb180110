"""Who migrates, and how: on PostgreSQL 16 and 18, from servers that have never seen the ledger."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import URL

from qbank_ledger.db import migrate as module
from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import known_revisions, migrate, require_newest
from qbank_ledger.errors import LedgerError, MigrationNotAllowedError

from .bare_server import Server, database

BASELINE, NEWEST = "0001_baseline_2", "0020_run_gap"


@pytest.fixture
def server(bare_server: Server) -> Server:
    return bare_server


def test_the_revisions_are_those_of_alembic_in_its_order() -> None:
    revisions = ScriptDirectory(str(module._MIGRATIONS)).walk_revisions()
    assert known_revisions() == tuple(each.revision for each in revisions)[::-1]
    assert known_revisions()[-1] == NEWEST


def test_a_superuser_migrates_once(server: Server) -> None:
    url = database(server, "one")
    assert migrate(url) == f"The ledger database went from nothing to {NEWEST}."
    before = server.schema("one")
    assert migrate(url) == f"The ledger database is at the newest schema ({NEWEST})."
    assert server.schema("one") == before


def test_an_owner_who_may_create_roles_migrates_to_the_same_schema_and_is_told_what_a_superuser_adds(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    url = database(server, "theirs", "chief", "CREATEROLE")
    assert migrate(url) == f"The ledger database went from nothing to {NEWEST}."
    with engine_for(url).connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "qbank_loader"
        require_newest(connection)
        # Otherwise it could act in others' names alone.
        assert not connection.scalar(text("SELECT pg_has_role(session_user, 'qbank_desk', 'USAGE')"))
    [said] = [message for message in caplog.messages if "superuser" in message]  # alembic says something, too
    assert said.startswith("To protect the ledger further")
    server.psql("theirs", said.partition("\n")[2])
    migrate(database(server, "ours"))
    assert server.schema("theirs") == server.schema("ours")


def test_an_owner_who_may_not_is_told_what_a_dba_must_run_and_that_makes_the_same_schema(
    server: Server,
) -> None:
    url = database(server, "theirs", "chief")
    with pytest.raises(
        MigrationNotAllowedError, match="Ask a DBA to run the SQL on standard output"
    ) as caught:
        migrate(url)
    assert server.run("SELECT count(*) FROM pg_namespace WHERE nspname = 'ledger'", "theirs") == [(0,)]
    server.psql("theirs", caught.value.sql + "GRANT qbank_loader TO chief;")
    assert migrate(url) == f"The ledger database is at the newest schema ({NEWEST})."
    migrate(database(server, "ours"))
    assert server.schema("theirs") == server.schema("ours")


def at_once(*urls: URL) -> list[str]:
    """What migrating each in a process of its own says, in order."""
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "qbank_ledger", "migrate"],
            env={**os.environ, "AIRFLOW_CONN_LEDGER_DEFAULT": dsn.render_as_string(hide_password=False)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for dsn in (url.set(drivername="postgres") for url in urls)
    ]  # fmt: skip
    return sorted(process.communicate(timeout=60)[0].strip() for process in running)


def test_two_at_once_migrate_once(server: Server) -> None:
    url = database(server, "one")
    assert at_once(url, url) == [
        f"The ledger database is at the newest schema ({NEWEST}).",
        f"The ledger database went from nothing to {NEWEST}.",
    ]


def test_the_databases_of_a_server_may_be_migrated_at_once(server: Server) -> None:
    urls = [database(server, name) for name in ("one", "two", "three")]
    assert at_once(*urls) == [f"The ledger database went from nothing to {NEWEST}."] * 3


def test_a_login_that_lacks_a_role_is_told_what_a_dba_must_run(server: Server) -> None:
    url = database(server, "theirs", "chief")
    server.run("CREATE ROLE qbank_owner; CREATE ROLE qbank_loader; GRANT qbank_owner TO chief")
    server.run("GRANT CREATE ON DATABASE theirs TO qbank_owner")
    with pytest.raises(MigrationNotAllowedError):
        migrate(url)


def test_a_ledger_restored_without_its_roles_is_not_called_migrated(server: Server) -> None:
    url = database(server, "one")
    migrate(url)
    server.run("REASSIGN OWNED BY qbank_owner TO postgres", "one")
    with pytest.raises(LedgerError, match="restored without its roles"):
        migrate(url)


RIGHTS = """
SELECT coalesce(g.grantee::regrole::text, 'none'), g.privilege_type FROM pg_database AS d CROSS JOIN aclexplode(datacl) AS g
 WHERE datname = current_database() ORDER BY 1, 2
"""


def test_a_restored_ledger_gets_the_rights_and_settings_that_no_dump_has(server: Server) -> None:
    migrate(database(server, "one"))
    url = database(server, "restored")
    server.psql("restored", server.dump("one"))
    assert server.run("SELECT has_database_privilege('public', 'restored', 'TEMPORARY')", "restored") == [
        (True,)
    ]
    assert migrate(url) == f"The ledger database is at the newest schema ({NEWEST})."
    assert server.run(RIGHTS, "restored") == server.run(RIGHTS, "one")
    assert server.run("SHOW jit", "restored") == server.run("SHOW jit", "one") == [("off",)]


def test_what_only_a_superuser_may_do_is_also_done_where_the_schema_is_the_newest(server: Server) -> None:
    url = database(server, "one")
    migrate(url)
    server.run("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC", "one")
    server.run("REVOKE pg_signal_backend FROM qbank_owner")
    migrate(url)
    assert server.run(
        "SELECT has_function_privilege('public', 'lo_create(oid)', 'EXECUTE'),"
        " pg_has_role('qbank_owner', 'pg_signal_backend', 'USAGE')",
        "one",
    ) == [(False, True)]


@pytest.mark.parametrize("login", ["postgres", "runs"])
def test_a_ledger_of_the_baseline_gets_what_came_after_it_and_keeps_every_row(
    server: Server, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    """By whoever may, or by the SQL that a DBA is given."""
    url = database(server, "one")
    upgrade = command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _, **options: upgrade(config, BASELINE, **options))
        migrate(url)
    server.run(
        "INSERT INTO ledger.account VALUES ('a', 'A', 'EUR', 2, 'QB01', '1100', 'UTC', NULL, 90, NULL, 0, NULL, NULL, true);"
        "INSERT INTO ledger.balance SELECT 'a', date_trunc('hour', now(), 'UTC'), 1, n, 'EUR', date_trunc('hour', now(), 'UTC'),"
        " 1, 1, 1, now() FROM generate_series(1, 1) AS n;"
        "CREATE ROLE runs LOGIN PASSWORD 'of-this-test-only'; GRANT qbank_loader TO runs",
        "one",
    )
    rows = "SELECT xmin, ctid, * FROM ledger.balance"
    before = server.run(rows, "one")
    if login == "postgres":
        assert migrate(url) == f"The ledger database went from {BASELINE} to {NEWEST}."
    else:
        with pytest.raises(MigrationNotAllowedError) as caught:
            migrate(server.url("one", login))
        server.psql("one", caught.value.sql)
    assert server.run(rows, "one") == before
    assert server.run("SELECT ledger_balance FROM reporting.daily WHERE reason IS NULL", "one") == [(1,)]
    migrate(database(server, "fresh"))
    assert server.catalogue("one") ^ server.catalogue("fresh") == set()


def test_a_revision_that_fails_its_own_check_leaves_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database(server, "one")
    read: Callable[[str], str] = module._read
    monkeypatch.setattr(
        module, "_read", lambda name: "SELECT 'nothing fits'" if name.endswith("check.sql") else read(name)
    )
    with pytest.raises(LedgerError, match=r"Revision 0001_baseline was undone: nothing fits\."):
        migrate(url)
    assert server.run("SELECT count(*) FROM pg_namespace WHERE nspname IN ('ledger', 'sync')", "one") == [
        (0,)
    ]
