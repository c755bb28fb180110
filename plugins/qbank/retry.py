"""When a request is sent again, and how long that waits: one policy for balances and tokens."""

import random
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from qbank.transport import NoReply, Reply

FIRST_BACKOFF_S = 0.5
LONGEST_WAIT_S = 999_999_999_999.0  # of a Retry-After with more digits than sense


def may_succeed_later(outcome: Reply | NoReply) -> bool:
    """The one predicate. Both requests are safe to repeat: one reads, the other gets a token."""
    if isinstance(outcome, NoReply):
        # A dropped connection or a slow moment passes; a certificate that isn't trusted doesn't.
        return not outcome.untrusted
    # 101: another protocol, which nobody asked for. 202: it is being worked on. 408: the server gave up
    # waiting for us. 429: too many calls just now. 5xx: the server's own trouble. Any other answer would be
    # the same again.
    return outcome.status in (101, 202, 408, 429) or 500 <= outcome.status <= 599


def is_redirect(status: int) -> bool:
    """Whether a status sends elsewhere: 300 offers a choice, and 304 answers what nobody asked."""
    return 300 <= status <= 399 and status not in (300, 304)


def requested_wait(outcome: Reply | NoReply) -> float | None:
    """The seconds of Retry-After, in either of its forms, however many; None where it says none.

    A date is counted from the answer's own Date, where it has one: this worker's clock may be off.
    """
    if not isinstance(outcome, Reply) or outcome.retry_after is None:
        return None
    text = outcome.retry_after.strip()
    if re.fullmatch(r"[0-9]+", text):
        return float(text[:12]) if len(text) <= 12 else LONGEST_WAIT_S
    at = _instant(text)
    if at is None:
        return None
    now = _instant(outcome.date or "") or datetime.now(UTC)
    return max((at - now).total_seconds(), 0.0)


def _instant(text: str) -> datetime | None:
    """A date as HTTP writes it; None where it is none."""
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def backoff(attempt: int, cap: float) -> float:
    """Seconds before the next attempt: full jitter, so that callers don't come back together."""
    ceiling = min(cap, FIRST_BACKOFF_S * 2 ** min(attempt - 1, 30))
    return random.uniform(0, ceiling)  # noqa: S311 (no secret is made of it)
