"""An account's week: what each of its hours is, and how it is drawn."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

HOURS = 168
HOUR = timedelta(hours=1)
# What an hour is and, of one that is missing, why. None: not expected, or without a balance and not over yet.
State = tuple[str, str | None]
PRESENT: State = ("present", None)
LATE: State = ("late", None)


@dataclass(frozen=True, slots=True)
class Week:
    """``hours``: 168 of them; ``minutes``: how long after it began a late hour was published.

    ``reasons``: of the missing hours, how many for each.
    """

    account: Any
    hours: list[State | None]
    minutes: dict[int, int]
    reasons: Counter[str]

    @classmethod
    def of(cls, account: Any, seen: Any, reasons: Mapping[int, str]) -> "Week":
        """From an account's row of coverage_accounts, of coverage_present, if any, and coverage_reasons."""
        present = seen.present if seen and seen.present else "0" * HOURS
        week = cls(account, [None] * HOURS, {}, Counter())
        for first, last in zip(account.firsts, account.lasts, strict=True):
            week.hours[first : last + 1] = [PRESENT] * (last + 1 - first)
            hour = present.find("0", first, last + 1)
            while hour >= 0:
                week._lack(hour, reasons)
                hour = present.find("0", hour + 1, last + 1)
        if seen and seen.late_hours:
            for hour, minutes in zip(seen.late_hours, seen.late_minutes, strict=True):
                if week.hours[hour] is PRESENT:
                    week.hours[hour] = LATE
                    week.minutes[hour] = minutes
        return week

    def _lack(self, hour: int, reasons: Mapping[int, str]) -> None:
        """An expected hour without a balance: the current one may still get it."""
        self.hours[hour] = None
        if hour < self.account.this_hour:
            reason = reasons.get(hour, "no run")
            self.hours[hour] = ("missing", reason)
            self.reasons[reason] += 1

    @property
    def present(self) -> int:
        """Hours with a balance in time."""
        return self.hours.count(PRESENT)

    @property
    def late(self) -> int:
        """Hours with a balance that came late."""
        return len(self.minutes)

    @property
    def missing(self) -> int:
        """Hours without one."""
        return self.reasons.total()

    def stretches(self) -> Iterator[tuple[State, int, int]]:
        """Hours in a row that are the same: what they are, the first, how many."""
        begin = 0
        for state, same in groupby(self.hours):
            count = sum(1 for _ in same)
            if state is not None:
                yield state, begin, count
            begin += count

    def drawn(self, since: datetime, *, is_first: bool = False) -> Markup:
        """The week as a strip. What is late or missing says so under the pointer, and where it has the focus.

        The arrow keys lead from one to the next (static/coverage.js); where they begin, ``is_first``, is the
        one place for the Tab key to stop at.
        """
        path, marks, tab = "", "", "0" if is_first else "-1"
        for (state, reason), begin, count in self.stretches():
            if state == "present":
                path += f"M{begin} 0h{count}v4h-{count}z"
                continue
            top = 2 if state == "late" else 0
            said = escape(self._said(since, state, reason, begin, count))
            marks += (
                f'<rect class="{state}" x="{begin}" y="{top}" width="{count}" height="{4 - top}"'
                f' tabindex="{tab}" role="img"><title>{said}</title></rect>'
            )
            tab = "-1"
        return Markup(  # noqa: S704 - numbers, and texts that were escaped
            f'<svg class="week" viewBox="0 0 {HOURS} 4" preserveAspectRatio="none" role="group"'
            f' aria-label="{escape(self.account.name)}"><path d="{path}"/>{marks}</svg>'
        )

    def _said(self, since: datetime, state: str, reason: str | None, begin: int, count: int) -> str:
        when = f"{since + begin * HOUR:%a %Y-%m-%d %H:%M}"
        if count > 1:
            when += f" to {since + (begin + count) * HOUR:%a %H:%M}, {count} hours"
        if state == "missing":
            return f"{when}, missing: {reason}"
        most = max(self.minutes[hour] for hour in range(begin, begin + count))
        return f"{when}, late: published {'up to ' if count > 1 else ''}{most:,} min after the hour began"
