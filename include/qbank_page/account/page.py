"""An account: what it is, its balances over time, and all that the ledger keeps of how they came to be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import Connection

from qbank_ledger.month_end.table import Amount
from qbank_page.account import tables
from qbank_page.account.sql import execute
from qbank_page.frame.desk import SignedIn, desk_of, show
from qbank_page.frame.table import Cell, Local, Table

router = APIRouter()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# How many days are shown where the address does not say, and at most: a table that long is still read.
_DAYS = {"hours": 7, "days": 92, "months": 731}
_MOST = {"hours": 31, "days": 1_096, "months": 36_525}
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RUNS, _SEALED = 100, 24


# A form's empty field is no date; before the first one no bank had this API.
_FIRST = date(1970, 1, 2)
_Day = Annotated[Annotated[date, Field(ge=_FIRST)] | None, BeforeValidator(lambda given: given or None)]


class Asked(BaseModel):
    """What the address asks for: hours, days or months of which dates, and whose versions (``on``)."""

    by: Literal["hours", "days", "months"] = "hours"
    since: Annotated[_Day, Field(alias="from")] = None
    until: Annotated[_Day, Field(alias="to")] = None
    on: _Day = None


@dataclass(frozen=True, slots=True)
class Range:
    """Dates of an account, both included, by its own clock."""

    by: Literal["hours", "days", "months"]
    since: date
    until: date
    zone: ZoneInfo

    @classmethod
    def of(cls, asked: Asked, account: Any) -> "Range":
        """What is asked for, within what can be shown. Raises HTTPException."""
        until = min(asked.until or account.today, account.today)
        since = asked.since or until - (_DAYS[asked.by] - 1) * DAY
        if since > until:
            raise HTTPException(422, f"The range begins on {since}, after it ends: give an earlier “from”.")
        if (until - since).days >= _MOST[asked.by]:
            raise HTTPException(
                422,
                f"By {asked.by}, {_MOST[asked.by]:,} days are shown at most: give a shorter range"
                f"{', or choose days or months' if asked.by == 'hours' else ''}.",
            )
        return cls(asked.by, since, until, ZoneInfo(account.time_zone))

    def instants(self, begins_at: datetime | None = None, ends_at: datetime | None = None) -> dict[str, Any]:
        """The UTC hours that begin on these dates, from the account's beginning to now at most."""
        return _hours(self.since, self.until, self.zone, begins_at, ends_at)


def _hours(
    since: date,
    until: date,
    zone: ZoneInfo,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> dict[str, Any]:
    begin, end = (_first_hour(day, zone) for day in (since, until + DAY))
    return {
        "since": max(begin, _whole(begins_at)) if begins_at else begin,
        "until": min(end, _whole(ends_at) + HOUR) if ends_at else end,
    }


def _first_hour(day: date, zone: ZoneInfo) -> datetime:
    """The first UTC hour that begins on a date; a zone may be half an hour off."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return _whole(midnight + HOUR - timedelta(microseconds=1))


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


@router.get("/accounts/{account_id}")
@router.get("/accounts/{account_id}.csv")
def account(
    request: Request, visitor: SignedIn, account_id: str, asked: Annotated[Asked, Query()]
) -> Response:
    """Its balances as a chart and a table, and all that the ledger keeps of how they came to be."""
    base = request.scope["root_path"]
    with desk_of(request).ledger.reading() as connection:
        found = _found(connection, account_id)
        range_ = Range.of(asked, found)
        on = min(asked.on or range_.until, found.today)
        shown = _tables(connection, found, range_, on, base)
    query = {"by": range_.by, "from": range_.since, "to": range_.until, "on": on}
    return show(
        request,
        visitor,
        "account/page.html.j2",
        tables=shown,
        account=found,
        facts=_facts(found),
        range=range_,
        on=on,
        chart=tables.chart(shown[0].rows[::-1], range_.by, found),
        csv_of=lambda name: f"{base}/accounts/{account_id}.csv?{urlencode({**query, 'table': name})}",
    )


def _found(connection: Connection, account_id: str) -> Any:
    found = None
    if _ID.fullmatch(account_id):
        found = execute(connection, "account", account_id=account_id).one_or_none()
    if found is None:
        raise HTTPException(
            404, f"The ledger has no account {account_id}: look under Position, or in the accounts file."
        )
    return found


def _tables(connection: Connection, account: Any, range_: Range, on: date, base: str) -> Sequence[Table]:
    id_ = account.account_id
    dates = {"account_id": id_, "since": range_.since, "until": range_.until}
    hours = {"account_id": id_, **range_.instants(account.begins_at, account.read_at)}
    if range_.by == "hours":
        points = tables.hours(execute(connection, "account_hours", **hours), account, base)
    else:
        months = range_.by == "months"
        points = tables.days(
            execute(connection, "account_days", **dates, today=account.today, months=months), account, base
        )
    versions = {"account_id": id_, **_hours(on, on, range_.zone)}
    return (
        points,
        tables.gaps(execute(connection, "account_gaps", **hours), account, base),
        tables.versions(execute(connection, "account_versions", **versions), account, on, base),
        tables.outcomes(execute(connection, "account_outcomes", account_id=id_, runs=_RUNS), account, base),
        tables.reconciliations(execute(connection, "account_reconciliations", **dates), account, base),
        tables.sign_offs(execute(connection, "account_sign_offs", **dates), account),
        tables.seals(execute(connection, "account_seals", account_id=id_, hours=_SEALED), account, base),
    )


def _facts(account: Any) -> Sequence[tuple[str, Cell]]:
    """What the account is, each with its name."""
    zone = account.time_zone
    minimum = account.minimum_balance
    return (
        ("Id", account.account_id),
        ("Entity", account.entity),
        ("GL account", account.gl_account),
        ("Currency", account.currency),
        ("Bank account", account.bank_account or "not given"),
        ("Bank", account.bank_id or "not given"),
        ("Time zone", zone),
        ("The day closes at", f"{account.cut_off:%H:%M}" if account.cut_off else "midnight"),
        ("Grace after it", timedelta(minutes=account.closing_grace_minutes)),
        ("Old after", timedelta(minutes=account.max_age_minutes)),
        ("Tolerance", Amount(account.tolerance, account.minor_units)),
        ("Minimum balance", "none" if minimum is None else Amount(minimum, account.minor_units)),
        ("Active", account.active),
        ("Expected since", Local(account.opened_at, zone) if account.opened_at else "never yet"),
        ("Expected until", Local(account.closed_at, zone) if account.closed_at else None),
        ("Read from the accounts file", Local(account.updated_at, zone)),
    )
