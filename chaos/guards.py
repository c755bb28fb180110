"""``python -m chaos.guards [--write] [WORD …]``: take out guard by guard, and see at least one test go red.

In a copy of the repository: a guard is a piece of a file and what stands there without it (guards.toml). One
whose text is not in its file once, or whose tests do not fail without it, fails the run. Tests that can't
even begin are no proof. With words: only the guards that have one of them in what they keep or in their file;
of the others the page keeps what it says.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIST = Path(__file__).with_suffix(".toml")
PAGE = ROOT / "docs" / "guards.md"
MOST_S = 240  # for the tests of one guard
_PYTEST = (sys.executable, "-m", "pytest", "-qx", "--timeout=60", "--tb=no", "-rf")
_HEAD = """# Guards, taken out

Made by `python -m chaos.guards --write`, which takes each guard out of a copy of the code, one at a time,
and runs the tests that hold it until one of them goes red. The guards are listed in `chaos/guards.toml`.

| guard | in | red without it |
| --- | --- | --- |
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What it keeps, where it stands, what stands there without it, and the tests that must notice."""

    keeps: str
    file: str
    guard: str
    without: str
    tests: str


def main() -> int:
    """Exit code 0 when each guard was missed, 1 when one was not."""
    words = [word for word in sys.argv[1:] if word != "--write"]
    guards = _guards(words)
    began, rows, failed = time.monotonic(), dict[str, str](), 0
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".git", ".venv", ".local", "__pycache__", "node_modules")
        shutil.copytree(ROOT, copy, ignore=ignored)
        Path(folder).chmod(0o755)
        for guard in guards:
            since = time.monotonic()
            red = _red_without(guard, copy)
            failed += not red
            said = "missed" if red else "STAYS GREEN, or is not there"
            print(f"{guard.keeps:60} {said:30} {time.monotonic() - since:5.0f} s", flush=True)
            rows[guard.keeps] = (
                f"| {guard.keeps} | `{guard.file}` | {', '.join(f'`{name}`' for name in red)} |\n"
            )
    if "--write" in sys.argv[1:] and not failed:
        rows = _written() | rows
        PAGE.write_text(_HEAD + "".join(rows.get(guard.keeps, "") for guard in all_guards()))
    seconds = time.monotonic() - began
    print(
        f"\n{len(guards) - failed} of {len(guards)} guards are missed when they are gone ({seconds:.0f} s)."
    )
    return 1 if failed else 0


def all_guards() -> list[Guard]:
    """Those of the list."""
    listed = tomllib.loads(LIST.read_text("utf-8"))
    return [Guard(file=file, **fields) for file, entries in listed.items() for fields in entries]


def _guards(words: list[str]) -> list[Guard]:
    """Those that have one of the words; without words all of them."""
    return [
        each for each in all_guards() if not words or any(w in f"{each.keeps} {each.file}" for w in words)
    ]


def _written() -> dict[str, str]:
    """The page's rows, by what the guard keeps."""
    rows = PAGE.read_text("utf-8").removeprefix(_HEAD).splitlines(keepends=True)
    return {row.split(" | ")[0].removeprefix("| "): row for row in rows}


def _red_without(guard: Guard, copy: Path) -> list[str]:
    """The names of the tests that fail without the guard; none where it is not there."""
    file = copy / guard.file
    whole = file.read_text("utf-8")
    if whole.count(guard.guard) != 1:
        return []
    file.write_text(whole.replace(guard.guard, guard.without), "utf-8")
    try:
        run = subprocess.run(
            [*_PYTEST, *shlex.split(guard.tests)],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": f"{copy / 'plugins'}:{copy / 'include'}:{copy}"},
            capture_output=True,
            text=True,
            timeout=MOST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"{guard.tests} (no end)"]
    finally:
        file.write_text(whole, "utf-8")
    lines = [line.split()[1] for line in run.stdout.splitlines() if line.startswith("FAILED")]
    return [line.rpartition("::")[2].partition("[")[0] for line in lines]


if __name__ == "__main__":
    sys.exit(main())
