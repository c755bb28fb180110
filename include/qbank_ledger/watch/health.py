"""Health: whether the ledger has what it should have by now, in counts alone.

It asks the ledger, so it tells of a scheduler that stands still, too. By the database's clock.

- **The hour** that ``expected``, ``present`` and ``missing`` speak of is the newest that should be there:
  the newest full hour in which QBANK_SCHEDULE makes a run due, from 15 minutes into the next hour on; or a
  later one, as soon as a full run has ended in it. So a run at work is waited for, and what a run lost is
  told while its hour can still be made whole. Of the two, the one that lacks something.
- **Unwell** is a ledger with a problem; docs/runbook.md says what to do about each:
  ``hour_missing``, ``hour_partial``: such an hour has no balance, or lacks some.
  ``run_failed``: the newest run that publishes got nothing in, or never ended.
  ``balance_stale``: an active account's newest balance is older than its ``max_age_minutes``, and a run has
  been due since.
  ``quarantine``: an answer of the last 24 hours is held back, and the account has no balance since.
  ``break_above_limit``: as QBANK_BREAK_LIMITS has it.
  ``approval_withdrawn``: a sign-off was taken back, and nobody has acted since.
  ``books_refused``: a file of a source was refused in the last three days, and not loaded since.
  ``books_late``: an entity has no books of a date of which it should, by its last fortnight, and the day
  after that date is over, too.
  ``seal_broken``: one of the newest 48 seals was altered, or does not follow the one before it; ``make
  verify`` looks at all of them, and at every row.
- **An empty ledger is well**: no account was ever active, so nothing is missing. ``newest_run`` is null
  until a run has been planned.
- **A ledger that can't be asked** is unwell: ``UNREACHABLE``.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from qbank_ledger.config import break_limits, schedule
from qbank_ledger.db.open_breaks import open_breaks
from qbank_ledger.watch.due import due
from qbank_ledger.watch.problem import Hour, Problem, find_problems
from qbank_ledger.watch.sql import execute


@dataclass(frozen=True, slots=True)
class NewestRun:
    """The newest run, of whatever kind: as ``sync.run`` has it."""

    run_no: int
    state: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the ledger is: counts alone, no balance, no account id. A count that is None could not be asked."""

    problems: tuple[str, ...]
    newest_complete_hour: datetime | None = None
    expected: int | None = None
    present: int | None = None
    missing: int | None = None
    stale: int | None = None
    quarantined: int | None = None
    open_breaks: int | None = None
    newest_run: NewestRun | None = None

    @property
    def state(self) -> str:
        """``well``, or ``unwell``: there is a problem."""
        return "unwell" if self.problems else "well"

    def as_json(self) -> dict[str, Any]:
        """The answer of /qbank/health: what ``json.dumps`` takes; times in UTC as ISO 8601."""
        fields = asdict(self) | {"problems": list(self.problems)}
        fields["newest_complete_hour"] = _iso(self.newest_complete_hour)
        if self.newest_run:
            fields["newest_run"]["finished_at"] = _iso(self.newest_run.finished_at)
        return {"state": self.state, **fields}


# Of a ledger that can't be asked: down, not migrated, or a setting that can't be read.
UNREACHABLE = Health(("ledger_unreachable",))


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the ledger: its health, and the problems and the hour behind that."""

    at: datetime
    health: Health
    problems: tuple[Problem, ...]
    hour: Hour | None


def health(connection: Connection) -> Health:
    """How the ledger is now, as this module's first lines have it, for any login that reads.

    Reads one state of it where ``connection`` is a snapshot's. Raises LedgerError where a setting
    (QBANK_BREAK_LIMITS) can't be read.
    """
    return look(connection).health


def look(connection: Connection) -> Look:
    """``health`` with what is behind it."""
    runs = execute(connection, "newest_runs").one()
    is_due = due(schedule(), runs.now)
    hours = _hours(connection, is_due.hour, runs.settled_hour)
    breaks = open_breaks(connection, break_limits())
    problems = tuple(find_problems(connection, runs, hours, breaks, is_due.since))
    kinds = [problem.kind for problem in problems]
    hour = hours[0] if hours else None
    return Look(
        runs.now,
        Health(
            problems=tuple(sorted(set(kinds))),
            newest_complete_hour=execute(connection, "newest_complete_hour").scalar_one(),
            expected=hour.expected if hour else 0,
            present=hour.present if hour else 0,
            missing=hour.missing if hour else 0,
            stale=kinds.count("balance_stale"),
            quarantined=kinds.count("quarantine"),
            open_breaks=len(breaks),
            newest_run=None if runs.run_no is None else NewestRun(runs.run_no, runs.state, runs.finished_at),
        ),
        problems,
        hour,
    )


def _hours(connection: Connection, due_hour: datetime | None, settled: datetime | None) -> list[Hour]:
    """The hours that should be there, of each kind one at most; first one that lacks something."""
    hours = {hour for hour in (due_hour, settled) if hour and (due_hour is None or hour >= due_hour)}
    if not hours:
        return []
    return [Hour(*row) for row in execute(connection, "covered_hours", hours=sorted(hours))]


def _iso(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else None
