"""Keeping a unit's programs up: one supervisord a unit, controlled by signals.

Without a control socket, since a state directory's path may be longer than a socket's may be.
"""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local import processes
from local.units import Unit

# Long enough for every program's own stop_s.
_STOP_S = 75


def start(unit: Unit, state: Path) -> bool:
    """Start the unit unless it is up; False where it was. One that is up as another starts anew."""
    found = processes.find(state)
    supervisor = processes.supervisor_of(unit.name, found)
    if supervisor and supervisor.fingerprint == unit.fingerprint:
        left = [each.process for each in processes.left_behind(found) if each.unit == unit.name]
        processes.end(left, 5)
        return False
    stop(state, unit.name)
    unit.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = state / "supervisor"
    folder.mkdir(mode=0o700, exist_ok=True)
    (state / "logs").mkdir(mode=0o700, exist_ok=True)
    file = folder / f"{unit.name}.conf"
    file.write_text(configuration(unit, state), "utf-8")
    subprocess.Popen(
        [sys.executable, "-P", "-m", "supervisor.supervisord", "--configuration", str(file)],
        env={**unit.environ, processes.FINGERPRINT: unit.fingerprint},
        cwd=state,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return True


def stop(state: Path, *names: str) -> None:
    """End the units: their supervisors, which end their programs, then whatever else has their marks."""
    found = [each for each in processes.find(state) if each.unit in names]
    processes.end([each.process for each in found if each.program is None], _STOP_S)
    found = [each for each in processes.find(state) if each.unit in names]
    processes.end([each.process for each in found], 5)


def last_words(program: str, state: Path) -> str:
    """The last line that a program wrote, and where the rest is."""
    log = state / "logs" / f"{program}.log"
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    line = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return f"{line} (more in {log})"


def configuration(unit: Unit, state: Path) -> str:
    """The supervisor's file: no secret in it, those go by the environment.

    Its paths are relative to ``state``, where the supervisor works: the path there may hold any sign.
    """
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"pidfile=supervisor/{unit.name}.pid",
        f"logfile=logs/{unit.name}.supervisor.log",
        "childlogdir=logs",
    ]
    for priority, program in enumerate(unit.programs):
        lines += [
            f"[program:{program.name}]",
            f"priority={priority}",  # ends in the reverse order, one after the other
            f"command={_command(program.command)}",
            f"directory={unit.directory.relative_to(state)}",
            f"stdout_logfile=logs/{program.name}.log",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=2",
            "redirect_stderr=true",
            "autorestart=true",
            "startretries=1000",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_s}",
            "killasgroup=true",
        ]
    return "\n".join(line.replace("%", "%%") for line in lines) + "\n"


def _command(words: Sequence[str]) -> str:
    """A command line as the file has it, in which a blank before ``#`` or ``;`` would begin a comment."""
    quoted = shlex.join(words)  # each of the two is between single quotes in it
    return quoted.replace("#", """'"#"'""").replace(";", """'";"'""")
