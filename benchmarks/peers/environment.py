"""A peer's virtual environment: made once from its hash-pinned file, and again when that has changed."""

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
_FOLDER = HERE.parents[1] / ".peers"


class NotToBeHadError(RuntimeError):
    """A peer's packages could not be installed."""


def environment(name: str) -> Path:
    """The folder with the programs of the peer's environment. Raises NotToBeHadError."""
    lock, folder = HERE / f"{name}.txt", _FOLDER / name
    stamp = folder / "made-from"
    wanted = f"{sys.executable}\n{lock.read_text('utf-8')}"
    if not (stamp.exists() and stamp.read_text("utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        uv = str(Path(sys.executable).with_name("uv"))
        python = str(folder / "bin/python")
        for command in (
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [
                uv,
                "pip",
                "sync",
                "--quiet",
                "--compile-bytecode",
                "--require-hashes",
                "--python",
                python,
                str(lock),
            ],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
            if done.returncode:
                why = done.stderr.strip()
                raise NotToBeHadError(
                    f"The peer {name}'s packages can't be installed, so it isn't measured: {why}"
                )
        stamp.write_text(wanted, "utf-8")
    return folder / "bin"
