"""A run, for people: its progress, and what it left: counts of outcomes, newest balances, open items."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import text
from sqlalchemy.engine import URL

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.transaction import transaction
from qbank_ledger.terminal import visible

# A dag_run_id is not unique, and a cleared run has more than one execution: the newest counts.
_RUN = text(
    "SELECT run_no, state, dry_run, expected, published, quarantined, failed "
    "FROM sync.run WHERE dag_run_id = :dag_run_id ORDER BY run_no DESC LIMIT 1"
)
# A column's name is its heading.
_BALANCES = """
SELECT name AS "Account", currency AS "Currency",
       available_balance AS "Available", ledger_balance AS "Ledger",
       observed_at AS "Observed at (UTC)", account_id AS "Account id"
  FROM ledger.latest_balance WHERE active ORDER BY currency, name, account_id
"""
_OPEN_ITEMS = """
SELECT a.name AS "Account", concat_ws(' ', b.entity, b.gl_account) AS "GL account", b.currency AS "Currency",
       b.as_of_date || CASE WHEN b.provisional THEN ' (provisional)' ELSE '' END AS "As of",
       b.difference AS "Difference", b.unexplained AS "Unexplained", b.status AS "Status", b.cause AS "Cause",
       b.age_days || ' d' AS "Age"
  FROM recon.open_break AS b JOIN ledger.account AS a USING (account_id)
 ORDER BY b.age_days DESC, b.entity, b.gl_account, b.account_id
"""
_OPEN_TOTALS = """
SELECT entity AS "Entity", currency AS "Currency", age_bucket AS "Days open", items AS "Items",
       unexplained AS "Unexplained", gross_unexplained AS "Gross"
  FROM recon.open_break_total ORDER BY entity, currency, oldest_days
"""
_MOST_ROWS = 40
_SHOWN = ("running", "success", "failed", "upstream_failed", "skipped", "removed")


class Progress:
    """A line for each stage of a run, whenever its state has changed."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}

    def show(self, tasks: Iterable[Mapping[str, Any]]) -> bool:
        """Take in the run's task instances as they are now; whether there was something to show."""
        stages: dict[str, list[Mapping[str, Any]]] = {}
        for task in tasks:
            stages.setdefault(task["task_id"], []).append(task)
        lines = {stage: line for stage, tasks in stages.items() if (line := _progress(tasks))}
        changed = [stage for stage, line in lines.items() if self._lines.get(stage) != line]
        for stage in changed:
            print(f"  {stage:<10} {lines[stage]}", flush=True)
        self._lines.update(lines)
        return bool(changed)


def _progress(tasks: Sequence[Mapping[str, Any]]) -> str:
    """The stage's state; for a mapped one, how many of its tasks are in which."""
    states = Counter(str(task["state"]) for task in tasks if task["state"] in _SHOWN)
    if len(tasks) == 1 and tasks[0]["map_index"] == -1:
        return next(iter(states), "")
    return ", ".join(f"{state} {count}/{len(tasks)}" for state, count in sorted(states.items()))


def outcome_counts(ledger: URL, dag_run_id: str, *, role: str | None = None) -> str | None:
    """One sentence on the run's outcomes; None where the ledger knows no such run."""
    with transaction(engine_for(ledger, role)) as connection:
        run = connection.execute(_RUN, {"dag_run_id": dag_run_id}).one_or_none()
    if run is None:
        return None
    done = f"{run.published or 0} published"
    if run.dry_run:
        done = f"{run.expected - (run.quarantined or 0) - (run.failed or 0)} would be published"
    return (
        f"Run {run.run_no} is {run.state}: of {run.expected} accounts {done}, "
        f"{run.quarantined or 0} quarantined, {run.failed or 0} failed."
    )


def print_balances(ledger: URL) -> None:
    """The newest balance of each active account, as an analyst sees it."""
    _print("Newest balances, in ledger.latest_balance", *_read(ledger, _BALANCES))


def print_open_items(ledger: URL) -> None:
    """What the bank and the general ledger disagree on now, with status, cause and age, and its totals."""
    headings, items = _read(ledger, _OPEN_ITEMS)
    if not items:
        print("No open items. recon.reconciliation has every comparison.")
        return
    _print("Open items, in recon.open_break", headings, items)
    _print("Their totals, in recon.open_break_total", *_read(ledger, _OPEN_TOTALS))


def _read(ledger: URL, sql: str) -> tuple[list[str], Sequence[Sequence[Any]]]:
    """The names of the columns, and the rows."""
    with transaction(engine_for(ledger, role=None)) as connection:
        result = connection.execute(text(sql))
        return list(result.keys()), result.all()


def _print(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    table = Table(title=title, box=box.SIMPLE)
    for number, heading in enumerate(headings):
        is_number = any(isinstance(row[number], Decimal | int) for row in rows)
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=True)
    for row in rows[:_MOST_ROWS]:
        table.add_row(*(Text(visible(_cell(each))) for each in row))  # not a str: it would be read as markup
    # Wider than any terminal: a line may be folded there, but no digit is ever cut off.
    console = Console(width=400, soft_wrap=True, highlight=False)
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"… and {len(rows) - _MOST_ROWS} more.")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else f"{value:,f}" if isinstance(value, Decimal) else str(value)
