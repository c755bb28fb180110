"""The accounts of one call of `get_balances`, on their way: who is asked for which one when.

One thread begins calls and takes in how they ended; another, the consumer's, takes the answers. An account
that has to wait before its next attempt waits here, and those not yet asked come before it. Only a window of
accounts is on its way at a time, so memory does not grow with their number, and a slow consumer slows the
asking. They are asked in no order: neighbours in the file may be in the same trouble, and when time runs out
it should not always be the same ones that are left.
"""

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from qbank.answer import BalanceAnswer
from qbank.auth import Token
from qbank.budget import Budget

WINDOW = 16  # accounts on their way, for each call at once
BREAKER_S = 30.0  # without a reply from the bank, but that it wants to be left alone for long
LONGEST_WAIT_S = 0.25  # until the budget and the consumer are looked at again, whatever wakes
# Answers are handed over some at a time: to wake the consumer for each took a tenth of the asking's time.
HANDFUL = 4  # for each call at once
HAND_OVER_S = 0.05  # at the latest

# How a call ended: the answer, the seconds until the account's next attempt, or None: at once.
Ended = BalanceAnswer | float | None


@dataclass(slots=True)
class Attempt:
    """An account on its way."""

    account_id: str
    attempts: int = 0  # requests made
    refused: Token | None = None  # that of the latest request, where it got a 401
    last: BalanceAnswer | None = None  # how the latest request failed, should time run out


class Caller(AbstractContextManager[object], Protocol):
    """Makes the calls, for one thread; what it raises ends the batch."""

    def begin(self, attempt: Attempt) -> float | BalanceAnswer:
        """Begin a call: 0.0, or the seconds until it is worth trying again, or what is known without it."""
        ...

    def wait(self, seconds: float) -> list[tuple[Attempt, Ended]]:
        """The calls that ended; waits for the first of them, or for `wake`."""
        ...

    def wake(self) -> None:
        """End a wait, from another thread."""
        ...

    def finish(self) -> None:
        """Called when nothing is on its way any more."""
        ...


class Batch:
    """Makes a call for each account; iterating gives the answers as they come.

    Whatever the caller raises ends the batch, and is raised to the consumer after the answers that had come.
    """

    def __init__(self, account_ids: Sequence[str], caller: Caller, *, at_once: int, budget: Budget) -> None:
        self._fresh = iter(random.sample(account_ids, len(account_ids)))
        self._caller = caller
        self._budget = budget
        self._at_once = min(at_once, len(account_ids))
        self._window = at_once * WINDOW
        self._next: deque[Attempt] = deque()  # before all others
        self._waiting: list[tuple[float, int, Attempt]] = []
        self._order = itertools.count()
        self._asking = 0
        self._silent = 0  # calls without a reply since the last one
        self._heard_at = time.monotonic()
        # Of both threads:
        self._ready: deque[BalanceAnswer] = deque()
        self._handful = at_once * HANDFUL
        self._held_back = 0  # answers of which the consumer was not told
        self._handed_over_at = 0.0
        self._came = threading.Condition()
        self._is_full = False  # the asking waits for the consumer
        self._is_over = not account_ids
        self._is_abandoned = False
        self._failure: BaseException | None = None

    def __iter__(self) -> Iterator[BalanceAnswer]:
        if self._is_over:
            return
        with self._caller:
            thread = threading.Thread(target=self._run, name="qbank-calls", daemon=True)
            thread.start()
            try:
                while self._await_answers():
                    yield self._ready.popleft()
                    if self._is_full and len(self._ready) <= self._window // 2:
                        self._is_full = False
                        self._caller.wake()
            finally:  # also when the consumer goes away: no thread is left behind
                self._is_abandoned = True
                self._budget.cancel()
                self._caller.wake()
                thread.join()
        if self._failure is not None:
            raise self._failure
        yield from self._left_over()

    def _await_answers(self) -> bool:
        """Whether there is an answer, now or after a while."""
        if not self._ready:
            with self._came:
                while not self._ready and not self._is_over:
                    self._came.wait()
        return bool(self._ready)

    def _left_over(self) -> Iterator[BalanceAnswer]:
        """What the budget or the breaker left: the last failure, or not_attempted."""
        waiting = (attempt for _, _, attempt in self._waiting)
        fresh = (Attempt(account_id) for account_id in self._fresh)
        for attempt in itertools.chain(self._next, waiting, fresh):
            yield attempt.last or BalanceAnswer(
                account_id=attempt.account_id,
                state="failed",
                reason="not_attempted",
                arrived=time.monotonic(),
            )

    def _run(self) -> None:
        try:
            while not self._is_abandoned:
                wait = self._begin()
                if wait is None and not self._asking:
                    self._caller.finish()
                    return
                longest = HAND_OVER_S if self._held_back else LONGEST_WAIT_S
                ended = self._caller.wait(longest if wait is None else min(wait, longest))
                for attempt, outcome in ended:
                    self._asking -= 1
                    self._put(attempt, outcome)
                self._hand_over()
        except BaseException as error:  # noqa: BLE001 (raised again where the consumer is)
            self._failure = self._failure or error
        finally:
            with self._came:
                self._is_over = True
                self._came.notify()

    def _hand_over(self) -> None:
        """Wake the consumer, where there is enough for it or it has waited for long enough."""
        now = time.monotonic()
        if self._held_back >= self._handful or (
            self._held_back and now - self._handed_over_at >= HAND_OVER_S
        ):
            self._held_back, self._handed_over_at = 0, now
            with self._came:
                self._came.notify()

    def _begin(self) -> float | None:
        """Begin what can begin; the seconds until more can, or None where nothing is left to begin."""
        try:
            while not self._budget.spent:
                attempt = self._take()
                if attempt is None:
                    return self._due()
                begun = self._caller.begin(attempt)
                if isinstance(begun, BalanceAnswer):
                    self._put(attempt, begun)
                elif begun > 0:
                    self._next.appendleft(attempt)
                    return begun
                else:
                    self._asking += 1
        except BaseException as error:  # noqa: BLE001 (raised once what is on its way has come)
            self._failure = error
            self._budget.cancel()
        return None

    def _take(self) -> Attempt | None:
        """The next account to ask for; None when there is none just now."""
        if self._next:
            return self._next.popleft()
        room = len(self._ready) + self._asking < self._window
        # A bank that is silent is not asked for everybody before it is asked again.
        fresh_first = not self._is_silent or len(self._waiting) < self._window
        if room and fresh_first and (account_id := next(self._fresh, None)) is not None:
            return Attempt(account_id)
        if room and self._waiting and self._waiting[0][0] <= time.monotonic():
            return heapq.heappop(self._waiting)[2]
        self._is_full = not room
        return None

    def _due(self) -> float | None:
        """The seconds until another account may be asked for; None where none is left."""
        if self._is_full:
            return LONGEST_WAIT_S
        return self._waiting[0][0] - time.monotonic() if self._waiting else None

    def _put(self, attempt: Attempt, outcome: Ended) -> None:
        if isinstance(outcome, BalanceAnswer):
            self._note_silence(outcome)
            self._ready.append(outcome)
            self._held_back += 1
        elif outcome is None:
            self._next.append(attempt)
        else:
            self._note_silence(attempt.last)
            heapq.heappush(self._waiting, (time.monotonic() + outcome, next(self._order), attempt))

    @property
    def _is_silent(self) -> bool:
        """Whether the last calls had no reply that helps, more of them than chance would have it."""
        return self._silent > 2 * self._at_once

    def _note_silence(self, latest: BalanceAnswer | None) -> None:
        """The breaker: many calls without a reply that helps, for long, and no more are made."""
        if latest is None or (latest.http_status is not None and latest.retry_after_s is None):
            self._silent, self._heard_at = 0, time.monotonic()
            return
        self._silent += 1
        silence = time.monotonic() - self._heard_at
        if self._is_silent and silence >= BREAKER_S:
            self._budget.cancel()
