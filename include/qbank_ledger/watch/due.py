"""What the sync's schedule makes due: which hour should be in the ledger, and how new a balance can be."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import CroniterBadDateError, CroniterError, croniter

# How long a run may take into the next hour before the hour counts as one that lacks something.
GRACE = timedelta(minutes=15)

_HOURLY = "0 * * * *"
# Airflow's own, beside those that croniter knows.
_PRESETS = {"@quarterly": "0 0 1 */3 *", "@continuous": _HOURLY}
# As Airflow compares it: in any other case it is no schedule.
_NEVER = "@once"


@dataclass(frozen=True, slots=True)
class Due:
    """``hour``: the newest full UTC hour in which a run was due and which ended a grace ago.

    ``since``: the newest time at which a run was due, a grace ago. Both None: the schedule makes no run due.
    """

    hour: datetime | None
    since: datetime | None


def due(schedule: str, now: datetime) -> Due:
    """What ``schedule`` (as ``config.schedule`` gives it; UTC, as the DAG's) makes due at an instant.

    One that can't be read makes every hour due: Airflow makes no run of it, and that has to be told.
    """
    if schedule == _NEVER:
        return Due(None, None)
    try:
        newest = _newest(_PRESETS.get(schedule, schedule), now)
    except CroniterBadDateError:  # 30 February
        return Due(None, None)
    except CroniterError:
        newest = _newest(_HOURLY, now)
    return newest


def _newest(expression: str, now: datetime) -> Due:
    settled = now.astimezone(UTC) - GRACE
    hour = _before(expression, _hour(settled))
    # croniter gives what lies before an instant, and a run is due at its very instant.
    return Due(_hour(hour), _before(expression, settled + timedelta(microseconds=1)))


def _before(expression: str, instant: datetime) -> datetime:
    found: datetime = croniter(expression, instant).get_prev(datetime)
    return found


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
