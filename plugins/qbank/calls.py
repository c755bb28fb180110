"""The calls for the accounts of one batch: when one may begin, its request, and what its outcome means."""

import math
import time
from concurrent.futures import Future
from copy import copy
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Self
from urllib.parse import quote

from requests import PreparedRequest

from qbank.answer import BalanceAnswer, State
from qbank.auth import Token, TokenSource
from qbank.batch import Attempt, Ended
from qbank.budget import Budget
from qbank.errors import QBankUnavailableError
from qbank.exchanges import Exchanges
from qbank.pace import Pace, Verdict
from qbank.payload import Reading, printable, read_balance
from qbank.retry import backoff, is_redirect, may_succeed_later, requested_wait
from qbank.settings import Settings
from qbank.transport import Form, NoReply, Reply, Transport

_READ = tuple(field.name for field in fields(Reading))
_read = attrgetter(*_READ)
_echoed = attrgetter("echoed_account_id", "echoed_currency", "echoed_as_of")
MOST_AGE_S = 60  # in a cache on the way: the bank answers in real time, and an older number is another hour's
VERDICT_S = 1.0  # until a second 401 is put down to the account: others may be refused as well


@dataclass(frozen=True, slots=True)
class _Turn:
    """A call that may begin, or has begun."""

    attempt: Attempt
    token: Token
    began_at: float


class Calls:
    """Calls with one token source and one pace. Not for two threads at once, but for `wake`."""

    def __init__(
        self,
        settings: Settings,
        template: PreparedRequest,
        *,
        transport: Transport,
        tokens: TokenSource,
        pace: Pace,
        budget: Budget,
    ) -> None:
        self._settings = settings
        self._template = template
        self._transport = transport
        self._tokens = tokens
        self._pace = pace
        self._budget = budget
        self._renewal: Future[Token] | None = None
        self._signed: tuple[Token, Form] | None = None

    def __enter__(self) -> Self:
        self._exchanges: Exchanges[_Turn] = Exchanges(self._transport, at_once=self._settings.concurrency)
        return self

    def __exit__(self, *exc: object) -> None:
        for turn in self._exchanges.close():
            self._pace.leave(turn.began_at, turn.attempt.account_id, "lost")

    def wake(self) -> None:
        """End a wait; for any thread."""
        self._exchanges.wake()

    def begin(self, attempt: Attempt) -> float | BalanceAnswer:
        """Send an account's request; or the seconds until it is worth trying again, or what is known already.

        Raises QBankError for what makes every account fail.
        """
        if attempt.refused and attempt.last and self._tokens.is_current(attempt.refused):
            return attempt.last  # its token was kept: the second 401 was the account's
        token = self._token()
        if token is None:
            return math.inf
        form = self._form(token)
        rest = self._transport.rest(form.origin)
        if rest > 0:
            return rest
        now = time.monotonic()
        wait = self._pace.enter(now)
        if wait > 0:
            return wait
        attempt.attempts += 1
        ends = min(now + self._settings.timeout_s, self._budget.ends)
        self._exchanges.begin(_Turn(attempt, token, now), form, quote(attempt.account_id, safe=""), ends)
        return 0.0

    def wait(self, seconds: float) -> list[tuple[Attempt, Ended]]:
        """The calls that ended, so many seconds at most being waited for one: what each means."""
        return [(turn.attempt, self._end(turn, outcome)) for turn, outcome in self._exchanges.wait(seconds)]

    def finish(self) -> None:
        """Raises QBankError where time ran out over a token, and the token host is why."""
        if self._budget.spent:
            self._renewed(self._renewal)

    def _token(self) -> Token | None:
        """The one to use; None while there is none. It is renewed in a thread: calls go on meanwhile."""
        renewal = self._renewal
        if renewal is not None and renewal.done():
            self._renewal = None
            self._renewed(renewal)
        token = self._tokens.at_hand()
        if (token is None or token.is_due) and self._renewal is None:
            self._renewal = self._exchanges.run(self._tokens.current, self._budget)
        return token

    def _renewed(self, renewal: "Future[Token] | None") -> None:
        try:
            if renewal is not None:
                renewal.result()
        except QBankUnavailableError:
            if not (
                self._budget.spent and self._tokens.had_one
            ):  # then that was no failure of the token host
                raise

    def _form(self, token: Token) -> Form:
        """The request for an account, but for its id; signed once for all of them."""
        if self._signed is None or self._signed[0] is not token:
            request = copy(self._template)  # not its own copy(), which makes a jar for cookies
            request.headers = self._template.headers.copy()
            self._signed = token, self._transport.form(token(request))
        return self._signed[1]

    def _end(self, turn: _Turn, outcome: Reply | NoReply) -> Ended:
        """What an exchange means: the answer, the seconds until the next attempt, or None to replay now."""
        attempt, token, settings = turn.attempt, turn.token, self._settings
        verdict: Verdict = "lost"
        wait = None
        if isinstance(outcome, Reply):
            wait = requested_wait(outcome)
            slow = outcome.status == 429 or wait is not None
            verdict = "throttled" if slow and may_succeed_later(outcome) else "taken"
        bearable = wait is not None and wait <= settings.max_backoff_s
        self._pace.leave(turn.began_at, attempt.account_id, verdict, wait if bearable else None)
        answer = _answer(attempt, outcome, token)
        if answer.http_status == 401:
            return self._end_of_refused(attempt, answer, token)
        attempt.refused = None
        if answer.http_status is not None:
            token.accepted(turn.began_at)
        if not may_succeed_later(outcome) or attempt.attempts >= settings.max_attempts:
            return answer
        delay = backoff(attempt.attempts, settings.max_backoff_s) if wait is None else wait
        if delay > min(settings.max_backoff_s, self._budget.left()):
            # "Now" is no wait to be kept.
            return replace(answer, retry_after_s=math.ceil(wait) if wait else None)
        attempt.last = replace(answer, payload=None)  # many may wait at once
        return delay

    def _end_of_refused(self, attempt: Attempt, answer: BalanceAnswer, token: Token) -> Ended:
        """What a 401 means: None to replay at once, with another token, or seconds until that is known."""
        again, attempt.refused = attempt.refused is not None, token
        verdict = self._tokens.judge(token, again=again)
        if verdict == "kept" or attempt.attempts > self._settings.max_attempts:
            return answer
        if verdict == "dropped":
            attempt.last = replace(answer, payload=None)  # where there is no other token in time
            return None
        attempt.last = answer
        return VERDICT_S


def _answer(attempt: Attempt, outcome: Reply | NoReply, token: Token) -> BalanceAnswer:
    """What an exchange means for the account, were it the last."""
    arrived = time.monotonic()
    if isinstance(outcome, NoReply):
        return BalanceAnswer(
            account_id=attempt.account_id,
            state="failed",
            reason=outcome.reason,
            attempts=attempt.attempts,
            arrived=arrived,
        )
    body = token.blank(outcome.body)
    state: State
    if outcome.status != 200:
        state, reading = "failed", Reading(reason=_failure(outcome.status))
    elif outcome.flaw:
        state, reading = "unfit", Reading(reason=outcome.flaw)
    elif outcome.age_s > MOST_AGE_S:
        state, reading = "unfit", Reading(reason="stale")
    else:
        reading = _blanked(read_balance(attempt.account_id, body, outcome.content_type), token)
        state = "unfit" if reading.reason else "answered"
    return BalanceAnswer(
        account_id=attempt.account_id,
        state=state,
        **dict(zip(_READ, _read(reading), strict=True)),
        payload=printable(body) if body else None,
        http_status=outcome.status,
        attempts=attempt.attempts,
        arrived=arrived,
    )


def _failure(status: int) -> str:
    """The contract's reason for a status that is not 200."""
    if is_redirect(status):
        return "redirect"
    return {401: "unauthorized", 429: "rate_limited"}.get(status, f"http_{status}")


def _blanked(reading: Reading, token: Token) -> Reading:
    """The same without the token in what the bank's own words are, however they were escaped."""
    said = _echoed(reading)
    blanked = [text and token.blank_text(text) for text in said]
    if blanked == [*said]:
        return reading
    account_id, currency, as_of = blanked
    return replace(reading, echoed_account_id=account_id, echoed_currency=currency, echoed_as_of=as_of)
