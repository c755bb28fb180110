"""Who is throttled: the client, or only some of its accounts? Banks limit by either.

Told by the share of different accounts that the bank throttles. A bank that limits the client lets more of
them through once it is asked more slowly; accounts in trouble of their own stay as they were, so where
slowing changes nothing, twice, their share is set aside and the client goes on as before.
"""

from collections import OrderedDict
from typing import Literal

RECENT = 32  # different accounts, of which the latest call counts
LEAST_THROTTLED = 3  # of them, before a share says anything
LIMITED_SHARE = 0.1  # throttled: the client is limited
ABOVE_OWN = 0.3  # and where a share is the accounts' own, so much above it: a share is known roughly
TRIAL_LEAST, TRIAL_MOST = 8, 30  # different accounts, asked since the client slowed, tell whether that helped
FAILED_TRIALS = 2  # times that it did not, until it was the accounts
CLOSED_SHARE = 0.9  # of at least TRIAL_LEAST: nobody is let through

# limited: slow down. closed: nobody is let through, pause. helped: slowing did. own: it never did.
Finding = Literal["limited", "closed", "helped", "own"]


class Evidence:
    """The latest calls, by account. Not for two threads at once."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, tuple[bool, float | None]] = OrderedDict()
        self._recent_throttled = 0  # of those
        self._known: set[str] = set()  # accounts that were throttled
        self._limited_share = LIMITED_SHARE
        self._on_trial = False
        self._failed_trials = 0
        self._tried = self._throttled = 0  # different accounts, in trials in vain

    @property
    def least_wait(self) -> float | None:
        """The shortest wait in seconds that throttled accounts were asked for; None: for none."""
        return min((wait for _, wait in self._recent.values() if wait is not None), default=None)

    def record(self, account_id: str, *, throttled: bool, wait: float | None = None) -> Finding | None:
        """Take in a call that began since the client last slowed; says what that shows, if anything."""
        known, excused = account_id in self._known, self._limited_share > LIMITED_SHARE
        if throttled:
            self._known.add(account_id)
            if known and excused:
                return None  # in trouble of its own, still
        gone = self._recent.pop(account_id, None)
        if gone is None and len(self._recent) == RECENT:
            _, gone = self._recent.popitem(last=False)
        self._recent[account_id] = throttled, wait
        self._recent_throttled += throttled - (gone is not None and gone[0])
        heard, count = len(self._recent), self._recent_throttled
        if heard >= TRIAL_LEAST and count >= CLOSED_SHARE * heard:
            self._begin_trial()
            return "closed"
        few = excused and not self._on_trial and heard < RECENT
        if few or count < LEAST_THROTTLED or count < self._limited_share * heard:
            if self._on_trial and heard >= TRIAL_MOST:
                self._on_trial = False
                return "helped"
            return None
        if not self._on_trial:
            self._begin_trial()
            return "limited"
        return self._end_failed_trial(heard, count) if heard >= TRIAL_LEAST else None

    def _begin_trial(self) -> None:
        self._on_trial, self._failed_trials, self._tried, self._throttled = True, 0, 0, 0

    def _end_failed_trial(self, heard: int, count: int) -> Finding:
        self._failed_trials += 1
        self._tried += heard
        self._throttled += count
        if self._failed_trials < FAILED_TRIALS:
            return "limited"
        self._on_trial = False
        self._limited_share = self._throttled / self._tried + ABOVE_OWN
        return "own"

    def reset(self) -> None:
        """Forget the calls: those that follow tell of another pace."""
        self._recent.clear()
        self._recent_throttled = 0
