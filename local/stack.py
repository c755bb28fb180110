"""The stack as a whole: what it takes to have a ledger, and to have everything, up."""

import errno
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local import StackError, databases, processes, units
from local.airflow_api import AirflowApi
from local.databases import make_databases, make_ledger
from local.postgres import Cluster
from local.settings import LEDGER_CONNECTION, Settings, without_libpq
from local.state import FILES, LOGINS, USERS, locked, open_keys, ui_key
from local.units import Unit
from qbank_ledger.terminal import say

_READY_S = 240
_QUIET_S = 5  # what takes longer is said
# Each program's unit.
PROGRAMS = {
    "postgres": "postgres",
    "sandbox": "sandbox",
    **dict.fromkeys(("api-server", "scheduler", "dag-processor", "triggerer"), "airflow"),
}
_LISTENING = ("postgres", "sandbox", "api-server")


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack of one state directory, with the secrets that it was made with."""

    settings: Settings
    keys: dict[str, str]

    @classmethod
    def open(cls, settings: Settings) -> "Stack":
        """The stack in the settings' state directory, new or as it was left.

        What is up stays on its ports, unless the environment names others.
        """
        with locked(settings.state):
            up = processes.ports(processes.find(settings.state))
            settings = settings.with_ports({unit: min(ports) for unit, ports in up.items() if ports})
            return cls(settings, open_keys(settings.state))

    @property
    def cluster(self) -> Cluster:
        """The embedded PostgreSQL."""
        passwords = {login: self.keys[login] for login in ("postgres", "airflow", *LOGINS)}
        state, port = self.settings.state, self.settings.postgres_port
        return Cluster(state / "postgres", port, passwords, log=state / "logs/postgres.log")

    @property
    def api(self) -> AirflowApi:
        """Airflow's REST API, as the UI's user."""
        return AirflowApi(self.settings.ui_url, "admin", self.keys["ui_password"])

    def ledger_connection(self, login: str) -> str:
        """The ledger that the environment names; else the embedded one as this login, up and migrated."""
        if given := self.settings.environ.get(LEDGER_CONNECTION):
            return given
        with locked(self.settings.state):
            if self._start([units.postgres(self.settings, self.cluster)]):
                say("The embedded PostgreSQL was started and stays up: `make stop` stops it.", sys.stderr)
            make_ledger(self.cluster, self.keys)
        return self.cluster.url(login, "ledger")

    def start(self) -> None:
        """Have everything up, healthy and migrated."""
        with locked(self.settings.state):
            airflow = units.airflow(self.settings, self.keys, self.cluster.url("airflow", "airflow"))
            sandbox = units.sandbox(self.settings, self.keys)
            require_ports(self._not_up([airflow]), self.settings.state)
            self._start([units.postgres(self.settings, self.cluster), sandbox])
            with ThreadPoolExecutor(1) as beside:
                ledger = beside.submit(make_ledger, self.cluster, self.keys)
                if self._not_up([airflow]):
                    units.stop(self.settings.state, "airflow")
                    self._prepare_airflow(airflow)
                ledger.result()
            units.start(airflow, self.settings.state)
            self._wait(airflow, self.api.unhealthy)
            self._wait(sandbox, self._unready_sandbox)

    def _start(self, wanted: list[Unit]) -> list[Unit]:
        """Start PostgreSQL, and what else is wanted beside it, unless they are up; make its databases."""
        # From here on this process asks the embedded server.
        for name in os.environ.keys() - without_libpq(os.environ):
            del os.environ[name]
        not_up = self._not_up(wanted)
        require_ports(not_up, self.settings.state)
        if any(unit.name == "postgres" for unit in not_up):
            units.stop(self.settings.state, "postgres")
            self.cluster.prepare()
        started = [unit for unit in wanted if units.start(unit, self.settings.state)]
        self.cluster.wait()
        make_databases(self.cluster, self.keys)
        return started

    def _prepare_airflow(self, airflow: Unit) -> None:
        home = self.settings.state / "airflow"
        home.mkdir(mode=0o700, exist_ok=True)
        (self.settings.state / FILES).mkdir(mode=0o700, exist_ok=True)
        passwords = home / "passwords.json"
        passwords.touch(0o600)
        passwords.write_text(json.dumps({user: self.keys[ui_key(user)] for user in USERS}), "utf-8")
        tmp = self.settings.state / "tmp"
        shutil.rmtree(tmp, ignore_errors=True)  # what killed processes left
        tmp.mkdir(mode=0o700)
        qbank = databases.qbank_connection(
            self.settings.sandbox_port, self.keys["client_id"], self.keys["client_secret"]
        )
        ledgers = [
            databases.ledger_connection(conn_id, self.settings.postgres_port, login, self.keys[login])
            for conn_id, login in (("ledger_default", "ledger_loader"), ("ledger_desk", "ledger_desk"))
        ]
        databases.migrate_airflow(airflow.environ, [qbank, *ledgers])

    def _not_up(self, wanted: Iterable[Unit]) -> list[Unit]:
        found = processes.find(self.settings.state)
        up = {each.unit: each.fingerprint for each in found if each.program is None}
        return [unit for unit in wanted if up.get(unit.name) != unit.fingerprint]

    def _unready_sandbox(self) -> list[str]:
        return [] if units.sandbox_answers(self.settings.sandbox_port) else ["sandbox"]

    def _wait(self, unit: Unit, missing: Callable[[], list[str]]) -> None:
        """Wait until nothing of the unit is missing; says which programs it waits for."""
        began, said = time.monotonic(), [""]
        while waits_for := missing():
            waited = time.monotonic() - began
            if waited > _READY_S:
                names = [each.name for each in unit.programs if each.name in waits_for]
                last = units.last_line((names or [unit.programs[0].name])[0], self.settings.state)
                raise StackError(f"{', '.join(waits_for)} of {unit.name} does not come up: {last}.")
            if waited > _QUIET_S and waits_for != said:
                said = waits_for
                say(f"Waiting for: {', '.join(waits_for)} …")
            time.sleep(0.3)


def stop(settings: Settings) -> bool:
    """End everything that belongs to the stack; False where nothing was up."""
    if not settings.state.exists():
        return False
    with locked(settings.state):
        return stop_all(settings.state)


def status(settings: Settings) -> int:
    """Print what is up, a line a program, and what is wrong; exit code 0 when all of it is up, else 3."""
    found = processes.find(settings.state)
    running, ports = processes.programs(found), processes.ports(found)
    silent = _unhealthy(ports.get("airflow", ())) if "api-server" in running else []
    wrong = []
    for name, unit in PROGRAMS.items():
        state = f"up, process {running[name].pid}" if name in running else "down"
        where = [f"127.0.0.1:{port}" for port in ports.get(unit, ()) if name in _LISTENING]
        say(" ".join([f"{name:<13}", f"{state:<20}", *where]).rstrip())
        if name in running and name in silent:
            wrong.append(f"{name} has sent no heartbeat lately.")
        elif name not in running and processes.supervisor_of(unit, found):
            last = units.last_line(name, settings.state)
            wrong.append(f"{name} keeps ending and is restarted each time: {last}.")
    if left := processes.orphans(found):
        names = ", ".join(sorted({each.program or "" for each in left}))
        wrong.append(f"{names}: the supervisor is gone. `make run` restarts the stack, `make stop` ends it.")
    for sentence in wrong:
        say(sentence)
    return 0 if all(name in running for name in PROGRAMS) and not wrong else 3


def _unhealthy(ports: Iterable[int]) -> list[str]:
    return AirflowApi(f"http://127.0.0.1:{min(ports)}", "", "").unhealthy() if ports else ["api-server"]


def stop_all(state: Path) -> bool:
    """End every process of the stack in ``state``; False where there was none. Hold the lock."""
    was_up = bool(processes.find(state))
    units.stop(state, "airflow", "sandbox")
    units.stop(state, "postgres")
    processes.end([each.process for each in processes.find(state)], 5)
    return was_up


def require_ports(wanted: Iterable[Unit], state: Path) -> None:
    """StackError for a unit whose port somebody else has: nothing is started then."""
    ours = processes.ports(processes.find(state))
    for unit in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", unit.port))
            except OSError as error:
                if unit.port not in ours.get(unit.name, ()):  # else the unit starts anew
                    why = (
                        "is in use"
                        if error.errno == errno.EADDRINUSE
                        else f"can't be used ({error.strerror})"
                    )
                    raise StackError(
                        f"Port {unit.port} on 127.0.0.1 {why}: set {unit.port_name} to a free one."
                    ) from None
