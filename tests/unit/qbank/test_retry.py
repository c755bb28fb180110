"""The retry policy's numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from qbank.retry import LONGEST_WAIT_S, backoff, is_redirect, may_succeed_later, requested_wait
from qbank.transport import NoReply, Reply


def reply(status: int = 503, retry_after: str | None = None) -> Reply:
    return Reply(status=status, content_type=None, retry_after=retry_after, body=b"")


def test_only_what_may_pass_is_tried_again() -> None:
    again = {status for status in range(100, 1000) if may_succeed_later(reply(status))}
    assert again == {101, 202, 408, 429, *range(500, 600)}
    assert may_succeed_later(NoReply(reason="timeout"))
    assert may_succeed_later(NoReply(reason="connection"))
    assert not may_succeed_later(NoReply(reason="connection", untrusted=True))


def test_a_choice_and_not_modified_send_nobody_elsewhere() -> None:
    assert [status for status in range(299, 311) if is_redirect(status)] == [
        *range(301, 304),
        *range(305, 311),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("3600", 3600.0),
        ("9" * 5000, LONGEST_WAIT_S),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("\u0667", None),
        ("", None),
        (None, None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        ("Fri, 99 Dec 1999 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert requested_wait(reply(retry_after=text)) == seconds


def test_retry_after_as_a_date_is_the_time_until_then() -> None:
    text = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 < (requested_wait(reply(retry_after=text)) or 0) <= 30
    assert (requested_wait(reply(retry_after="Fri, 31 Dec 9999 23:59:59 GMT")) or 0) > 1e9


@pytest.mark.parametrize("off", [timedelta(hours=-2), timedelta(minutes=10), timedelta(days=400)])
def test_a_date_is_counted_from_the_answers_own_whatever_the_workers_clock_says(off: timedelta) -> None:
    now = datetime.now(UTC) + off
    then = format_datetime(now + timedelta(seconds=30), usegmt=True)
    answer = replace(reply(retry_after=then), date=format_datetime(now, usegmt=True))
    assert requested_wait(answer) == 30
    for none in ("yesterday", "", "Fri, 99 Dec 1999 23:59:59 GMT"):
        assert requested_wait(replace(answer, date=none)) != 30


def test_no_reply_asks_for_no_wait() -> None:
    assert requested_wait(NoReply(reason="timeout")) is None


def test_backoff_is_full_jitter_under_a_ceiling_that_doubles() -> None:
    for attempt, ceiling in ((1, 0.5), (2, 1.0), (3, 2.0), (20, 3.0), (5000, 3.0)):
        waits = [backoff(attempt, 3.0) for _ in range(400)]
        assert 0 <= min(waits) < ceiling * 0.1
        assert ceiling * 0.9 < max(waits) <= ceiling
