"""Readiness counts a month's hours at once, as ``ledger.coverage`` does hour by hour."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from qbank_ledger.month_end.sql import execute
from tests.words.ledger import Ledger

HOUR = timedelta(hours=1)
MONTH = datetime(2026, 3, 1, tzinfo=UTC)
COVERAGE = """
SELECT count(*) AS hours, coalesce(sum(expected), 0) AS expected, coalesce(sum(present), 0) AS present
  FROM ledger.coverage WHERE as_of_hour >= :since AND as_of_hour < :until
"""


@pytest.mark.parametrize("begins", [MONTH - 40 * HOUR, MONTH + 3.25 * HOUR])
def test_all_hours_at_once_are_those_of_the_ledger(ledger: Ledger, begins: datetime) -> None:
    dice = random.Random(7)
    ids = [f"a{number:02}" for number in range(30)]
    ledger.listed([{"id": id_} for id_ in ids])
    ledger.opened(ids[0], at=begins, closed_at=begins + 60 * HOUR)
    for id_ in ids[1:]:
        # Periods that begin and end within an hour or on one, in the month or around it, or are open.
        hours = sorted(dice.sample(range(0, 3_400), dice.choice((1, 2, 3))))
        instants = [begins + (hour / 4) * HOUR for hour in hours]
        for opened_at, closed_at in zip(instants[::2], [*instants[1::2], None], strict=False):
            ledger.opened(id_, at=opened_at, closed_at=closed_at)
    seen = [(dice.choice(ids), hour) for hour in range(-30, 780, 3)]
    ledger.observed(
        [{"id": id_, "at": MONTH + hour * HOUR, "amount": "1", "currency": "EUR"} for id_, hour in seen]
    )
    asked = {"since": MONTH, "until": MONTH + 744 * HOUR}
    expected = tuple(ledger.rows(COVERAGE, **asked)[0])
    with ledger.engine.connect() as connection:
        found = execute(connection, "coverage_total", **asked).one()
    assert tuple(found) == expected
    assert 0 < found.present < found.expected


def test_the_month_that_has_not_ended_counts_up_to_the_current_hour(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    asked = {"since": now - 5 * HOUR, "until": now + 100 * HOUR}
    asked = {name: at.replace(minute=0, second=0, microsecond=0) for name, at in asked.items()}
    ledger.listed([{"id": "a"}])
    ledger.opened("a", at=now - 30 * HOUR)
    ledger.observed([{"id": "a", "at": now, "amount": "1", "currency": "EUR"}])
    with ledger.engine.connect() as connection:
        found = execute(connection, "coverage_total", **asked).one()
    assert tuple(found) == tuple(ledger.rows(COVERAGE, **asked)[0]) == (6, 6, 1)
