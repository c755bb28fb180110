"""Units that are kept up: in any directory, and what is said of them when they are not."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from local import processes, stack, units
from local.settings import PORTS, ROOT, Settings
from local.state import open_keys

from tests.conftest import free_port

SLEEP = units.Program(name="sandbox", command=(sys.executable, "-c", "import time; time.sleep(60)"))
ODD_NAME = 'it\'s "100%" ünï #x ;y %(here)s [a] 日本'


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    state = tmp_path / getattr(request, "param", ODD_NAME)
    ports = {name: str(free_port()) for name in PORTS}
    settings = Settings.read({**os.environ, "QBANK_STATE_DIR": str(state), **ports})
    state.mkdir(mode=0o700)
    yield settings
    stack.stop(settings)
    processes.end([each.process for each in processes.find(state)], 5)


def until(what: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


def running(settings: Settings) -> dict[str, int]:
    found = processes.programs(processes.find(settings.state))
    return {name: process.pid for name, process in found.items()}


@pytest.mark.parametrize("settings", ["state", ODD_NAME], indirect=True)
def test_a_unit_runs_in_a_directory_of_any_name(settings: Settings) -> None:
    unit = units.sandbox(settings, open_keys(settings.state))
    assert units.start(unit, settings.state)
    until(lambda: units.sandbox_answers(settings.sandbox_port))
    assert not units.start(unit, settings.state)
    assert "QBank sandbox on" in (settings.state / "logs/sandbox.log").read_text()
    assert (settings.state / "supervisor/sandbox.pid").exists()
    assert stack.stop(settings)
    assert processes.find(settings.state) == []


def test_a_supervisor_that_was_killed_is_said_and_what_it_left_is_ended(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = replace(units.sandbox(settings, open_keys(settings.state)), programs=(SLEEP,))
    units.start(unit, settings.state)
    until(lambda: running(settings))
    before = running(settings)["sandbox"]
    supervisor = processes.supervisor_of("sandbox", processes.find(settings.state))
    assert supervisor
    supervisor.process.kill()
    supervisor.process.wait()
    assert stack.status(settings) == 3
    out = capsys.readouterr().out
    assert "sandbox       down\n" in out
    assert "sandbox: the supervisor is gone. `make run` restarts the stack, `make stop` ends it.\n" in out
    units.start(unit, settings.state)
    until(lambda: running(settings))
    assert {each.process.pid for each in processes.find(settings.state)}.isdisjoint({before})


def test_a_program_that_does_not_stay_up_says_why(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    fails = replace(SLEEP, command=(sys.executable, "-c", "raise SystemExit('no space left')"))
    unit = replace(units.sandbox(settings, open_keys(settings.state)), programs=(fails,))
    units.start(unit, settings.state)
    log = settings.state / "logs/sandbox.log"
    until(lambda: log.exists() and "no space left" in log.read_text())
    until(lambda: not running(settings))
    assert stack.status(settings) == 3
    assert "sandbox keeps ending and is restarted each time: no space left" in capsys.readouterr().out


def test_a_program_ends_what_a_killed_one_of_its_name_left_and_nothing_else(settings: Settings) -> None:
    """As with a scheduler, which leaves its workers; they outlive it in a process group of their own."""
    worker = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True); time.sleep(60)"
    successor = (sys.executable, str(ROOT / "local/processes.py"), sys.executable, "-c", worker)
    other = replace(SLEEP, name="triggerer")
    unit = replace(
        units.sandbox(settings, open_keys(settings.state)),
        programs=(units.Program(name="scheduler", command=successor), other),
    )
    units.start(unit, settings.state)
    until(lambda: len(processes.find(settings.state)) == 4)
    before = {each.process.pid for each in processes.find(settings.state) if each.program == "scheduler"}
    kept = running(settings)["triggerer"]
    os.kill(running(settings)["scheduler"], signal.SIGKILL)
    until(lambda: before.isdisjoint(each.process.pid for each in processes.find(settings.state)))
    until(lambda: len(processes.find(settings.state)) == 4)
    assert running(settings)["triggerer"] == kept
    assert processes.orphans(processes.find(settings.state)) == []
