"""The accounts of one call of `get_balances`, on their way: who asks for which one when.

Threads take accounts and bring back answers. An account that has to wait before its next attempt
waits here and holds no thread, and those not yet asked come before it. Only a window of accounts is
on its way at a time, so memory does not grow with their number, and a slow consumer slows the threads.
They are asked in no order: neighbours in the file may be in the same trouble, and when time runs out it
should not always be the same ones that are left.
"""

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from qbank.answer import BalanceAnswer
from qbank.auth import Token
from qbank.budget import Budget

WINDOW = 16  # accounts on their way, for each thread
BREAKER_S = 30.0  # without a reply from the bank, but that it wants to be left alone for long


@dataclass(slots=True)
class Attempt:
    """An account on its way."""

    account_id: str
    attempts: int = 0  # requests made
    refused: Token | None = None  # that of the latest request, where it got a 401
    last: BalanceAnswer | None = None  # how the latest request failed, should time run out


class Batch:
    """Runs `ask` for each account in threads; iterating gives the answers as they come.

    `ask` makes one attempt and returns the answer, or the seconds until the next attempt, or None
    when the budget was spent before anything was sent. Whatever it raises ends the batch, and is
    raised to the consumer after the answers that had come.
    """

    def __init__(
        self,
        account_ids: Sequence[str],
        ask: Callable[[Attempt, Budget], BalanceAnswer | float | None],
        *,
        threads: int,
        budget: Budget,
    ) -> None:
        self._fresh = iter(random.sample(account_ids, len(account_ids)))
        self._ask = ask
        self._budget = budget
        self._window = threads * WINDOW
        self._waiting: list[tuple[float, int, Attempt]] = []
        self._order = itertools.count()
        self._ready: deque[BalanceAnswer] = deque()
        self._unsent: list[Attempt] = []
        self._asking = 0
        self._failure: BaseException | None = None
        self._silent = 0  # calls without a reply since the last one
        self._heard_at = time.monotonic()
        lock = threading.Lock()
        self._work, self._answers = threading.Condition(lock), threading.Condition(lock)
        self._threads = [
            threading.Thread(target=self._run, name=f"qbank-{number}", daemon=True)
            for number in range(min(threads, len(account_ids)))
        ]
        self._alive = len(self._threads)

    def __iter__(self) -> Iterator[BalanceAnswer]:
        try:
            for thread in self._threads:
                thread.start()
            while (answer := self._next()) is not None:
                yield answer
            if self._failure is not None:
                raise self._failure
        finally:  # also when the consumer goes away: no thread is left behind
            self._budget.cancel()
            with self._work:
                self._work.notify_all()
            for thread in self._threads:
                if thread.ident is not None:
                    thread.join()
        yield from self._left_over()

    def _next(self) -> BalanceAnswer | None:
        with self._answers:
            while not self._ready:
                if not self._alive:
                    return None
                self._answers.wait()
            answer = self._ready.popleft()
            self._work.notify()
            return answer

    def _left_over(self) -> Iterator[BalanceAnswer]:
        """What the budget or the breaker left: the last failure, or not_attempted."""
        waiting = (attempt for _, _, attempt in self._waiting)
        fresh = (Attempt(account_id) for account_id in self._fresh)
        for attempt in itertools.chain(self._unsent, waiting, fresh):
            yield attempt.last or BalanceAnswer(
                account_id=attempt.account_id,
                state="failed",
                reason="not_attempted",
                arrived=time.monotonic(),
            )

    def _run(self) -> None:
        try:
            while (attempt := self._take()) is not None:
                self._put(attempt, self._ask(attempt, self._budget))
        except BaseException as error:  # noqa: BLE001 (raised again where the consumer is)
            with self._work:
                self._failure = self._failure or error
            self._budget.cancel()
        finally:
            with self._work:
                self._alive -= 1
                self._work.notify_all()
                self._answers.notify_all()

    def _take(self) -> Attempt | None:
        """The next account to ask for; None when there is none, or no time."""
        with self._work:
            while not self._budget.spent:
                now = time.monotonic()
                room = len(self._ready) + self._asking < self._window
                # A bank that is silent is not asked for everybody before it is asked again.
                fresh_first = not self._is_silent or len(self._waiting) < self._window
                if room and fresh_first and (account_id := next(self._fresh, None)) is not None:
                    self._asking += 1
                    return Attempt(account_id)
                if room and self._waiting and self._waiting[0][0] <= now:
                    self._asking += 1
                    return heapq.heappop(self._waiting)[2]
                if room and not self._waiting and not self._asking:
                    return None
                due = self._waiting[0][0] - now if room and self._waiting else 0.25
                self._work.wait(min(due, 0.25, max(self._budget.left(), 0)))
        return None

    def _put(self, attempt: Attempt, outcome: BalanceAnswer | float | None) -> None:
        with self._work:
            self._asking -= 1
            if isinstance(outcome, BalanceAnswer):
                self._note_silence(outcome)
                self._ready.append(outcome)
                self._answers.notify()
            elif outcome is None:
                self._unsent.append(attempt)
            else:
                self._note_silence(attempt.last)
                due = time.monotonic() + outcome
                heapq.heappush(self._waiting, (due, next(self._order), attempt))
            self._work.notify()

    @property
    def _is_silent(self) -> bool:
        """Whether the last calls had no reply that helps, more of them than chance would have it."""
        return self._silent > 2 * len(self._threads)

    def _note_silence(self, latest: BalanceAnswer | None) -> None:
        """The breaker: many calls without a reply that helps, for long, and no more are made."""
        if latest is None or (latest.http_status is not None and latest.retry_after_s is None):
            self._silent, self._heard_at = 0, time.monotonic()
            return
        self._silent += 1
        silence = time.monotonic() - self._heard_at
        if self._is_silent and silence >= BREAKER_S:
            self._budget.cancel()
