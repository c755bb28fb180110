"""The month that is closed: its dates, and its hours in UTC."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from qbank_ledger.errors import CloseError

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of dates; ``str()`` is 2026-10."""

    first_date: date

    @classmethod
    def parse(cls, text: str) -> "Month":
        """The month that 2026-10 names; raises CloseError for anything else."""
        found = _MONTH.fullmatch(text)
        if not found or not date.min.year < int(found[1]) < date.max.year:
            raise CloseError(f"{text[:40]!r} is not a month: write the year and month, such as 2026-10.")
        return cls(date(int(found[1]), int(found[2]), 1))

    @classmethod
    def last_over(cls, today: date) -> "Month":
        """The newest that is over on a date."""
        return cls((today.replace(day=1) - timedelta(days=1)).replace(day=1))

    def __str__(self) -> str:
        return f"{self.first_date:%Y-%m}"

    @property
    def last_date(self) -> date:
        """Its last date."""
        return self.first_date.replace(day=monthrange(self.first_date.year, self.first_date.month)[1])

    @property
    def since(self) -> datetime:
        """Its first hour (UTC)."""
        return datetime.combine(self.first_date, datetime.min.time(), UTC)

    @property
    def until(self) -> datetime:
        """The first hour after it (UTC)."""
        return datetime.combine(self.last_date + timedelta(days=1), datetime.min.time(), UTC)

    @property
    def hours(self) -> int:
        """How many hours it has (UTC)."""
        return (self.until - self.since) // timedelta(hours=1)
