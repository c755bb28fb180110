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

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
VENV = os.path.join(ROOT, ".venv")  # noqa: PTH118
PYTHON = os.path.join(VENV, "bin", "python")  # noqa: PTH118
STAMP = os.path.join(VENV, "made-from")  # noqa: PTH118
LOCK = "requirements-dev.lock"
SOURCES = (LOCK, "local/uv.txt", "pyproject.toml", "local/bootstrap.py")


def main():
    """Exit code 0 when .venv stands."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return with_another_python()
    # The directory itself is the lock: two set-ups at once make one, and no file is left.
    fcntl.flock(os.open(ROOT, os.O_RDONLY), fcntl.LOCK_EX)
    wanted = stamp()
    found = read(STAMP)
    if found == wanted and os.path.exists(PYTHON):  # noqa: PTH110
        return 0
    print("Setting up .venv from " + LOCK + " …", flush=True)
    try:
        if os.path.exists(PYTHON) and found.split("\n")[0] == wanted.split("\n")[0]:  # noqa: PTH110
            os.remove(STAMP)  # noqa: PTH107
        else:
            shutil.rmtree(VENV, ignore_errors=True)
            run(sys.executable, "-m", "venv", VENV)
        install()
    except subprocess.CalledProcessError as error:
        print("The set-up of .venv stopped at `" + " ".join(error.cmd[1:5]) + " …`: its message is above.")
        return 1
    with open(STAMP + ".new", "w") as file:  # noqa: PTH123
        file.write(wanted)
    os.replace(STAMP + ".new", STAMP)  # noqa: PTH105
    return 0


def with_another_python():
    """Run this with a fitting Python from PATH, where there is one."""
    for name in ("python3.13", "python3.12", "python3.11"):
        if shutil.which(name) and not subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL):
            os.execvp(name, [name, "-I", os.path.abspath(__file__)])  # noqa: S606, PTH100
    print(
        "Python 3.11, 3.12 or 3.13 is needed, and python3 is "
        + sys.version.split()[0]
        + ": install one of them."
    )
    return 1


def install():
    """Everything that the lock names, by hash, then the project itself, editable."""
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    run(*pip, "--requirement", "local/uv.txt")
    uv = (os.path.join(VENV, "bin", "uv"), "pip")  # noqa: PTH118
    run(*uv, "sync", "--quiet", "--python", PYTHON, "--require-hashes", LOCK)
    run(*uv, "install", "--quiet", "--python", PYTHON, "--no-deps", "--no-build-isolation", "--editable", ".")


def run(*command):
    """Run a command in the root directory; CalledProcessError when it fails."""
    subprocess.check_call(command, cwd=ROOT)


def stamp():
    """What .venv is made from: where and with which Python, then the content of the sources."""
    content = hashlib.sha256()
    for name in SOURCES:
        content.update(read(os.path.join(ROOT, name)).encode())  # noqa: PTH118
    return "{} {}.{}\n{}\n".format(VENV, *sys.version_info[:2], content.hexdigest())


def read(path):
    """The file's text; empty where there is none."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except FileNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
