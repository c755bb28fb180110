"""How fast the whole client calls: one limiter for all of its threads.

Concurrency grows by one a round and halves when the bank says that it is too much. As even one
call at a time can be too fast for a bank that is near, a rate is found too: a share of what went
through in the last second, rising with each success.
"""

import math
import threading
import time
from collections import deque
from typing import Literal

from qbank.budget import Budget

Verdict = Literal["taken", "throttled", "lost"]
SLOW_START = 8  # calls at once to begin with; doubles each round until the bank first objects
PAUSE_S = 0.2  # for everybody after a 429 that names no wait
RATE_CUT = 0.6
FIRST_STEP = 1.0  # calls a second, a success; halves with each cut, as the rate is known better,
LEAST_STEP = 0.25  # down to this
LEAST_RATE = 1.0
WINDOW_S = 1.0


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
        self._turn = threading.Condition()

    def enter(self, budget: Budget) -> float | None:
        """Wait for a turn: its beginning in time.monotonic(), or None when the budget is spent."""
        with self._turn:
            while not budget.spent:
                now = time.monotonic()
                if now >= self._opens_at and self._busy < int(self._limit):
                    self._busy += 1
                    if self._rate < math.inf:
                        space = 1 / self._rate
                        self._opens_at = max(self._opens_at, now - space) + space
                    return now
                wait = self._opens_at - now
                self._turn.wait(min(wait, 0.1) if wait > 0 else 0.1)
        return None

    def leave(self, began_at: float, verdict: Verdict, wait: float | None = None) -> None:
        """Give the turn back, saying how the bank took the call.

        `wait`: the seconds that a throttling bank asks for, during which nobody calls.
        """
        with self._turn:
            self._busy -= 1
            if verdict == "taken":
                self._speed_up(time.monotonic())
            elif verdict == "throttled":
                self._slow_down(began_at, time.monotonic(), PAUSE_S if wait is None else wait)
            self._turn.notify()

    def _speed_up(self, now: float) -> None:
        slow_start = self._cut_at == -math.inf
        self._limit = min(self._most, self._limit + (1 if slow_start else 1 / self._limit))
        self._rate = min(self._top_rate, self._rate + self._step)
        self._successes.append(now)
        self._forget(now)

    def _slow_down(self, began_at: float, now: float, wait: float) -> None:
        self._opens_at = max(self._opens_at, now + wait)
        if began_at <= self._cut_at:
            return  # it left before the last cut: the same event, seen by another thread
        self._forget(now)
        measured = len(self._successes) / WINDOW_S
        self._rate = max(LEAST_RATE, RATE_CUT * min(self._rate, measured))
        self._rate = min(self._rate, self._top_rate)
        self._step = max(LEAST_STEP, self._step / 2)
        self._limit = max(1.0, self._limit / 2)
        self._cut_at = now

    def _forget(self, now: float) -> None:
        while self._successes and self._successes[0] < now - WINDOW_S:
            self._successes.popleft()
