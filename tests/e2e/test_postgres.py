"""PostgreSQL from the wheel: how it starts, what it survives, who gets in."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from local.errors import StackError
from local.postgres import Cluster, not_as_root

from tests.conftest import free_port


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster in a directory that only its owner may enter, and too deep for a socket."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / ("d" * 100), free_port())
    cluster.start()
    yield cluster
    cluster.stop()


def value(cluster: Cluster, sql: str) -> object:
    with closing(psycopg2.connect(cluster.url())) as connection, connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return (cursor.fetchone() or (None,))[0] if cursor.description else None


def test_what_was_committed_survives_a_kill_and_a_stale_pid_file(own: Cluster) -> None:
    value(own, "CREATE TABLE kept AS SELECT 42 AS answer")
    pid = own.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    while own.pid:
        time.sleep(0.05)
    # As after a reboot: the pid is another process's by now, of the same user.
    with subprocess.Popen([*not_as_root(), "sleep", "60"]) as other:
        (own.data / "postmaster.pid").write_text(f"{other.pid}\n{own.data}\n")
        own.start()
        other.kill()
    assert value(own, "SELECT answer FROM kept") == 42


def test_who_runs_it_may_pass_a_directory_that_is_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "program"
    program.touch(mode=0o755)
    # `test -x` asks access(2), as initdb does of its kin.
    assert subprocess.run([*not_as_root(), "test", "-x", program], check=False).returncode == 0


def test_it_listens_on_loopback_alone_and_wants_a_password(own: Cluster) -> None:
    assert value(own, "SHOW listen_addresses") == "127.0.0.1"
    assert value(own, "SHOW unix_socket_directories") == ""
    assert value(own, "SHOW fsync") == "on"
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(
            host="127.0.0.1", port=own.port, user="postgres", dbname="postgres", password="wrong"
        )


def test_a_cluster_whose_password_was_lost_says_so_at_once(own: Cluster) -> None:
    with pytest.raises(StackError, match=r"another password: bring back the keys\.json"):
        Cluster(own.directory, own.port).wait()


def test_a_cluster_that_was_half_made_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.unfinished").mkdir()
    (tmp_path / "data.unfinished/PG_VERSION").write_text("18\n")
    cluster = Cluster(tmp_path, free_port())
    cluster.prepare()
    assert (cluster.data / "postgresql.conf").exists()
    assert not (tmp_path / "data.unfinished").exists()
