"""Coverage: a week of hours, account by account: what is there, what came late, what is missing and why."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import Connection

from qbank_page.coverage import tables
from qbank_page.coverage.sql import execute
from qbank_page.coverage.week import Week
from qbank_page.frame.answer import show
from qbank_page.frame.desk import SignedIn, desk_of
from qbank_page.frame.finding import is_named
from qbank_page.frame.pages import Pages
from qbank_page.frame.threads import OwnThreads

router = APIRouter(route_class=OwnThreads)
_AT_ONCE = 1_000


def _first_day(given: Any) -> Any:
    """The Monday of 2026-W47; a form's empty field is no date."""
    year, is_week, week = str(given or "").partition("-W")
    return date.fromisocalendar(int(year), int(week), 1) if is_week else given or None


_Day = Annotated[
    Annotated[date, Field(ge=date(1970, 1, 2), le=date(9998, 1, 1))] | None, BeforeValidator(_first_day)
]


class Asked(BaseModel):
    """What the address asks for; without a week or its first day: the last seven days.

    An hour is late where its first balance was published more than ``late_after`` minutes after it began: who
    read the ledger before that did not have it.
    """

    week: _Day = None
    since: Annotated[_Day, Field(alias="from")] = None
    entity: str = ""
    account: str = ""
    gaps: bool = False
    late_after: Annotated[int, Field(ge=1, le=1_440)] = 15
    page: Annotated[int, Field(ge=1, le=100_000)] = 1

    def takes(self, row: Any) -> bool:
        """Whether an account is asked for."""
        return self.entity in ("", row.entity) and is_named(row, self.account)


@router.get("/coverage")
@router.get("/coverage.csv")
def coverage(request: Request, visitor: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """The heat map, with its counts by account and by hour."""
    base, whole = request.scope["root_path"], request.url.path.endswith(".csv")
    first = asked.week or asked.since or datetime.now(UTC).date() - timedelta(days=6)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    with desk_of(request).ledger.reading() as connection:
        accounts = execute(connection, "coverage_accounts", since=since).all()
        found = [row for row in accounts if asked.takes(row)]
        late = _late(connection, since, None, asked.late_after) if asked.gaps else {}
        if asked.gaps:
            lacking = set(
                execute(connection, "coverage_lacking", since=since, account_ids=_ids(found)).scalars()
            )
            found = [row for row in found if row.account_id in lacking or _is_late(row, late)]
        pages = Pages(asked.page, len(found), _AT_ONCE)
        drawn = found if whole else pages.of(found)
        if not asked.gaps:
            late = _late(connection, since, _ids(drawn), asked.late_after)
        present = dict(execute(connection, "coverage_present", since=since, account_ids=_ids(drawn)).all())
        reasons = _reasons(connection, since, drawn)
    weeks = [
        Week.of(
            row,
            present.get(row.account_id, ""),
            late.get(row.account_id, {}),
            reasons.get(row.account_id, {}),
        )
        for row in drawn
    ]
    kept = {
        "entity": asked.entity,
        "account": asked.account,
        "gaps": str(asked.gaps).lower(),
        "late_after": asked.late_after,
    }
    return show(
        request,
        visitor,
        "coverage/page.html.j2",
        tables=[
            tables.accounts(weeks, since, base, any_account=bool(accounts)),
            tables.hours(weeks, since, is_part=len(drawn) < len(found)),
            *([tables.gaps(weeks, since)] if whole else []),
        ],
        asked=asked,
        pages_of=pages,
        week="{}-W{:02}".format(*first.isocalendar()[:2]) if first.isoweekday() == 1 else "",
        since=first,
        until=first + timedelta(days=6),
        counts={name: sum(getattr(week, name) for week in weeks) for name in ("present", "late", "missing")},
        entities=sorted({row.entity for row in accounts}),
        address=lambda page, days=0: (
            f"{base}/coverage?{urlencode({'from': first + timedelta(days=days), **kept, 'page': page})}"
        ),
        csv_of=lambda name: f"{base}/coverage.csv?{urlencode({'from': first, **kept, 'table': name})}",
    )


def _ids(accounts: Sequence[Any]) -> list[str]:
    return [row.account_id for row in accounts]


def _late(
    connection: Connection, since: datetime, account_ids: Sequence[str] | None, late_after: int
) -> Mapping[str, Mapping[int, int]]:
    """Of each account, the hours of the week that came late, with so many minutes."""
    found = execute(connection, "coverage_late", since=since, account_ids=account_ids, late_after=late_after)
    return {row.account_id: dict(zip(row.hours, row.minutes, strict=True)) for row in found}


def _is_late(account: Any, late: Mapping[str, Mapping[int, int]]) -> bool:
    """Whether an account has an hour that came late and in which it was expected."""
    hours = late.get(account.account_id, {})
    periods = zip(account.firsts, account.lasts, strict=True)
    return bool(hours) and any(first <= hour <= last for first, last in periods for hour in hours)


def _reasons(
    connection: Connection, since: datetime, accounts: Sequence[Any]
) -> Mapping[str, Mapping[int, str]]:
    """Why accounts have no balance, by the hour of the week."""
    reasons: dict[str, dict[int, str]] = {}
    for row in execute(connection, "coverage_reasons", since=since, account_ids=_ids(accounts)):
        reasons.setdefault(row.account_id, {}).update(dict.fromkeys(row.hours, row.reason))
    return reasons
