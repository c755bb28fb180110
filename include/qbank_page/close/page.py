"""Close: what a month still lacks, where that is mended, and its pack to take along."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from qbank_ledger.errors import CloseError
from qbank_ledger.month_end.month import Month
from qbank_ledger.month_end.pack import close_month
from qbank_ledger.month_end.readiness import Gap, Readiness, readiness
from qbank_page.frame.action import Asked
from qbank_page.frame.answer import show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.table import Column, Link, Table, date_link
from qbank_page.frame.threads import OwnThreads

router = APIRouter(route_class=OwnThreads)
_GAPS = (Column("says", "What"), Column("where", "Where to fix it"))
_DATES = (
    Column("as_of_date", "Date"),
    Column("accounts", "Accounts", number=True),
    Column("not_compared", "Not compared", number=True),
    Column("matched", "Matched", number=True),
    Column("within_tolerance", "Within tolerance", number=True),
    Column("breaks", "Breaks", number=True),
    Column("missing_bank", "Missing bank", number=True),
    Column("missing_gl", "Missing GL", number=True),
    Column("stale_bank", "Stale bank", number=True),
    Column("provisional", "Provisional", number=True),
    Column("open", "Open", number=True),
    Column("prepared", "Prepared", number=True),
    Column("approved", "Approved", number=True),
    Column("rejected", "Rejected", number=True),
    Column("decertified", "Decertified", number=True),
)
# Below the page, by what a gap is about; {on} is the first date that has it.
_MENDED = {
    "closings": ("coverage", "Coverage"),
    "books": ("books", "Books"),
    "comparison": ("books", "Books"),
    "restated": ("reconciliation?date={on}", "Reconciliation"),
    "unmapped": ("books", "Books"),
    "provisional": ("reconciliation?date={on}", "Reconciliation of {on}"),
    "sign_off": ("reconciliation?date={on}&state=unsigned", "Reconciliation of {on}"),
    "open": ("reconciliation?date={on}&status=unmatched", "Reconciliation of {on}"),
    "hours": ("coverage", "Coverage"),
    "beginning": ("runs", "Runs"),
}
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
}


@router.get("/close")
@router.get("/close.csv")
def close(request: Request, visitor: SignedIn, month: Annotated[str, Query(max_length=20)] = "") -> Response:
    """What a month lacks: the newest that is over, unless another is asked for."""
    asked = Month.parse(month) if month else Month.last_over(datetime.now(UTC).date())
    found, trouble = None, ""
    with desk_of(request).ledger.reading() as connection:
        try:
            found = readiness(connection, asked)
        except CloseError as error:
            trouble = str(error)
    base = request.scope["root_path"]
    return show(
        request,
        visitor,
        "close/page.html.j2",
        tables=[_gaps(found.gaps if found else [], trouble, base), _dates(found, base)],
        month=asked,
        found=found,
        trouble=trouble,
    )


@router.post("/close/pack")
def pack(
    request: Request,
    action: Asked,
    month: Annotated[str, Form(max_length=20)],
    file: Annotated[Literal["xlsx", "html"], Form()],
) -> Response:
    """The month's pack, made now, as a download; nothing of it is kept, and nothing written to the ledger."""
    with ExitStack() as kept:
        folder = kept.enter_context(TemporaryDirectory(prefix="qbank-page-"))
        made = close_month(action.desk.ledger.reader, month, Path(folder))
        path: Path = made.workbook if file == "xlsx" else made.page
        return FileResponse(
            path,
            media_type=_TYPES[file],
            filename=path.name,
            background=BackgroundTask(kept.pop_all().close),
        )


def _gaps(gaps: Sequence[Gap], trouble: str, base: str) -> Table:
    return Table(
        name="gaps",
        caption="What is not ready",
        columns=_GAPS,
        rows=[{"says": gap.says, "where": _where(gap, base)} for gap in gaps],
        empty=trouble or "Ready: nothing is open or missing.",
    )


def _where(gap: Gap, base: str) -> Link | None:
    found = _MENDED.get(gap.about)
    return found and Link(found[1].format(on=gap.on), f"{base}/{found[0].format(on=gap.on)}")


def _dates(found: Readiness | None, base: str) -> Table:
    return Table(
        name="dates",
        caption="Dates of the month",
        columns=_DATES,
        rows=[_date(row, base) for row in found.dates] if found else [],
        empty="There is no date to show.",
    )


def _date(row: Any, base: str) -> dict[str, Any]:
    return {**row._mapping, "as_of_date": date_link(row.as_of_date, base)}
