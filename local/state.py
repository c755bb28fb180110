"""The state directory: one stack in it at a time."""

import fcntl
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import StackError

# Everything that the stack and its runs write. `make clean` deletes these and nothing else: the
# variable may have named a directory with other things in it.
CONTENT = (
    "airflow",
    "close",
    "data_docs",
    "keys.json",
    "keys.new",
    "logs",
    "postgres",
    "sample",
    "supervisor",
    "sync",
    "tmp",
)


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the state directory, made where it is missing, against whoever starts or stops the stack.

    Waits for them. The directory itself is the lock: the kernel lets go of it when a holder is killed.
    """
    while True:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _require_own(state, descriptor)
            if not _is_free(descriptor):
                print("Waiting for another command that starts or stops this stack …", file=sys.stderr)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            # It may have been deleted while we waited, by `make clean`.
            if state.exists() and os.path.samestat(os.fstat(descriptor), state.stat()):
                yield
                return
        finally:
            os.close(descriptor)


def _require_own(state: Path, descriptor: int) -> None:
    """Have the directory to ourselves, or StackError: what is in it is trusted, and secrets lie there."""
    found = os.fstat(descriptor)
    if found.st_uid != os.geteuid():
        raise StackError(
            f"The state directory {state} belongs to another user: set QBANK_STATE_DIR to one of your own."
        )
    if stat.S_IMODE(found.st_mode) == 0o700:
        return
    # Some variable may have named a directory that others need, such as /tmp.
    if any(entry.is_dir() and entry.name not in CONTENT for entry in state.iterdir()):
        raise StackError(
            f"The state directory {state} is open to other users and holds directories that are not the "
            "stack's: set QBANK_STATE_DIR to another, or close it with `chmod 700`."
        )
    os.fchmod(descriptor, 0o700)


@contextmanager
def held(directory: Path) -> Iterator[bool]:
    """Hold the directory if nobody else does; says whether."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def delete(state: Path) -> list[str]:
    """Delete what the stack wrote, and the directory where nothing else is in it.

    Returns the names of what else is.
    """
    for name in CONTENT:
        path = state / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    left = sorted(entry.name for entry in state.iterdir())
    if not left:
        state.rmdir()
    return left


def _is_free(descriptor: int) -> bool:
    """Take the lock if it can be had at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
