"""``python -m chaos.guards [--write]``: take each guard out, one at a time, and see at least one test go red.

In a copy of the repository: a guard is a piece of a file and what stands there without it. A guard whose
text is no longer there, or whose tests stay green without it, fails the run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "guards.md"
MOST_S = 240  # for the tests of one guard
_HEAD = """# Guards, taken out

Made by `python -m chaos.guards --write`, which takes each guard out of a copy of the code, one at a time,
and runs the tests that hold it until one of them goes red.

| guard | in | red without it |
| --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """What it keeps, where it stands, what stands there without it, and the tests that must notice."""

    keeps: str
    file: str
    guard: str
    without: str
    tests: str


_CONNECTIONS = "tests/contract/test_bank_connections.py"
_RETRIES = "tests/contract/test_bank_retries.py"
_OUTAGE = "tests/integration/ledger/test_outage.py"
GUARDS = (
    Guard(
        "interim answers are read over", "plugins/qbank/http1.py",
        "        if status >= 200:\n            break\n", "        break\n",
        f"{_CONNECTIONS} -k token_endpoint",
    ),
    Guard(
        "lengths that differ are no answer", "plugins/qbank/http1.py",
        "or len({int(x) for x in lengths}) > 1", "or False",
        f"{_CONNECTIONS} -k broken",
    ),
    Guard(
        "bytes after the end put a host in doubt", "plugins/qbank/http1.py",
        "in_doubt = in_doubt or (bool(stream.held) and not cut)  # bytes after the end\n",
        "stream.held.clear()\n",
        f"{_CONNECTIONS} -k doubt",
    ),
    Guard(
        "what was heard on an idle connection closes it", "plugins/qbank/transport.py",
        'if state == "quiet":', "if True:",
        f"{_CONNECTIONS} -k late",
    ),
    Guard(
        "an answer to another request is none", "plugins/qbank/transport.py",
        "if any(text.startswith(self._ids) and text != request_id for text in echoed):", "if False:",
        f"{_CONNECTIONS} -k broken",
    ),
    Guard(
        "a wait that is too long ends its account", "plugins/qbank/client.py",
        "if delay > min(settings.max_backoff_s, budget.left()):", "if False:",
        f"{_RETRIES} -k beyond",
    ),
    Guard(
        "one account's trouble slows nobody", "plugins/qbank/evidence.py",
        "LEAST_THROTTLED = 3 ", "LEAST_THROTTLED = 1 ",
        "tests/unit/qbank/test_pace.py tests/unit/qbank/test_evidence.py",
    ),
    Guard(
        "accounts not asked yet come before those that wait", "plugins/qbank/batch.py",
        "room = len(self._ready) + self._asking < self._window",
        "room = len(self._waiting) + len(self._ready) + self._asking < 2",
        f"{_RETRIES} -k trouble",
    ),
    Guard(
        "a commit whose answer was lost is read back", "include/qbank_ledger/database.py",
        "if made and _is_committed(connection, made[0]):", "if False:",
        f"{_OUTAGE} -k lost",
    ),
    Guard(
        "a database that is away is waited for", "include/qbank_ledger/database.py",
        "if time.monotonic() + wait >= ends:", "if True:",
        f"{_OUTAGE} -k away",
    ),
    Guard(
        "settle counts once it holds the run", "include/qbank_ledger/settle.py",
        '    execute(connection, "hold_run", run_no=run_no)\n', "",
        "tests/integration/ledger/test_settle.py",
    ),
    Guard(
        "a run that is closed is not published", "include/qbank_ledger/publish.py",
        'if run.state != "running":', "if False:",
        "tests/integration/ledger/test_publish.py",
    ),
    Guard(
        "each transaction becomes the loader", "include/qbank_ledger/session.py",
        'pinned = {**PINNED, "role": role}', "pinned = {**PINNED}",
        "tests/integration/ledger/test_session.py tests/integration/ledger/test_roles.py",
    ),
    Guard(
        "functions of a public schema are not found", "include/qbank_ledger/session.py",
        '"search_path": "pg_catalog, pg_temp",', '"search_path": "public, pg_catalog",',
        "tests/integration/ledger/test_session.py",
    ),
    Guard(
        "an unknown key of a configuration is refused", "include/qbank_airflow/boundary.py",
        "if key not in known:", "if False:",
        "tests/dags/test_balance_sync.py -k misspelt",
    ),
)  # fmt: skip


def main() -> int:
    """Exit code 0 when each guard was missed, 1 when one was not."""
    rows, failed = [], 0
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".git", ".venv", ".local", "__pycache__", "node_modules")
        shutil.copytree(ROOT, copy, ignore=ignored)
        Path(folder).chmod(0o755)
        for guard in GUARDS:
            began = time.monotonic()
            red = _red_without(guard, copy)
            failed += not red
            said = "missed" if red else "STAYS GREEN, or is not there"
            print(f"{guard.keeps:55} {said:30} {time.monotonic() - began:5.0f} s", flush=True)
            rows.append(f"| {guard.keeps} | `{guard.file}` | {', '.join(f'`{name}`' for name in red)} |\n")
    if "--write" in sys.argv[1:] and not failed:
        PAGE.write_text(_HEAD + "".join(rows))
    print(f"\n{len(GUARDS) - failed} of {len(GUARDS)} guards are missed when they are gone.")
    return 1 if failed else 0


def _red_without(guard: Guard, copy: Path) -> list[str]:
    """The names of the tests that fail without the guard; none where it is not there."""
    file = copy / guard.file
    whole = file.read_text("utf-8")
    if guard.guard not in whole:
        return []
    file.write_text(whole.replace(guard.guard, guard.without), "utf-8")
    try:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-qx", "--timeout=60", "--tb=no", "-rfE", *guard.tests.split()],
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
    lines = [line.split()[1] for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return [line.rpartition("::")[2].partition("[")[0] for line in lines]


if __name__ == "__main__":
    sys.exit(main())
