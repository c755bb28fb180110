"""Problems: what is wrong with the ledger now, each with its kind and what it is about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from qbank_ledger.watch.sql import execute

KINDS = (
    "approval_withdrawn",
    "balance_stale",
    "books_late",
    "books_refused",
    "break_above_limit",
    "hour_missing",
    "hour_partial",
    "quarantine",
    "run_failed",
    "seal_broken",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: one of KINDS, what it is about (an hour, an account, …), and that in words.

    The subject stays the same as long as the problem is the same one. No amount is in either.
    """

    kind: str
    subject: str
    about: str


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour that should be there, from ``ledger.coverage``; ``state``: complete, partial or missing."""

    as_of_hour: datetime
    expected: int
    present: int
    missing: int
    state: str


def find_problems(
    connection: Connection, runs: Any, hours: list[Hour], breaks: Iterable[Any], since: datetime | None
) -> Iterator[Problem]:
    """What is wrong: with ``runs`` (newest_runs.sql), these hours, ``breaks`` (open_breaks), and else.

    ``since`` is when a run was last due.
    """
    yield from _of_the_hours(hours)
    if runs.ended_state in ("failed", "running"):
        how = "failed" if runs.ended_state == "failed" else "never ended"
        yield Problem("run_failed", f"run {runs.ended_run_no}", f"run {runs.ended_run_no} {how}")
    for row in execute(connection, "stale_accounts", since=since):
        yield Problem("balance_stale", row.account_id, f"{_account(row)}, of {utc(row.observed_at)}")
    for row in execute(connection, "held_accounts"):
        yield Problem("quarantine", row.account_id, f"{_account(row)}, in run {row.run_no}: {row.reasons}")
    yield from _of_the_books(connection, breaks)
    for row in execute(connection, "broken_seals"):
        yield Problem("seal_broken", f"seal {row.seal_no}", f"seal {row.seal_no}")


def _of_the_hours(hours: list[Hour]) -> Iterator[Problem]:
    for hour in hours:
        if hour.state != "complete":
            yield Problem(
                f"hour_{hour.state}",
                utc(hour.as_of_hour),
                f"{utc(hour.as_of_hour)} lacks {hour.missing} of {hour.expected} accounts",
            )


def _of_the_books(connection: Connection, breaks: Iterable[Any]) -> Iterator[Problem]:
    for row in breaks:
        if row.is_above:
            yield Problem(
                "break_above_limit",
                f"{row.account_id} since {row.opened_on}",
                f"{_account(row)}, {row.currency}, {row.as_of_date}, open since {row.opened_on}",
            )
    for row in execute(connection, "withdrawn_sign_offs"):
        yield Problem(
            "approval_withdrawn", f"{row.account_id} {row.as_of_date}", f"{_account(row)}, {row.as_of_date}"
        )
    for row in execute(connection, "refused_books"):
        yield Problem("books_refused", f"{row.source} {row.name}", f"{row.name} of source {row.source}")
    for row in execute(connection, "late_books"):
        yield Problem(
            "books_late", f"{row.entity} {row.as_of_date}", f"entity {row.entity} since {row.as_of_date}"
        )


def utc(instant: datetime) -> str:
    """An instant to the minute, as people write it: 2026-10-31 10:00 UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _account(row: Any) -> str:
    return f"{row.account_id} ({row.name})"
