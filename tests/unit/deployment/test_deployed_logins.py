"""The SQL in docker-compose.yml, on a real server: who may log in, and to what."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg2
import pytest
from local.postgres import Cluster
from sqlalchemy import make_url
from tests.conftest import throwaway

from qbank_ledger.db.migrate import migrate

LOGINS = {
    "airflow": "AIRFLOW_DB_PASSWORD",
    "ledger_migrate": "LEDGER_MIGRATE_PASSWORD",
    "ledger_run": "LEDGER_RUN_PASSWORD",
    "ledger_desk": "LEDGER_DESK_PASSWORD",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A PostgreSQL as the image has it: a superuser with a password, and nothing else."""
    with throwaway() as cluster:
        yield cluster


@pytest.fixture
def make_logins(
    server: Cluster, compose: dict[str, Any], services: dict[str, Any], tmp_path: Any
) -> Callable[[Mapping[str, str]], None]:
    """Run what the service `logins` runs, with the passwords given."""
    script = tmp_path / "logins.sql"
    script.write_text(compose["configs"]["logins"]["content"], "utf-8")
    command = [str(server.psql), *services["logins"]["command"][1:-1], f"--file={script}"]
    url = make_url(server.url())

    def run(passwords: Mapping[str, str]) -> None:
        there = {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGUSER": "postgres",
            "PGPASSWORD": str(url.password),
        }
        environment = {"PATH": os.environ["PATH"], **services["logins"]["environment"], **there, **passwords}
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")

    return run


def _connect(server: Cluster, login: str, password: str, database: str) -> Any:
    return psycopg2.connect(
        host="127.0.0.1", port=server.port, user=login, password=password, dbname=database
    )


def test_the_logins_reach_their_database_and_no_other(
    server: Cluster, make_logins: Callable[[Mapping[str, str]], None], environment: dict[str, str]
) -> None:
    make_logins(environment)
    url = make_url(server.url()).set(
        drivername="postgresql+psycopg2",
        username="ledger_migrate",
        password=environment["LEDGER_MIGRATE_PASSWORD"],
        database="ledger",
    )
    assert "to 0" in migrate(url) or "newest" in migrate(url)
    reached = set()
    for login, secret in LOGINS.items():
        for database in ("airflow", "ledger"):
            try:
                _connect(server, login, environment[secret], database).close()
            except psycopg2.OperationalError as error:
                assert "permission denied for database" in str(error)  # noqa: PT017
            else:
                reached.add((login, database))
    assert reached == {("airflow", "airflow"), *((login, "ledger") for login in LOGINS if login != "airflow")}


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("SET ROLE qbank_loader", True),
        ("SELECT count(*) FROM ledger.balance", True),
        ("SET ROLE qbank_owner", False),
        ("CREATE TABLE ledger.mine (a int)", False),
        ("CREATE ROLE mine", False),
        ("DELETE FROM ledger.balance_history", False),
        ("DELETE FROM ledger.seal", False),
    ],
)
def test_a_run_may_do_what_the_loader_may(
    statement: str,
    allowed: bool,
    server: Cluster,
    make_logins: Callable[[Mapping[str, str]], None],
    environment: dict[str, str],
) -> None:
    make_logins(environment)
    connection = _connect(server, "ledger_run", environment["LEDGER_RUN_PASSWORD"], "ledger")
    try:
        connection.cursor().execute(statement)
    except psycopg2.errors.InsufficientPrivilege:
        assert not allowed
    else:
        assert allowed
    finally:
        connection.close()


def test_the_page_acts_in_somebodys_name_alone(
    server: Cluster, make_logins: Callable[[Mapping[str, str]], None], environment: dict[str, str]
) -> None:
    make_logins(environment)
    connection = _connect(server, "ledger_desk", environment["LEDGER_DESK_PASSWORD"], "ledger")
    cursor = connection.cursor()
    cursor.execute("SELECT recon.act_as('airflow:jane'), recon.actor()")
    assert cursor.fetchone() == ("airflow:jane", "airflow:jane")
    connection.rollback()
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="only in somebody's name"):
        cursor.execute("SELECT recon.actor()")
    connection.close()


def test_a_changed_password_is_in_force_after_the_next_start(
    server: Cluster, make_logins: Callable[[Mapping[str, str]], None], environment: dict[str, str]
) -> None:
    make_logins(environment)
    awkward = {**environment, "LEDGER_RUN_PASSWORD": 'it\'s a \\ "new" one'}
    make_logins(awkward)
    _connect(server, "ledger_run", awkward["LEDGER_RUN_PASSWORD"], "ledger").close()
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        _connect(server, "ledger_run", environment["LEDGER_RUN_PASSWORD"], "ledger")


def test_no_password_is_in_the_servers_log(
    server: Cluster, make_logins: Callable[[Mapping[str, str]], None], environment: dict[str, str]
) -> None:
    make_logins(environment)
    log = server.log.read_text("utf-8")
    assert log
    assert not [name for name in LOGINS.values() if environment[name] in log]
