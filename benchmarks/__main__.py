"""`python -m benchmarks`: every subject, one after the other. `--quick` for small sizes."""

import sys
from importlib import import_module
from pathlib import Path

from benchmarks import QUICK

SUBJECTS = ("client", "ledger", "recon")


def main(arguments: list[str]) -> int:
    """Measure all. Exit code 2 for an option that there is not."""
    if arguments not in ([], [QUICK]):
        sys.stderr.write(f"usage: python -m benchmarks [{QUICK}]\n")
        return 2
    for subject in SUBJECTS:
        if Path(__file__).with_name(f"{subject}.py").exists():
            import_module(f"benchmarks.{subject}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
