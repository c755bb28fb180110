"""`python -m benchmarks [SUBJECT …]`: the subjects, one after the other; without one named, all.

All of them in full size are written down in docs/benchmarks.md, and some of them with `--write`; each as it
ends, in place of what was measured of it last. `--quick` takes small sizes.
`--before COMMIT` measures that commit, too, each subject right after ours.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import LARGE, OURS_ALONE, QUICK, Table
from benchmarks.report import HEADINGS, Measured, machine, write

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_INSTRUMENTS = ("benchmarks", "include/qbank_sandbox")


def main(arguments: list[str]) -> int:
    """Measure, each subject in a process of its own: the peak of one is none of the next.

    Exit code 1 where a subject could not be measured, 2 for an option that there is not.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(HEADINGS))
    parser.add_argument(QUICK, action="store_true", help="small sizes, which say nothing but that it runs")
    parser.add_argument(LARGE, action="store_true", help="a ledger of 100 million rows, too")
    parser.add_argument("--write", action="store_true", help="write these into the page, too")
    parser.add_argument("--before", metavar="COMMIT", help="what to measure beside ours")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.subjects) - set(HEADINGS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: there are {', '.join(HEADINGS)}")
    options = [option for option in (QUICK, LARGE) if option in arguments]
    failed = []
    with _worktree(asked.before) if asked.before else nullcontext() as before:
        for subject in asked.subjects or HEADINGS:
            measured = _measure(subject, options, asked.before, before)
            failed += measured.failed
            if asked.write or not (asked.quick or asked.subjects):
                write(subject, measured, DOCS)
    for name in failed:
        sys.stderr.write(f"{name} could not be measured.\n")
    return 1 if failed else 0


def _measure(subject: str, options: list[str], before: str | None, tree: Path | None) -> Measured:
    """The subject as this commit does it, and right after that as the one before does, in its ``tree``."""
    at = datetime.now(UTC)
    tables, whole = _tables(subject, ROOT, options)
    then, whole_then = _tables(subject, tree, [*options, OURS_ALONE]) if tree else ([], True)
    return Measured(
        at=at,
        commit=_git("rev-parse", "--short", "HEAD"),
        on=machine(),
        tables=tables,
        before=before,
        tables_before=then,
        failed=[*([] if whole else [subject]), *([] if whole_then else [f"{subject} of {before}"])],
    )


def _tables(subject: str, root: Path, options: list[str]) -> tuple[list[Table], bool]:
    """The tables of a subject, as the tree in ``root`` does it, and whether it came to its end."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tables.json"
        command = [root / ".venv/bin/python", "-m", "benchmarks.subject", subject, file, *options]
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, cwd=root, env=environ, check=False)  # noqa: S603 - our own
        tables = json.loads(file.read_text("utf-8")) if file.exists() else []
        return [Table.from_json(table) for table in tables], done.returncode == 0


@contextmanager
def _worktree(commit: str) -> Iterator[Path]:
    """The tree of that commit with its own virtual environment, measured with today's instruments."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "before"
        _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            for ours in _INSTRUMENTS:
                shutil.rmtree(tree / ours, ignore_errors=True)
                shutil.copytree(ROOT / ours, tree / ours)
            subprocess.run([sys.executable, "-I", "local/bootstrap.py"], cwd=tree, check=True)
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
