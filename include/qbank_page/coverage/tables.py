"""The tables of coverage: by account, by hour, and each account-hour that is not present."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from qbank_page.coverage.week import HOUR, HOURS, Week
from qbank_page.frame.table import Column, Link, Table


def accounts(weeks: Sequence[Week], since: datetime, base: str, *, any_account: bool) -> Table:
    """A row for each account, with its week drawn."""
    days = Markup("").join(
        Markup("<span>{}</span>").format(f"{since + timedelta(days=day):%a %d}") for day in range(7)
    )
    return Table(
        name="accounts",
        caption="Account by hour",
        columns=(
            Column("name", "Account"),
            Column("account_id", "Id", aside=True),
            Column("entity", "Entity"),
            Column("present", "Present", number=True),
            Column("late", "Late", number=True),
            Column("missing", "Missing", number=True),
            Column("week", Markup('<span class="days">{}</span>').format(days), drawn=True),
            Column("reasons", "Reasons"),
        ),
        rows=_account_rows(weeks, since, base),
        empty="No account matches: widen the filter, or choose another week."
        if any_account
        else "No account was expected in this week: choose another, or run qbank_balance_sync.",
        note="Hours are UTC.",
    )


def _account_rows(weeks: Sequence[Week], since: datetime, base: str) -> Sequence[Mapping[str, Any]]:
    rows, is_first = [], True
    dates = f"from={since:%Y-%m-%d}&to={since + timedelta(days=6):%Y-%m-%d}"
    for week in weeks:
        has_gap = bool(week.late or week.missing)
        rows.append(
            {
                "name": Link(week.account.name, f"{base}/accounts/{week.account.account_id}?{dates}"),
                "account_id": week.account.account_id,
                "entity": week.account.entity,
                "present": week.present,
                "late": week.late,
                "missing": week.missing,
                "week": week.drawn(since, is_first=has_gap and is_first),
                "reasons": _counted(week.reasons),
            }
        )
        is_first = is_first and not has_gap
    return rows


def hours(weeks: Iterable[Week], since: datetime, *, is_part: bool = False) -> Table:
    """A row for each hour in which somebody's balance is late or missing; ``is_part``: of one page's."""
    late: Counter[int] = Counter()
    missing: dict[int, Counter[str]] = {}
    for week in weeks:
        late.update(week.minutes.keys())
        for (state, reason), begin, count in week.stretches:
            if state == "missing" and reason:
                for hour in range(begin, begin + count):
                    missing.setdefault(hour, Counter())[reason] += 1
    return Table(
        name="hours",
        caption="Hours with gaps",
        columns=(
            Column("as_of_hour", "Hour"),
            Column("late", "Late", number=True),
            Column("missing", "Missing", number=True),
            Column("reasons", "Reasons"),
        ),
        rows=[
            {
                "as_of_hour": since + hour * HOUR,
                "late": late[hour],
                "missing": sum(missing.get(hour, Counter()).values()),
                "reasons": _counted(missing.get(hour, Counter())),
            }
            for hour in range(HOURS)
            if late[hour] or hour in missing
        ],
        empty="None: in every past hour, every expected balance arrived on time.",
        note=f"Covers the accounts above{'; the CSV covers all' if is_part else ''}. Hours are UTC.",
    )


def gaps(weeks: Iterable[Week], since: datetime) -> Table:
    """A row for each account-hour that is late or missing."""
    return Table(
        name="gaps",
        caption="Every late or missing account-hour",
        columns=(
            Column("as_of_hour", "Hour"),
            Column("account_id", "Id"),
            Column("name", "Account"),
            Column("entity", "Entity"),
            Column("state", "State"),
            Column("reason", "Reason"),
            Column("minutes", "Published after", number=True),
        ),
        rows=[
            {
                "as_of_hour": since + hour * HOUR,
                "account_id": week.account.account_id,
                "name": week.account.name,
                "entity": week.account.entity,
                "state": state,
                "reason": reason,
                "minutes": week.minutes.get(hour),
            }
            for week in weeks
            for (state, reason), begin, count in week.stretches
            if state != "present"
            for hour in range(begin, begin + count)
        ],
        empty="None.",
    )


def _counted(reasons: Counter[str]) -> str | None:
    """Such as “http_404: 3, no run: 1”, the commonest first."""
    return ", ".join(f"{reason}: {count:,}" for reason, count in reasons.most_common()) or None
