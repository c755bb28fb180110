"""What the environment asks of the local stack, and the AIRFLOW__… variables that its Airflow gets.

The one reader of the environment. A setting of Airflow's that the user made there wins over the stack's own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local import StackError
from local.state import FILES, USERS
from qbank_ledger.config import DOCS, FILES_DIRS, PACKS
from qbank_ledger.terminal import visible

ROOT = Path(__file__).resolve().parents[1]
PORTS = {"QBANK_UI_PORT": 8080, "QBANK_POSTGRES_PORT": 5433, "QBANK_SANDBOX_PORT": 8090}
QBANK_CONNECTION = "AIRFLOW_CONN_QBANK_DEFAULT"
LEDGER_CONNECTION = "AIRFLOW_CONN_LEDGER_DEFAULT"
ACCOUNTS_FILE = "QBANK_ACCOUNTS_FILE"
_PLACES = (ACCOUNTS_FILE, "QBANK_GL_SOURCES_FILE", DOCS, PACKS)
# The address of a Unix socket holds 107 bytes, and multiprocessing appends 40 to this path.
_LONGEST_TMP = 65

# Tasks are forked from a process that has imported these: it costs each of them seconds otherwise,
# and Airflow starts ever more workers while none is ready. None of our own code, so that an edit counts.
_SHARED = (
    "great_expectations",
    "airflow.executors.local_executor",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.decorators.python",
)

# What is lost is noticed within two minutes, and what only waits for a database that is away is not lost.
# docker-compose.yml has the same.
RECOVERY = {
    # A scheduler that was killed: its tasks are taken back once it has been silent for 30 s, and by the
    # next look at this interval (300 by default), not five minutes later.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    # A task whose process was killed is silent, too (300).
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "90",
    # A task's supervisor asks the API server again for 4 to 5 minutes, as a room waits for the ledger: 39
    # waits of 5 to 8 s. By default it gives up after 31 s, and ends the task after three such heartbeats.
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "40",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MIN": "5",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "8",
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",  # a busy API server is not one that is away
}
# A log shows a secret as JSON and repr do, too. Airflow has the same wherever it runs.
MASKING = {"AIRFLOW__LOGGING__SECRET_MASK_ADAPTER": "qbank.masking.escaped"}
_NO_PROXY = ("NO_PROXY", "no_proxy")
# What is in a place that is no path of this machine's.
_ELSEWHERE = "://"
# Airflow puts variables for $NAME in its paths, SQLite's URLs have options after a ?, and a : stands between
# the folders of QBANK_FILES_DIRS.
_NOT_IN_A_PATH = f"$?{os.pathsep}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment asks for; made by :meth:`read`."""

    state: Path
    ui_port: int
    postgres_port: int
    sandbox_port: int
    accounts: str  # a path, or what else accounts are read from, as config.accounts_place has it
    environ: Mapping[str, str] = field(repr=False)  # all of it, for what the stack starts

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment; StackError for a port that is none, or for two that are the same."""
        environ = _from_the_root(os.environ if environ is None else environ)
        if not environ.get(LEDGER_CONNECTION):
            environ = without_libpq(environ)
        ports = {name: _port(name, environ.get(name) or default) for name, default in PORTS.items()}
        if len(set(ports.values())) < len(ports):
            raise StackError(f"{', '.join(ports)} must be three different ports.")
        return cls(
            state=_own(ROOT / (environ.get("QBANK_STATE_DIR") or ".local")).resolve(),
            ui_port=ports["QBANK_UI_PORT"],
            postgres_port=ports["QBANK_POSTGRES_PORT"],
            sandbox_port=ports["QBANK_SANDBOX_PORT"],
            accounts=environ.get(ACCOUNTS_FILE) or _place("include/config/accounts.yaml"),
            environ=environ,
        )

    def with_ports(self, ports: Mapping[str, int]) -> "Settings":
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
    def accounts_file(self) -> Path | None:
        """The accounts file; None where accounts are in object storage, a Variable or a query's."""
        return None if _ELSEWHERE in self.accounts else Path(self.accounts)

    @property
    def ui_url(self) -> str:
        """Airflow's address."""
        return f"http://127.0.0.1:{self.ui_port}"


def without_libpq(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without libpq's variables (PGSSLMODE, PGHOSTADDR, …).

    They are of the user's other databases: the embedded server would be asked for TLS, or sought elsewhere.
    """
    return {name: value for name, value in environ.items() if not name.startswith("PG")}


def _from_the_root(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with relative places below the repository: what the stack starts works elsewhere."""
    places = {name: _place(environ[name]) for name in _PLACES if name in environ}
    if FILES_DIRS in environ:
        places[FILES_DIRS] = os.pathsep.join(map(_place, environ[FILES_DIRS].split(os.pathsep)))
    return {**environ, **places}


def _place(given: str) -> str:
    place = given.strip()
    return str(ROOT / place) if place and _ELSEWHERE not in place else place


def _own(path: Path) -> Path:
    """The path, unless it can't be written down, or a link of another user's leads it elsewhere."""
    if visible(str(path)) != str(path) or set(str(path)) & set(_NOT_IN_A_PATH):
        raise StackError(
            f"The state directory {visible(str(path))} can't be used: its path must hold none of "
            f"{' '.join(_NOT_IN_A_PATH)} and nothing invisible; set QBANK_STATE_DIR to another."
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


def stack_environment(settings: Settings, keys: Mapping[str, str], database_url: str) -> dict[str, str]:
    """The environment of the stack's own Airflow: all its processes on this machine."""
    home = settings.state / "airflow"
    tmp = settings.state / "tmp"
    own = {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{settings.ui_url}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": keys["fernet"],
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{u}:{role}" for u, (role, _) in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "10",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url.replace("postgresql", "postgresql+psycopg2", 1),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(settings.ui_port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": settings.ui_url,
        "AIRFLOW__API__SECRET_KEY": keys["session"],
        "AIRFLOW__API_AUTH__JWT_SECRET": keys["jwt"],
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        FILES_DIRS: os.pathsep.join(str(settings.state / folder) for folder in (FILES, "sample")),
        **RECOVERY,
    }
    fixed = {"SPT_NOENV": "1"}  # Airflow's process titles must not overwrite the mark
    if len(str(tmp)) <= _LONGEST_TMP:
        own["AIRFLOW__SCHEDULER__MP_START_METHOD"] = "forkserver"
        own["AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD"] = ",".join(_SHARED)
        fixed["TMPDIR"] = str(tmp)
    environment = {**without_libpq(_environment(settings, home, own)), **fixed}
    # A variable would shadow what is entered in the UI.
    environment.pop(QBANK_CONNECTION, None)
    environment.pop(LEDGER_CONNECTION, None)
    return environment


def foreground_environment(settings: Settings, home: Path, connections: Mapping[str, str]) -> dict[str, str]:
    """The environment of one run in the foreground, with a metadata database of its own in ``home``."""
    own = {
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        FILES_DIRS: "/",  # who runs it here may read what they may read anyway
        "QBANK_FETCH_TASKS": "1",  # tasks run one after the other here, so that more would gain nothing
    }
    fixed = {
        # Never the user's: a live scheduler there would run the tasks a second time.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__JSON_LOGS": "True",  # it is read here, not by people
        "TMPDIR": str(home / "tmp"),
        **connections,
    }
    return {**_environment(settings, home, own), **fixed}


def _without_proxy(environ: Mapping[str, str]) -> str:
    hosts = [host.strip() for name in _NO_PROXY for host in environ.get(name, "").split(",")]
    # An asterisk counts where it stands alone.
    return "*" if "*" in hosts else ",".join(dict.fromkeys([*filter(None, hosts), "127.0.0.1"]))


def _environment(settings: Settings, home: Path, own: Mapping[str, str]) -> dict[str, str]:
    # No program reads the ports' names: named or not, what is up is the same.
    user = {name: value for name, value in settings.environ.items() if name not in PORTS}
    return {
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        **MASKING,
        **own,
        **user,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(home / "airflow.cfg"),
        "GX_ANALYTICS_ENABLED": "false",
        # Either is read by somebody, and Python prefers the lower one.
        **dict.fromkeys(_NO_PROXY, _without_proxy(user)),
        "PATH": f"{ROOT / '.venv/bin'}:{user.get('PATH', '/usr/bin:/bin')}",
        "QBANK_STATE_DIR": str(settings.state),
        ACCOUNTS_FILE: settings.accounts,
    }
