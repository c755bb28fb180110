"""Processes of a stack, found by their mark and ended."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from local import processes
from local.postgres import without_root

STUBBORN = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A marked process that SIGTERM does not end."""
    mark = {processes.MARK: str(tmp_path), processes.UNIT: "airflow", processes.PROGRAM: "scheduler"}
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], env={**os.environ, **mark}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_a_process_is_found_by_the_mark_of_its_stack_alone(
    tmp_path: Path, stubborn: "subprocess.Popen[str]"
) -> None:
    (found,) = processes.find(tmp_path)
    assert (found.process.pid, found.unit, found.program) == (stubborn.pid, "airflow", "scheduler")
    assert processes.supervisor_of("airflow", [found]) is None
    assert processes.find(tmp_path / "another") == []


def test_a_process_of_another_users_is_not_ours_whatever_mark_it_has(
    tmp_path: Path, stubborn: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [each.process.pid for each in processes.find(tmp_path)] == [stubborn.pid]
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert processes.find(tmp_path) == []


def test_who_postgresql_runs_as_counts_in_our_state_directory_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    mark = {processes.MARK: str(tmp_path), processes.UNIT: "postgres", processes.PROGRAM: "postgres"}
    sleep = [*without_root(), "sleep", "60"]  # for other users than root: of our own
    with (
        subprocess.Popen(sleep, env={**os.environ, **mark}, cwd="/") as stranger,
        subprocess.Popen(sleep, env={**os.environ, **mark}, cwd=tmp_path) as server,
    ):
        while {psutil.Process(each.pid).name() for each in (stranger, server)} != {"sleep"}:
            time.sleep(0.01)
        found = {each.process.pid for each in processes.find(tmp_path)}
        stranger.kill()
        server.kill()
    assert found == ({server.pid} if os.geteuid() == 0 else {server.pid, stranger.pid})


def test_what_does_not_end_by_itself_is_killed(tmp_path: Path, stubborn: "subprocess.Popen[str]") -> None:
    processes.end([psutil.Process(stubborn.pid)], 0.3)
    assert processes.find(tmp_path) == []


def test_one_that_has_ended_is_not_waited_for_though_its_parent_takes_no_notice() -> None:
    careless = (
        "import subprocess, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", careless], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child, began = psutil.Process(int(parent.stdout.readline())), time.monotonic()
        processes.end([child], 30)
        took = time.monotonic() - began
        assert child.status() == psutil.STATUS_ZOMBIE
        parent.kill()
    assert took < 15
