"""``python -m chaos [NAME …]``: try the faults, one after the other, and show what was seen.

``--short``: the few that CI tries. ``--list``: their names. ``--write``: all, and docs/faults.md with them.
"""

import os
import signal
import sys
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

from local import StackError

from chaos.faults import FAULTS, MOST_S, Fault

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"
_HEAD = """# Faults, tried

Made by `python -m chaos --write`, which puts each fault into an hour of its own with 600 accounts: a
PostgreSQL, a sandbox bank, and the rooms of a run as processes, each tried again as Airflow would; a fault
named `stack-…`, into all that `make run` starts. *Seconds* are from the fault, or from its end, until the
hour was whole: every account published once, with its own number, or missing with a reason; no run open;
`make verify` content. All of them: `make chaos`; one: `make chaos FAULT=name`.

The pooler is this machine's PgBouncer, or Debian's, which is downloaded. The small disk is a file system in
memory: Linux must allow user namespaces, or root's rights.

| fault | name | what is to hold | seen | seconds |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a fault went."""

    fault: Fault
    seconds: float
    problem: str = ""


def main() -> int:
    """Exit code 0 when everything held, 1 when something did not, 2 for a name that there is not."""
    parser = ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults to try (default: FAULT, or all)")
    parser.add_argument("--short", action="store_true", help="the few that CI tries")
    parser.add_argument("--list", action="store_true", help="their names")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args()
    given.names = given.names or os.environ.get("FAULT", "").split()
    if unknown := [name for name in given.names if name not in FAULTS]:
        parser.error(f"unknown fault: {', '.join(unknown)} (--list shows them)")
    chosen = [FAULTS[name] for name in given.names or FAULTS]
    if given.short:
        chosen = [fault for fault in chosen if fault.short]
    if given.list:
        print("\n".join(f"{fault.name:45} {fault.what}" for fault in chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started for a fault ends with it
    seen = [_tried(fault) for fault in chosen]
    failed = [one for one in seen if one.problem]
    print(f"\n{len(seen) - len(failed)} of {len(seen)} held.")
    if given.write:
        PAGE.write_text(_HEAD + "".join(_row(one) for one in seen))
    return 1 if failed else 0


def _tried(fault: Fault) -> Seen:
    print(f"{fault.name:45} ", end="", flush=True)
    began = time.monotonic()
    try:
        seconds = fault.try_it()
        problem = "" if time.monotonic() - began < MOST_S else f"it took longer than {MOST_S} s"
    except (AssertionError, StackError) as error:  # of a fault, of a program that is not there, of the stack
        seconds, problem = time.monotonic() - began, str(error)
    print(f"did not hold: {problem}" if problem else f"held     {seconds:6.1f} s", flush=True)
    return Seen(fault, seconds, problem)


def _row(seen: Seen) -> str:
    what = f"did not hold: {seen.problem}" if seen.problem else "held"
    return f"| {seen.fault.what} | `{seen.fault.name}` | {seen.fault.holds} | {what} | {seen.seconds:.0f} |\n"


if __name__ == "__main__":
    sys.exit(main())
