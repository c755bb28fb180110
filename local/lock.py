"""The locks: every package that the direct requirements bring in, pinned, with its hashes.

For every Python and system that the project supports at once, the same in both files. The project
itself is not in them: it is installed from the tree.
"""

import subprocess
from pathlib import Path

_INPUTS = {
    "requirements.lock": ["requirements.txt"],
    "requirements-dev.lock": ["requirements.txt", "requirements-dev.txt"],
    "local/uv.txt": ["local/uv.txt"],
}


def write_locks(root: Path) -> None:
    """Write all locks anew; what was locked stays at its version where it still fits."""
    for output, inputs in _INPUTS.items():
        same = ["--constraints", "requirements.lock"] if output == "requirements-dev.lock" else []
        subprocess.run(
            [
                str(root / ".venv/bin/uv"),
                *("pip", "compile", "-", "--output-file", output, *same),
                *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"),
                *("--custom-compile-command", "make lock", "--quiet"),
            ],
            input="\n".join(line for name in inputs for line in _requirements(root / name)),
            text=True,
            cwd=root,
            check=True,
        )


def _requirements(path: Path) -> list[str]:
    """The lines that name a package: not the project, comments, hashes or other files."""
    lines = path.read_text("utf-8").splitlines()
    return [line.removesuffix("\\") for line in lines if line[:1].isalpha()]
