"""The state directory: one stack in it at a time."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Everything that the stack and its runs write. `make clean` deletes these and nothing else: the
# variable may have named a directory with other things in it.
CONTENT = (
    "airflow",
    "data_docs",
    "keys.json",
    "keys.new",
    "logs",
    "postgres",
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
        descriptor = os.open(state, os.O_RDONLY)
        try:
            if not _is_free(descriptor):
                print("Waiting for another command that starts or stops this stack …", file=sys.stderr)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            # It may have been deleted while we waited, by `make clean`.
            if state.exists() and os.path.samestat(os.fstat(descriptor), state.stat()):
                yield
                return
        finally:
            os.close(descriptor)


@contextmanager
def held(directory: Path) -> Iterator[bool]:
    """Hold the directory if nobody else does; says whether."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def delete(state: Path) -> None:
    """Delete what the stack wrote, and the directory where nothing else is in it."""
    for name in CONTENT:
        path = state / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if not any(state.iterdir()):
        state.rmdir()


def _is_free(descriptor: int) -> bool:
    """Take the lock if it can be had at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
