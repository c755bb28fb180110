"""What the stack is made of: PostgreSQL, the sandbox and Airflow, each a unit, kept up by a supervisord.

The supervisors are controlled by signals, without a socket, since a state directory's path may be longer
than a socket's may be.
"""

import hashlib
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from local import processes
from local.postgres import Cluster
from local.settings import ROOT, Settings, stack_environment, without_libpq
from qbank_ledger.errors import AccountsFileError
from qbank_ledger.sync.accounts_file import read_accounts

_MADE_FROM = ROOT / ".venv/made-from"  # changes with what is installed
# Long enough for every program's own stop_s.
_STOP_S = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process that is kept up; ``stop_signal`` is what ends it cleanly within ``stop_s``."""

    name: str
    command: tuple[str, ...]
    stop_signal: str = "TERM"
    stop_s: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Programs that start and stop together, and the one port that they listen on."""

    name: str
    programs: tuple[Program, ...]
    environ: Mapping[str, str]
    port: int
    port_name: str
    directory: Path

    @property
    def fingerprint(self) -> str:
        """Changes with what the unit runs: a unit that is up with another one must start anew."""
        seen = {
            name: value for name, value in self.environ.items() if name.startswith(("AIRFLOW_", "QBANK_"))
        }
        text = repr((sorted(seen.items()), self.programs))
        return hashlib.sha256(text.encode()).hexdigest()


def postgres(settings: Settings, cluster: Cluster) -> Unit:
    """The embedded server."""
    return Unit(
        name="postgres",
        programs=(Program(name="postgres", command=tuple(cluster.command), stop_signal="INT", stop_s=60),),
        environ=_marked(settings, "postgres", {}),
        port=settings.postgres_port,
        port_name="QBANK_POSTGRES_PORT",
        directory=cluster.data,
    )


def sandbox(settings: Settings, keys: Mapping[str, str]) -> Unit:
    """The stand-in for the bank; it starts anew when the accounts file has changed."""
    return Unit(
        name="sandbox",
        programs=(Program(name="sandbox", command=tuple(sandbox_command(settings, settings.sandbox_port))),),
        environ={
            **_marked(settings, "sandbox", sandbox_credentials(keys)),
            "QBANK_ACCOUNTS": _digest(settings.accounts_file),
            "QBANK_VENV": _digest(_MADE_FROM),
        },
        port=settings.sandbox_port,
        port_name="QBANK_SANDBOX_PORT",
        directory=settings.state,
    )


def sandbox_command(settings: Settings, port: int) -> list[str]:
    """A sandbox with the accounts of the accounts file; a bad file is the run's to refuse.

    Accounts that are in no file it can't know: it has those of the repository then.
    """
    command = [sys.executable, "-m", "qbank_sandbox", "--port", str(port)]
    command += ["--scenario", str(settings.state / "scenario.yaml")]
    file = settings.accounts_file
    try:
        return [*command, "--accounts", str(file)] if file and read_accounts(file) else command
    except AccountsFileError:
        return command


def sandbox_credentials(keys: Mapping[str, str]) -> dict[str, str]:
    """The one client that the sandbox knows, as its environment."""
    return {
        "QBANK_SANDBOX_CLIENT_ID": keys["client_id"],
        "QBANK_SANDBOX_CLIENT_SECRET": keys["client_secret"],
    }


def sandbox_answers(port: int) -> bool:
    """Whether the sandbox on ``port`` is ready for calls."""
    session = requests.Session()
    session.trust_env = False  # it is on this machine: no proxy
    try:
        return session.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def airflow(settings: Settings, keys: Mapping[str, str], database_url: str) -> Unit:
    """Airflow's four processes. They serve no logs: the API server reads the files themselves."""
    environ = stack_environment(settings, keys, database_url)
    successor = (sys.executable, str(ROOT / "local/processes.py"))
    commands = {
        "api-server": ("api-server",),
        "scheduler": ("scheduler", "--skip-serve-logs"),
        "dag-processor": ("dag-processor",),
        "triggerer": ("triggerer", "--skip-serve-logs"),
    }
    return Unit(
        name="airflow",
        programs=tuple(
            Program(name=name, command=(*successor, str(ROOT / ".venv/bin/airflow"), *arguments))
            for name, arguments in commands.items()
        ),
        environ={
            **environ,
            processes.MARK: str(settings.state),
            processes.UNIT: "airflow",
            "QBANK_VENV": _digest(_MADE_FROM),
        },
        port=settings.ui_port,
        port_name="QBANK_UI_PORT",
        directory=settings.state / "airflow",
    )


def _marked(settings: Settings, unit: str, own: Mapping[str, str]) -> dict[str, str]:
    # What is no setting of this unit would only make it start anew.
    inherited = {
        name: value
        for name, value in without_libpq(settings.environ).items()
        if not name.startswith(("AIRFLOW_", "QBANK_"))
    }
    return {**inherited, **own, processes.MARK: str(settings.state), processes.UNIT: unit}


def _digest(file: Path | None) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() if file else ""
    except OSError:
        return ""


def start(unit: Unit, state: Path) -> bool:
    """Start the unit unless it is up; False where it was. One that is up as another starts anew."""
    found = processes.find(state)
    supervisor = processes.supervisor_of(unit.name, found)
    if supervisor and supervisor.fingerprint == unit.fingerprint:
        left = [each.process for each in processes.orphans(found) if each.unit == unit.name]
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


def last_line(program: str, state: Path) -> str:
    """The last line that a program wrote, and where the rest is."""
    log = state / "logs" / f"{program}.log"
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    line = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
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
