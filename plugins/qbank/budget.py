"""The time that a batch of calls has: up to an instant, or until somebody calls it off."""

import math
import threading
import time


class Budget:
    """Seconds left until an end that every wait and every request of a batch keeps to."""

    def __init__(self, seconds: float | None = None) -> None:
        self.ends = math.inf if seconds is None else time.monotonic() + seconds
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Wake every wait; nothing new is begun."""
        self._cancelled.set()

    @property
    def spent(self) -> bool:
        return self._cancelled.is_set() or time.monotonic() >= self.ends

    def left(self) -> float:
        return self.ends - time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the end."""
        self._cancelled.wait(max(0.0, min(seconds, self.left())))
