"""`python -m benchmarks`: every subject, one after the other. `--quick` for small sizes."""

import subprocess
import sys

from benchmarks import QUICK

SUBJECTS = ("client", "ledger", "recon", "reporting", "page")


def main(arguments: list[str]) -> int:
    """Measure all, each in a process of its own: the peak of one is none of the next.

    Exit code 1 where a subject could not be measured, 2 for an option that there is not.
    """
    if arguments not in ([], [QUICK]):
        sys.stderr.write(f"usage: python -m benchmarks [{QUICK}]\n")
        return 2
    commands = [[sys.executable, "-m", f"benchmarks.{subject}", *arguments] for subject in SUBJECTS]
    return max(subprocess.run(command, check=False).returncode != 0 for command in commands)  # noqa: S603 - our own


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
