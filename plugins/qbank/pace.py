"""How fast the whole client calls: one limiter for all of its batches.

Concurrency grows by one a round and halves when the bank says that it is too much. As even one
call at a time can be too fast for a bank that is near, a rate is found too: a share of what went
through in the last second, rising with each success. One account that is told to wait, waits alone:
what says that the client is meant, is in `evidence.py`.
"""

import math
import threading
import time
from collections import deque
from typing import Literal

from qbank.evidence import Evidence

Verdict = Literal["taken", "throttled", "lost"]
SLOW_START = 8  # calls at once to begin with; doubles each round until the bank first objects
PAUSE_S = 0.2  # for everybody, once the client is limited
RATE_CUT = 0.6
FIRST_STEP = 1.0  # calls a second, a success; halves with each cut, as the rate is known better,
LEAST_STEP = 0.25  # down to this
LEAST_RATE = 1.0
WINDOW_S = 1.0
FULL_S = 0.1  # until another batch of the client may have given a turn back


class Pace:
    """Gives out turns: at most so many at once, spaced where a rate is known, none in a pause."""

    def __init__(self, concurrency: int, requests_per_second: float | None = None) -> None:
        self._most = concurrency
        self._limit = float(min(concurrency, SLOW_START))
        self._top_rate = requests_per_second or math.inf
        self._rate = self._top_rate
        self._step = 2 * FIRST_STEP
        self._busy = 0
        self._opens_at = 0.0  # no turn before
        self._cut_at = -math.inf
        self._successes: deque[float] = deque()
        self._evidence = Evidence()
        self._before: tuple[float, float] | None = (
            None  # limit and rate, until it is known whether a cut helped
        )
        self._lock = threading.Lock()

    def enter(self, now: float) -> float:
        """Take a turn at this time.monotonic(): 0.0, or the seconds until it is worth trying again."""
        with self._lock:
            if now < self._opens_at:
                return self._opens_at - now
            if self._busy >= int(self._limit):
                return FULL_S
            self._busy += 1
            if self._rate < math.inf:
                space = 1 / self._rate
                self._opens_at = max(self._opens_at, now - space) + space
            return 0.0

    def leave(self, began_at: float, account_id: str, verdict: Verdict, wait: float | None = None) -> None:
        """Give the turn back, saying how the bank took the call for this account.

        `wait`: the seconds that a throttling bank asks for.
        """
        with self._lock:
            self._busy -= 1
            now = time.monotonic()
            if verdict == "taken":
                self._speed_up(now)
            if verdict != "lost" and began_at > self._cut_at:  # one that left before knows nothing of the cut
                self._judge(account_id, verdict == "throttled", wait, now)

    def _judge(self, account_id: str, throttled: bool, wait: float | None, now: float) -> None:
        finding = self._evidence.record(account_id, throttled=throttled, wait=wait)
        if finding == "helped":
            self._before = None
        elif finding == "own":
            self._limit, self._rate = self._before or (self._limit, self._rate)
            self._before = None
            self._evidence.reset()
        elif finding is not None:
            least = self._evidence.least_wait if finding == "closed" else None
            self._slow_down(now, PAUSE_S if least is None else max(least, PAUSE_S))

    def _speed_up(self, now: float) -> None:
        slow_start = self._cut_at == -math.inf
        self._limit = min(self._most, self._limit + (1 if slow_start else 1 / self._limit))
        self._rate = min(self._top_rate, self._rate + self._step)
        self._successes.append(now)
        self._forget(now)

    def _slow_down(self, now: float, pause: float) -> None:
        self._before = self._before or (self._limit, self._rate)
        self._opens_at = max(self._opens_at, now + pause)
        self._forget(now)
        measured = len(self._successes) / WINDOW_S
        self._rate = max(LEAST_RATE, RATE_CUT * min(self._rate, measured))
        self._rate = min(self._rate, self._top_rate)
        self._step = max(LEAST_STEP, self._step / 2)
        self._limit = max(1.0, self._limit / 2)
        self._cut_at = now
        self._evidence.reset()

    def _forget(self, now: float) -> None:
        while self._successes and self._successes[0] < now - WINDOW_S:
            self._successes.popleft()
