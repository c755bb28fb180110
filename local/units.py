"""What the stack is made of: PostgreSQL, the sandbox and Airflow, each a unit that starts on its own."""

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from local.airflow_settings import stack_environment
from local.postgres import Cluster
from local.processes import MARK, UNIT
from local.settings import ROOT, Settings
from qbank_ledger.errors import AccountsFileError
from qbank_ledger.sync.accounts_file import read_accounts

_MADE_FROM = ROOT / ".venv/made-from"  # changes with what is installed


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
    """A sandbox with the accounts of the accounts file; a bad file is the run's to refuse."""
    command = [sys.executable, "-m", "qbank_sandbox", "--port", str(port)]
    command += ["--scenario", str(settings.state / "scenario.yaml")]
    try:
        read_accounts(settings.accounts_file)
    except AccountsFileError:
        return command
    return [*command, "--accounts", str(settings.accounts_file)]


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
    commands = {
        "api-server": ("api-server",),
        "scheduler": ("scheduler", "--skip-serve-logs"),
        "dag-processor": ("dag-processor",),
        "triggerer": ("triggerer", "--skip-serve-logs"),
    }
    return Unit(
        name="airflow",
        programs=tuple(
            Program(name=name, command=(*_successor(), str(ROOT / ".venv/bin/airflow"), *arguments))
            for name, arguments in commands.items()
        ),
        environ={
            **environ,
            MARK: str(settings.state),
            UNIT: "airflow",
            "QBANK_VENV": _digest(_MADE_FROM),
        },
        port=settings.ui_port,
        port_name="QBANK_UI_PORT",
        directory=settings.state / "airflow",
    )


def _successor() -> tuple[str, str]:
    return sys.executable, str(ROOT / "local/successor.py")


def _marked(settings: Settings, unit: str, own: Mapping[str, str]) -> dict[str, str]:
    # What is no setting of this unit would only make it start anew.
    inherited = {
        name: value for name, value in settings.environ.items() if not name.startswith(("AIRFLOW_", "QBANK_"))
    }
    return {**inherited, **own, MARK: str(settings.state), UNIT: unit}


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
