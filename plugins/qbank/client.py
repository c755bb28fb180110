"""Balances of accounts from QBank Connect. Free of Airflow."""

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import fields, replace
from typing import Self
from urllib.parse import quote

from requests import PreparedRequest, Request

from qbank.answer import BalanceAnswer, State
from qbank.auth import Token, TokenSource
from qbank.batch import Attempt, Batch
from qbank.budget import Budget
from qbank.errors import QBankConfigError, QBankUnavailableError
from qbank.pace import Pace, Verdict
from qbank.payload import Reading, printable, read_balance
from qbank.retry import backoff, is_redirect, may_succeed_later, requested_wait
from qbank.settings import Settings
from qbank.transport import USER_AGENT, NoReply, Reply, Transport

VERDICT_S = 1.0  # until a second 401 is put down to the account: others may be refused as well
_READ = tuple(field.name for field in fields(Reading))
_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class QBankClient:
    """Asks for balances with one token, one limiter and one set of connections for all threads.

    `on_token` is told each token as it comes, so that a log can mask it. Close it, or use it as a
    context manager.
    """

    def __init__(self, settings: Settings, *, on_token: Callable[[str], None] = lambda token: None) -> None:
        self._settings = settings
        self._transport = Transport(
            connections=settings.concurrency + 1,
            ca_bundle=settings.ca_bundle,
            proxy=settings.proxy,
        )
        self._tokens = TokenSource(settings, self._transport, on_token)
        self._pace = Pace(settings.concurrency, settings.requests_per_second)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # an answer has a hundred bytes
            "User-Agent": USER_AGENT,
        }
        self._template = Request("GET", f"{settings.api_url}/v1/balances/", headers).prepare()

    def check(self) -> None:
        """Get a token. Raises QBankError, saying in a sentence what is wrong."""
        self._tokens.current(Budget())

    def get_balance(self, account_id: str) -> BalanceAnswer:
        """The balance of one account, or why there is none. Raises as `get_balances` does."""
        (answer,) = self.get_balances([account_id])
        return answer

    def get_balances(
        self, account_ids: Iterable[str], *, budget_s: float | None = None
    ) -> Iterator[BalanceAnswer]:
        """Each account's balance, or why there is none: each id once, as the answers come.

        `budget_s` bounds the whole call, from now on; what it leaves, or what a bank that is down
        leaves, is `not_attempted`. Raises QBankConfigError for an id that is none, before any
        request is made, and QBankError for what makes every account fail, after the answers that
        had come.
        """
        if isinstance(account_ids, str):  # whose letters would be asked for, each by itself
            raise QBankConfigError("get_balances takes ids, not one id: use get_balance.")
        ids = list(dict.fromkeys(account_ids))
        for account_id in ids:
            if not isinstance(account_id, str) or not _ACCOUNT_ID.fullmatch(account_id):
                raise QBankConfigError(
                    f"{account_id!r:.80} is not an account id: 1 to 64 of A-Z, a-z, 0-9, _ and -."
                )
        batch = Batch(ids, self._ask, threads=self._settings.concurrency, budget=Budget(budget_s))
        return iter(batch)

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _ask(self, attempt: Attempt, budget: Budget) -> BalanceAnswer | float | None:
        """One attempt, and its replay after a 401: what `Batch` wants to know of it."""
        if attempt.refused and attempt.last and self._tokens.is_current(attempt.refused):
            return attempt.last  # its token was kept: the second 401 was the account's
        settings = self._settings
        while (began_at := self._pace.enter(budget)) is not None:
            verdict: Verdict = "lost"
            wait = None
            try:
                token = self._tokens.current(budget)
                attempt.attempts += 1
                request = token(self._request(attempt.account_id))
                ends = min(time.monotonic() + settings.timeout_s, budget.ends)
                outcome = self._transport.send(request, ends)
                if isinstance(outcome, Reply):
                    wait = requested_wait(outcome)
                    slow = outcome.status == 429 or wait is not None
                    verdict = "throttled" if slow and may_succeed_later(outcome) else "taken"
            except QBankUnavailableError:
                if budget.spent and self._tokens.had_one:
                    break  # time ran out in a renewal: that is no failure of the token host
                raise
            finally:
                bearable = wait is not None and wait <= settings.max_backoff_s
                self._pace.leave(began_at, attempt.account_id, verdict, wait if bearable else None)
            answer = _answer(attempt, outcome, token)
            if answer.http_status == 401:
                end = self._end_of_refused(attempt, answer, token)
                if end is None:
                    continue
                return end
            attempt.refused = None
            if answer.http_status is not None:
                token.accepted(began_at)
            delay = backoff(attempt.attempts, settings.max_backoff_s) if wait is None else wait
            if not may_succeed_later(outcome) or attempt.attempts >= settings.max_attempts:
                return answer
            if delay > min(settings.max_backoff_s, budget.left()):
                return replace(answer, retry_after_s=None if wait is None else math.ceil(wait))
            attempt.last = replace(answer, payload=None)  # many may wait at once
            return delay
        return None

    def _end_of_refused(
        self, attempt: Attempt, answer: BalanceAnswer, token: Token
    ) -> BalanceAnswer | float | None:
        """What a 401 means: None to replay at once, with another token, or seconds until that is known."""
        again, attempt.refused = attempt.refused is not None, token
        verdict = self._tokens.judge(token, again=again)
        if verdict == "kept" or attempt.attempts > self._settings.max_attempts:
            return answer
        if verdict == "dropped":
            return None
        attempt.last = answer
        return VERDICT_S

    def _request(self, account_id: str) -> PreparedRequest:
        request = copy(self._template)  # not its own copy(), which makes a jar for cookies
        request.url = f"{self._template.url}{quote(account_id, safe='')}"
        request.headers = self._template.headers.copy()
        return request


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
    else:
        reading = read_balance(attempt.account_id, body, outcome.content_type)
        state = "unfit" if reading.reason else "answered"
    return BalanceAnswer(
        account_id=attempt.account_id,
        state=state,
        **{name: getattr(reading, name) for name in _READ},
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
