"""Processes of a stack, found by their mark and ended."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from local import processes

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


def test_what_does_not_end_by_itself_is_killed(tmp_path: Path, stubborn: "subprocess.Popen[str]") -> None:
    processes.end([psutil.Process(stubborn.pid)], 0.3)
    assert processes.find(tmp_path) == []
