"""The one reader of the environment for the local stack, and where things lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local import StackError
from qbank_ledger.terminal import visible

ROOT = Path(__file__).resolve().parents[1]
PORTS = {"QBANK_UI_PORT": 8080, "QBANK_POSTGRES_PORT": 5433, "QBANK_SANDBOX_PORT": 8090}
QBANK_CONNECTION = "AIRFLOW_CONN_QBANK_DEFAULT"
LEDGER_CONNECTION = "AIRFLOW_CONN_LEDGER_DEFAULT"
# Airflow puts variables for $NAME in its paths, and SQLite's URLs have options after a ?.
_READ_BY_AIRFLOW = "$?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment asks for; made by :meth:`read`."""

    state: Path
    ui_port: int
    postgres_port: int
    sandbox_port: int
    accounts_file: Path
    environ: Mapping[str, str] = field(repr=False)  # all of it, for what the stack starts

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment; StackError for a port that is none, or for two that are the same."""
        environ = dict(os.environ if environ is None else environ)
        ports = {name: _port(name, environ.get(name) or default) for name, default in PORTS.items()}
        if len(set(ports.values())) < len(ports):
            raise StackError(f"{', '.join(ports)} must be three different ports.")
        return cls(
            state=_own(ROOT / (environ.get("QBANK_STATE_DIR") or ".local")).resolve(),
            ui_port=ports["QBANK_UI_PORT"],
            postgres_port=ports["QBANK_POSTGRES_PORT"],
            sandbox_port=ports["QBANK_SANDBOX_PORT"],
            accounts_file=ROOT / (environ.get("QBANK_ACCOUNTS_FILE") or "include/config/accounts.yaml"),
            environ=environ,
        )

    def where_it_runs(self, ports: Mapping[str, int]) -> "Settings":
        """The same with the ports of the units that are up, but for those that the environment names."""
        names = {
            "QBANK_UI_PORT": "airflow",
            "QBANK_POSTGRES_PORT": "postgres",
            "QBANK_SANDBOX_PORT": "sandbox",
        }
        return Settings.read(
            {
                **{name: str(ports[unit]) for name, unit in names.items() if unit in ports},
                **{name: value for name, value in self.environ.items() if value or name not in names},
            }
        )

    @property
    def ui_url(self) -> str:
        """Airflow's address."""
        return f"http://127.0.0.1:{self.ui_port}"

    @property
    def sandbox_url(self) -> str:
        """The sandbox's address, of both its API and its token endpoint."""
        return f"http://127.0.0.1:{self.sandbox_port}"


def _own(path: Path) -> Path:
    """The path, unless it can't be written down, or a link of another user's leads it elsewhere."""
    if visible(str(path)) != str(path) or set(str(path)) & set(_READ_BY_AIRFLOW):
        raise StackError(
            f"The state directory {visible(str(path))} can't be used: its path must hold none of "
            f"{' '.join(_READ_BY_AIRFLOW)} and nothing invisible; set QBANK_STATE_DIR to another."
        )
    for each in (path, *path.parents):
        if each.is_symlink() and each.lstat().st_uid not in (0, os.geteuid()):
            raise StackError(
                f"{each} is a link of another user's: set QBANK_STATE_DIR to a path of your own."
            )
    return path


def _port(name: str, value: str | int) -> int:
    try:
        port = int(value)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise StackError(f"{name} must be a port from 1 to 65535, and is {value!r}.")
    return port
