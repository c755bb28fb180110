"""Which dates of an account the address asks for, and the hours that begin on them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import HTTPException
from pydantic import BaseModel, BeforeValidator, Field

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# How many days are shown where the address does not say, and at most: a table that long is still read.
_DAYS = {"hours": 7, "days": 92, "months": 731}
_MOST = {"hours": 31, "days": 1_096, "months": 36_525}
# A form's empty field is no date; before the first one no bank had this API.
_FIRST = date(1970, 1, 2)
_Day = Annotated[Annotated[date, Field(ge=_FIRST)] | None, BeforeValidator(lambda given: given or None)]


class Asked(BaseModel):
    """What the address asks for: hours, days or months of which dates, and whose versions (``on``).

    ``whole``: the table of which every row is shown.
    """

    by: Literal["hours", "days", "months"] = "hours"
    since: Annotated[_Day, Field(alias="from")] = None
    until: Annotated[_Day, Field(alias="to")] = None
    on: _Day = None
    whole: Annotated[str, Field(alias="all", pattern="^[a-z_]*$")] = ""


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
                f"A range by {asked.by} can have at most {_MOST[asked.by]:,} days: choose a shorter one"
                f"{', or choose days or months' if asked.by == 'hours' else ''}.",
            )
        return cls(asked.by, since, until, ZoneInfo(account.time_zone))

    def instants(self, begins_at: datetime | None = None, ends_at: datetime | None = None) -> dict[str, Any]:
        """The UTC hours that begin on these dates, from the account's beginning to now at most."""
        return hours_of(self.since, self.until, self.zone, begins_at, ends_at)


def hours_of(
    since: date,
    until: date,
    zone: ZoneInfo,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> dict[str, Any]:
    """The same as two instants, the second one not included, for an account's statements by hour."""
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
