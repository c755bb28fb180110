"""A small disk, to be filled: a file system in memory that this process and what it starts alone see.

Made in a mount namespace, for which Linux asks root's rights, or a user namespace, which it gives to anybody.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos.hour import NotHeldError

_SIZE = "400M"
_MOUNTED = "CHAOS_SMALL_DISK"


def on_small_disk(fault: str) -> float | None:
    """Try the fault again on a disk of its own, and give its seconds; None where this is that disk."""
    if _MOUNTED in os.environ:
        tempfile.tempdir = os.environ[_MOUNTED]
        return None
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        Path(folder).chmod(0o755)
        as_root = () if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
        mount = f'mount -t tmpfs -o size={_SIZE},mode=755 chaos "$0" && exec "$@"'
        command = ["unshare", "--mount", *as_root, "sh", "-c", mount, folder]
        done = subprocess.run(
            [*command, sys.executable, "-m", "chaos", fault],
            env={**os.environ, _MOUNTED: folder},
            capture_output=True,
            text=True,
            check=False,
        )
    held = re.search(r" held +([\d.]+) s", done.stdout)
    if held is None:
        said = (done.stdout + done.stderr).strip().partition("did not hold: ")
        raise NotHeldError((said[2] or said[0]).replace("\n", " / "))
    return float(held[1])


@contextmanager
def full() -> Iterator[None]:
    """The small disk is full to the last byte while the block runs."""
    ballast = Path(os.environ[_MOUNTED]) / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
        try:
            yield
        finally:
            file.truncate(0)
    ballast.unlink()
