"""The figures that the project promises, measured: `make bench`, or `python -m benchmarks --quick`.

A module holds one subject; its `main` measures and prints. All of it runs on this machine alone.
"""

import sys
from collections.abc import Iterable

QUICK = "--quick"  # small sizes: to see that it runs, not what the figures are


def is_quick() -> bool:
    """Whether the command line asks for small sizes."""
    return QUICK in sys.argv[1:]


def print_table(title: str, head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print rows of text under their heading, each column as wide as it needs."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    sys.stdout.write(f"\n{title}\n\n")
    for line in lines:
        sys.stdout.write("  ".join(map(str.ljust, line, widths)).rstrip() + "\n")
    sys.stdout.flush()
