"""An account's week: what each of its hours is, and how it is drawn."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from markupsafe import Markup, escape

from qbank_ledger.terminal import visible

HOURS = 168
HOUR = timedelta(hours=1)
# What an hour is and, of one that is missing, why. Of one that is not expected, or not over yet, nothing.
State = tuple[str, str | None]
PRESENT: State = ("present", None)
LATE: State = ("late", None)
_SAME = re.compile("0+|1+|2+")


@dataclass(frozen=True, slots=True)
class Week:
    """``stretches``: hours in a row that are the same: what they are, the first, how many.

    ``minutes``: how long after it began a late hour was published. ``reasons``: of the missing hours, how
    many for each.
    """

    account: Any
    stretches: list[tuple[State, int, int]]
    minutes: dict[int, int]
    reasons: Counter[str]

    @classmethod
    def of(cls, account: Any, present: str, late: Mapping[int, int], reasons: Mapping[int, str]) -> "Week":
        """From an account's row of coverage_accounts and what the others say of it: empty, where nothing."""
        present = present or "0" * HOURS
        if late:
            digits = enumerate(present)
            present = "".join("2" if hour in late and digit == "1" else digit for hour, digit in digits)
        week = cls(account, [], {}, Counter())
        for first, last in zip(account.firsts, account.lasts, strict=True):
            for same in _SAME.finditer(present, first, last + 1):
                begin, end = same.span()
                if present[begin] == "1":
                    week._add(PRESENT, begin, end - begin)
                elif present[begin] == "2":
                    week._add(LATE, begin, end - begin)
                    week.minutes.update((hour, late[hour]) for hour in range(begin, end))
                else:
                    week._lack(range(begin, min(end, account.this_hour)), reasons)
        return week

    def _lack(self, hours: Iterable[int], reasons: Mapping[int, str]) -> None:
        """Expected hours that are over, without a balance: the current one may still get it."""
        for reason, same in groupby(hours, lambda hour: reasons.get(hour, "no run")):
            begin, *more = same
            self._add(("missing", reason), begin, 1 + len(more))
            self.reasons[reason] += 1 + len(more)

    def _add(self, state: State, begin: int, count: int) -> None:
        """Hours that may go on with what was before them, in another period of the account's."""
        if self.stretches:
            before, first, hours = self.stretches[-1]
            if before == state and first + hours == begin:
                self.stretches[-1] = state, first, hours + count
                return
        self.stretches.append((state, begin, count))

    @property
    def present(self) -> int:
        """Hours with a balance in time."""
        return sum(count for state, _, count in self.stretches if state is PRESENT)

    @property
    def late(self) -> int:
        """Hours with a balance that came late."""
        return len(self.minutes)

    @property
    def missing(self) -> int:
        """Hours without one."""
        return self.reasons.total()

    def drawn(self, since: datetime, *, is_first: bool = False) -> Markup:
        """The week as a strip. What is late or missing says so under the pointer, and where it has the focus.

        The arrow keys lead from one to the next (static/coverage.js); where they begin, ``is_first``, is the
        one place for the Tab key to stop at.
        """
        path, marks, tab = "", "", "0" if is_first else "-1"
        for (state, reason), begin, count in self.stretches:
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
            f' aria-label="{escape(visible(self.account.name))}"><path d="{path}"/>{marks}</svg>'
        )

    def _said(self, since: datetime, state: str, reason: str | None, begin: int, count: int) -> str:
        when = f"{since + begin * HOUR:%a %Y-%m-%d %H:%M}"
        if count > 1:
            when += f" to {since + (begin + count) * HOUR:%a %H:%M}, {count} hours"
        if state == "missing":
            return f"{when}, missing: {reason}"
        most = max(self.minutes[hour] for hour in range(begin, begin + count))
        return f"{when}, late: published {'up to ' if count > 1 else ''}{most:,} min after the hour began"
