"""Which hour should be there, by the sync's schedule and the clock."""

from datetime import UTC, datetime

import pytest

from qbank_ledger.watch.due import Due, due


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-11-27 is a Friday.
DUE = [
    # An hour is due a quarter of an hour into the next, not before; its own runs are, as soon.
    ("@hourly", "2026-11-27 11:14:59", "2026-11-27 09:00", "2026-11-27 10:00"),
    ("@hourly", "2026-11-27 11:15", "2026-11-27 10:00", "2026-11-27 11:00"),
    ("@hourly", "2026-11-27 12:14", "2026-11-27 10:00", "2026-11-27 11:00"),
    ("*/30 * * * *", "2026-11-27 11:44", "2026-11-27 10:00", "2026-11-27 11:00"),
    ("*/30 * * * *", "2026-11-27 11:45", "2026-11-27 10:00", "2026-11-27 11:30"),
    ("55 * * * *", "2026-11-27 11:12", "2026-11-27 09:00", "2026-11-27 10:55"),
    ("55 * * * *", "2026-11-27 11:20", "2026-11-27 10:00", "2026-11-27 10:55"),
    ("@continuous", "2026-11-27 11:15", "2026-11-27 10:00", "2026-11-27 11:00"),
    # Nights and weekends have no run, and lack none.
    ("0 6-20 * * 1-5", "2026-11-29 12:00", "2026-11-27 20:00", "2026-11-27 20:00"),
    ("0 6-20 * * 1-5", "2026-11-30 07:14", "2026-11-27 20:00", "2026-11-30 06:00"),
    ("0 6-20 * * 1-5", "2026-11-30 07:15", "2026-11-30 06:00", "2026-11-30 07:00"),
    ("@daily", "2026-11-27 01:14", "2026-11-26 00:00", "2026-11-27 00:00"),
    ("@quarterly", "2026-11-27 12:00", "2026-10-01 00:00", "2026-10-01 00:00"),
    # Airflow loads no DAG with it: nothing runs, and that is told.
    *(
        (unread, "2026-11-27 11:15", "2026-11-27 10:00", "2026-11-27 11:00")
        for unread in ("every hour", "None", "none", "@ONCE", "@never", "* * *")
    ),
]


@pytest.mark.parametrize(("schedule", "now", "hour", "since"), DUE)
def test_the_hour_that_should_be_there(schedule: str, now: str, hour: str, since: str) -> None:
    assert due(schedule, at(now)) == Due(at(hour), at(since))


@pytest.mark.parametrize("schedule", ["@once", "0 0 30 2 *"])
def test_a_schedule_without_runs_makes_no_hour_due(schedule: str) -> None:
    assert due(schedule, at("2026-11-27 11:15")) == Due(None, None)


def test_hours_are_utcs_wherever_the_clock_is_read() -> None:
    assert due("@hourly", datetime.fromisoformat("2026-11-27T16:45:00+05:30")) == due(
        "@hourly", at("2026-11-27 11:15")
    )
