"""The bank's rate limit: at most so many calls in any one second, refused ones not counted."""

import time
from collections import deque
from collections.abc import Callable


class RateLimit:
    """Remembers when the calls of the last second were let through."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._passed: deque[float] = deque()

    def admits(self, per_second: int) -> bool:
        """Whether one more call may pass now; one that may is counted."""
        now = self._clock()
        while self._passed and self._passed[0] <= now - 1:
            self._passed.popleft()
        if len(self._passed) >= per_second:
            return False
        self._passed.append(now)
        return True
