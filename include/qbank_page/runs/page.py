"""Runs of the sync, newest first."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from qbank_page.frame.answer import show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.host import Host
from qbank_page.frame.pages import Pages
from qbank_page.frame.table import Column, Link, Mark, Table, run_link
from qbank_page.frame.threads import OwnThreads
from qbank_page.frame.tones import RUNS, mark
from qbank_page.runs.sql import execute

router = APIRouter(route_class=OwnThreads)
SYNC = "qbank_balance_sync"  # the DAG
_COLUMNS = (
    Column("run_no", "Run", number=True),
    Column("state", "State"),
    Column("started_at", "Started (UTC)"),
    Column("finished_at", "Finished (UTC)"),
    Column("took", "Took"),
    Column("expected", "Accounts", number=True),
    Column("published", "Published", number=True),
    Column("quarantined", "Quarantined", number=True),
    Column("failed", "Failed", number=True),
    Column("released", "Released since", number=True),
    Column("asked", "Requested"),
    Column("api_host", "Host"),
    Column("dag_run_id", "In Airflow"),
)


class Asked(BaseModel):
    """What the address asks for; empty: every run."""

    state: Literal["", "running", "complete", "partial", "failed", "dry_run"] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


@router.get("/runs")
@router.get("/runs.csv")
def runs(request: Request, visitor: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """A page of them; as CSV, all."""
    desk, base = desk_of(request), request.scope["root_path"]
    whole = request.url.path.endswith(".csv")
    with desk.ledger.reading() as connection:
        count = execute(connection, "count_runs", state=asked.state).scalar_one()
        pages = Pages(asked.page, count)
        rows = execute(
            connection,
            "runs",
            state=asked.state,
            rows=count if whole else pages.at_once,
            skipped=0 if whole else pages.before,
        ).all()
    table = Table(
        name="runs",
        caption="Runs",
        columns=_COLUMNS,
        rows=[
            {
                **row._mapping,
                "run_no": run_link(row.run_no, base),
                "state": state_of(row.state, is_lost=row.is_lost),
                "asked": asked_for(dry_run=row.dry_run, subset=row.subset),
                "dag_run_id": in_airflow(desk.host, row.dag_run_id),
            }
            for row in rows
        ],
        empty="No run is in that state." if asked.state else f"No run yet: trigger {SYNC} in Airflow.",
    )
    return show(
        request, visitor, "runs/page.html.j2", tables=[table], asked=asked, pages_of=pages, states=RUNS
    )


def state_of(state: str, *, is_lost: bool = False) -> Mark:
    """A run's state; ``is_lost``: it is past its deadline, and the next plan closes it."""
    return Mark("lost", "bad") if is_lost else mark(state, RUNS)


def asked_for(*, dry_run: bool, subset: bool) -> str:
    """Which accounts the run was for, and whether it was to publish."""
    return ("some accounts" if subset else "all accounts") + (", dry" if dry_run else "")


def in_airflow(host: Host, dag_run_id: str) -> Link:
    """To the run in Airflow's own pages."""
    return Link(dag_run_id, host.run_url(SYNC, dag_run_id), leaves=True)
