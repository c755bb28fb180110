"""A folder to write in before a file takes its place: whole files or none, also where a writer is killed."""

import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_RANDOM_BYTES = 6


@contextmanager
def scratch(folder: Path, prefix: str) -> Iterator[Path]:
    """A new folder in ``folder``, gone at the end; what killed writers left under this prefix goes, too.

    Whoever writes holds a lock on its own, so a folder without one is nobody's. What is named otherwise is
    somebody else's, and stays. Raises OSError.
    """
    ours = re.compile(rf"{re.escape(prefix)}[0-9a-f]{{{2 * _RANDOM_BYTES}}}")
    for left in [path for path in folder.iterdir() if ours.fullmatch(path.name)]:
        with suppress(OSError), _held(left):
            shutil.rmtree(left)
    unnamed = Path(tempfile.mkdtemp(prefix=".unnamed-", dir=folder))
    with _held(unnamed):
        mine = unnamed.rename(folder / f"{prefix}{secrets.token_hex(_RANDOM_BYTES)}")  # with its lock
        try:
            yield mine
        finally:
            shutil.rmtree(mine, ignore_errors=True)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """A lock on a file or folder; BlockingIOError where somebody else has it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
