"""`python -m benchmarks.subject NAME FILE`: measure one subject; print its tables, and keep them as JSON."""

import json
import sys
from importlib import import_module
from pathlib import Path

from benchmarks import print_table


def main(name: str, file: Path) -> None:
    """Measure it; what was measured before it fails is kept, too."""
    tables = []
    for table in import_module(f"benchmarks.{name}").measure():
        print_table(table)
        tables.append(table.to_json())
        file.write_text(json.dumps(tables), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
