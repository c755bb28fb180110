"""Make .venv from the lock: what `make setup` runs, before anything is installed.

Runs on the standard library of any Python 3, so that one too old can say so. Does nothing when
.venv is what the lock and this place ask for; one that an interrupted set-up left is made anew.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "made-from"
SOURCES = ("requirements-dev.lock", "local/uv.txt", "pyproject.toml", "local/bootstrap.py")


def main() -> int:
    """Exit code 0 when .venv stands."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return with_another_python()
    # The directory itself is the lock: two set-ups at once make one, and no file is left.
    fcntl.flock(os.open(str(ROOT), os.O_RDONLY), fcntl.LOCK_EX)
    wanted = stamp()
    found = STAMP.read_text() if STAMP.exists() else ""
    if found == wanted and PYTHON.exists():
        return 0
    print("Setting up .venv (once) …", flush=True)
    try:
        if found.split("\n")[0] == wanted.split("\n")[0] and PYTHON.exists():
            STAMP.unlink()
        else:
            shutil.rmtree(str(VENV), ignore_errors=True)
            run(sys.executable, "-m", "venv", VENV)
        install()
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd[:4])
        print(f"The set-up of .venv stopped at `{command} …`: its own message is above.", file=sys.stderr)
        return 1
    unfinished = VENV / "made-from.new"
    unfinished.write_text(wanted)
    unfinished.replace(STAMP)
    return 0


def with_another_python() -> int:
    """Run this with a fitting Python from PATH, where there is one."""
    for name in ("python3.13", "python3.12", "python3.11"):
        if shutil.which(name) and subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execvp(name, [name, "-I", __file__])  # noqa: S606
    found = sys.version.split()[0]
    print(f"Python 3.11 to 3.13 is needed and python3 is {found}: install one of these.", file=sys.stderr)
    return 1


def install() -> None:
    """Everything that the lock names, by hash; then the project itself, editable, from the tree."""
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "--requirement", "local/uv.txt")
    uv = (VENV / "bin" / "uv", "pip")
    # Compiled here once: Airflow's processes start in half the time, also where Python may not write.
    compiled = ("sync", "--quiet", "--compile-bytecode", "--require-hashes")
    run(*uv, *compiled, "--python", PYTHON, "requirements-dev.lock")
    run(*uv, "install", "--quiet", "--python", PYTHON, "--no-deps", "--no-build-isolation", "--editable", ".")


def run(*command: object) -> None:
    """Run a command in the root directory; CalledProcessError when it fails."""
    subprocess.check_call([str(part) for part in command], cwd=str(ROOT))


def stamp() -> str:
    """What .venv is made from: its place, then the content of the sources."""
    content = hashlib.sha256()
    for name in SOURCES:
        content.update((ROOT / name).read_bytes())
    return f"{VENV}\n{content.hexdigest()}\n"


if __name__ == "__main__":
    sys.exit(main())
