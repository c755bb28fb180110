"""A run: how long its rooms took, what became of each account and why, and what it holds back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from qbank_ledger.sync.rules import RULES
from qbank_page.frame.answer import show
from qbank_page.frame.desk import Desk, SignedIn, desk_of
from qbank_page.frame.pages import Pages
from qbank_page.frame.rights import rights_of
from qbank_page.frame.table import Cell, Column, Link, Local, Mark, Table
from qbank_page.frame.threads import OwnThreads
from qbank_page.frame.tones import OUTCOMES, mark
from qbank_page.runs import held
from qbank_page.runs.page import asked_for, in_airflow, state_of
from qbank_page.runs.sql import execute

router = APIRouter(route_class=OwnThreads)
RunNo = Annotated[int, Path(ge=1, le=2**63 - 1)]
_WHY = {rule.name: rule.why for rule in RULES}
_ROOMS = (
    Column("room", "Room"),
    Column("done_at", "Done (UTC)"),
    Column("took", "Took"),
)
_COUNTS = (
    Column("outcome", "Outcome"),
    Column("reasons", "Reasons"),
    Column("accounts", "Accounts", number=True),
)
_OUTCOMES = (
    Column("name", "Account"),
    Column("account_id", "Id", aside=True),
    Column("entity", "Entity"),
    Column("outcome", "Outcome"),
    Column("reasons", "Reasons"),
    Column("http_status", "HTTP status"),
    Column("attempts", "Requests", number=True),
    Column("observed_at", "Observed"),
    Column("retry_after", "Wait requested by bank"),
    Column("released_at", "Released"),
)
_VALIDATION = (
    Column("expectation", "Rule"),
    Column("severity", "Severity"),
    Column("verdict", "Verdict"),
    Column("evaluated", "Answers", number=True),
    Column("unexpected", "Failed it", number=True),
    Column("why", "Why the rule exists"),
)


class Asked(BaseModel):
    """Which outcomes are shown, and which page of them and of what is held back."""

    outcome: Literal["", "published", "would_publish", "quarantined", "failed", "open"] = ""
    reason: Annotated[str, Field(pattern="^[a-z0-9_]*$")] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    held: Annotated[int, Field(ge=1, le=100_000)] = 1


@router.get("/runs/{run_no}")
@router.get("/runs/{run_no}.csv")
def run(request: Request, visitor: SignedIn, run_no: RunNo, asked: Annotated[Asked, Query()]) -> Response:
    """The run, with its tables."""
    desk, base = desk_of(request), request.scope["root_path"]
    whole = request.url.path.endswith(".csv")
    with desk.ledger.reading() as connection:
        found = execute(connection, "run", run_no=run_no).one_or_none()
        if found is None:
            raise HTTPException(404, f"The ledger has no run {run_no}: look under Runs.")
        counts = execute(connection, "run_counts", run_no=run_no).all()
        pages = Pages(asked.page, sum(row.accounts for row in counts if _is_asked(row, asked)))
        outcomes = _outcomes(connection, run_no, asked, pages, whole)
        validation = execute(connection, "run_validation", run_no=run_no).all()
        holds = held.pages_of(connection, run_no, asked.held)
        answers = held.answers(connection, found, holds, rights_of(connection, visitor), whole=whole)
    query = {"outcome": asked.outcome, "reason": asked.reason}
    return show(
        request,
        visitor,
        "runs/run.html.j2",
        tables=[
            _counts(counts, found, base),
            _rooms(found),
            _outcome_table(outcomes, base, any_account=bool(counts)),
            _validation(validation),
            held.table(answers, found),
        ],
        run=found,
        asked=asked,
        facts=_facts(found, desk),
        answers=answers,
        pages_of=pages,
        holds=holds,
        outcomes=sorted({row.outcome for row in counts}),
        reasons=sorted({reason for row in counts for reason in row.reasons}),
        address=lambda **more: f"{base}/runs/{run_no}?{urlencode({**query, **more})}",
        csv_of=lambda name: f"{base}/runs/{run_no}.csv?{urlencode({**query, 'table': name})}",
    )


def _is_asked(row: Any, asked: Asked) -> bool:
    return asked.outcome in ("", row.outcome) and (not asked.reason or asked.reason in row.reasons)


def _outcomes(connection: Connection, run_no: int, asked: Asked, pages: Pages, whole: bool) -> Sequence[Any]:
    found: Sequence[Any] = execute(
        connection,
        "run_outcomes",
        run_no=run_no,
        outcome=asked.outcome,
        reason=asked.reason,
        rows=pages.rows if whole else pages.at_once,
        skipped=0 if whole else pages.before,
    ).all()
    return found


def _facts(run: Any, desk: Desk) -> Sequence[tuple[str, Cell]]:
    return (
        ("State", state_of(run.state, is_lost=run.is_lost)),
        ("In Airflow", in_airflow(desk.host, run.dag_run_id)),
        ("Started (UTC)", run.started_at),
        ("Finished (UTC)", run.finished_at),
        ("Deadline (UTC)", run.deadline_at if run.finished_at is None else None),
        ("Took", run.finished_at and run.finished_at - run.started_at),
        ("Accounts", run.expected),
        ("Published" if not run.dry_run else "Would publish", run.published),
        ("Quarantined", run.quarantined),
        ("Failed", run.failed),
        ("Requested", asked_for(dry_run=run.dry_run, subset=run.subset)),
        ("Requests", None if run.requests is None else int(run.requests)),
        ("Fetch tasks", run.batches or None),
        ("Host", run.api_host),
        ("Seals", ", ".join(map(str, run.seals or ())) or None),
        ("Version", run.package_version),
        ("Answers deleted (UTC)", run.payloads_dropped_at),
    )


def _rooms(run: Any) -> Table:
    """How long it was from room to room: the ledger keeps when each was done."""
    done: list[tuple[str, datetime | None]] = [
        ("plan", run.fetch_started_at),
        ("fetch", run.last_observed_at),
        ("audit", run.audited_at),
        ("publish", run.published_at),
        ("settle", run.finished_at),
    ]
    known = [("", run.started_at), *((room, at) for room, at in done if at is not None)]
    took = {room: at - before for (_, before), (room, at) in pairwise(known) if at >= before}
    return Table(
        name="rooms",
        caption="Rooms",
        columns=_ROOMS,
        rows=[{"room": room, "done_at": at, "took": took.get(room)} for room, at in done],
        empty="",
        note="Each time counts from the end of the previous room, including the wait for a worker.",
    )


def _counts(rows: Iterable[Any], run: Any, base: str) -> Table:
    dropped = run.accounts_dropped_at
    return Table(
        name="counts",
        caption="Outcomes and reasons",
        columns=_COUNTS,
        rows=[
            {
                "outcome": Link(row.outcome, f"{base}/runs/{run.run_no}?outcome={row.outcome}#outcomes"),
                "reasons": ", ".join(row.reasons) or None,
                "accounts": row.accounts,
            }
            for row in rows
        ],
        empty=f"The outcomes were deleted on {dropped:%Y-%m-%d}, at the end of their retention period."
        if dropped
        else "The run has no account yet.",
    )


def _outcome_table(rows: Iterable[Any], base: str, *, any_account: bool) -> Table:
    return Table(
        name="outcomes",
        caption="Accounts",
        columns=_OUTCOMES,
        rows=[
            {
                "name": Link(row.name, f"{base}/accounts/{row.account_id}"),
                "account_id": row.account_id,
                "entity": row.entity,
                "outcome": mark(row.outcome, OUTCOMES),
                "reasons": ", ".join(row.reasons or ()) or None,
                "http_status": None if row.http_status is None else str(row.http_status),
                "attempts": row.attempts,
                "observed_at": row.observed_at and Local(row.observed_at, row.time_zone),
                "retry_after": None if row.retry_after_s is None else f"{row.retry_after_s} s",
                "released_at": row.released_at and Local(row.released_at, row.time_zone),
            }
            for row in rows
        ],
        empty="No account matches: choose another outcome or reason." if any_account else "None is left.",
    )


def _validation(rows: Iterable[Any]) -> Table:
    return Table(
        name="validation",
        caption="The audit's rules",
        columns=_VALIDATION,
        rows=[
            {
                "expectation": row.expectation,
                "severity": row.severity,
                "verdict": Mark("passed", "good")
                if row.success
                else Mark("broken", "bad" if row.severity == "critical" else "warn"),
                "evaluated": row.evaluated,
                "unexpected": row.unexpected,
                "why": _WHY.get(row.expectation, "Checks that every rule was applied to every answer."),
            }
            for row in rows
        ],
        empty="This run has not been audited.",
    )
