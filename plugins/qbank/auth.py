"""OAuth2 client credentials: one token, in memory only, shared by all threads of a client."""

import copy
import math
import threading
import time
from collections.abc import Callable
from typing import Literal

from requests import PreparedRequest, Request
from requests.auth import AuthBase

from qbank.budget import Budget
from qbank.errors import QBankError, QBankUnavailableError
from qbank.grant import read_grant
from qbank.masking import forms
from qbank.refusal import refusal
from qbank.retry import backoff, requested_wait
from qbank.settings import Settings
from qbank.transport import USER_AGENT, NoReply, Transport

RENEW_AHEAD_S = 60.0
FRESH_S = 5.0
_LEAST_FORM = 8  # characters
# Refusals in a row that are still put down to the accounts, and not to the token of their replay:
OWN_FAULT_NEW = 1  # where the API has not accepted that token yet
OWN_FAULT_PROVEN = 3  # where it has

# A refused token. open: the refusals of others, in a moment, tell whether it is dropped or kept.
Verdict = Literal["dropped", "kept", "open"]


class Token(AuthBase):
    """An access token; called on a request, signs it. Its text shows nowhere else."""

    def __init__(self, value: str, lifetime: float) -> None:
        self._value = value
        # As servers write what they were sent; a short form would be found in what is no token.
        written = {value, *(form for form in forms(value) if len(form) >= _LEAST_FORM)}
        self._forms = sorted(written, key=len, reverse=True)
        self._forms_in_bytes = [form.encode() for form in self._forms]
        self.issued_at = time.monotonic()
        self.renew_at = self.issued_at + lifetime - min(RENEW_AHEAD_S, lifetime / 2)
        self.usable_until = self.issued_at + lifetime - min(5.0, lifetime / 10)  # time to travel
        self.was_accepted = False
        self.refusals = 0  # calls that the API refused since it last accepted the token
        self._refused_at = -math.inf

    @property
    def is_due(self) -> bool:
        """Whether it should be renewed, though it may be usable for a while."""
        return time.monotonic() >= self.renew_at

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.issued_at < FRESH_S

    def accepted(self, began_at: float) -> None:
        """The API accepted it for a call that began then: earlier refusals were not the token's fault."""
        self.was_accepted = True
        if began_at > self._refused_at:
            self.refusals = 0

    def refused(self) -> None:
        """The API refused a call with it."""
        self.refusals += 1
        self._refused_at = time.monotonic()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._value}"
        return request

    def __repr__(self) -> str:
        return "<Token ***>"

    def blank(self, body: bytes) -> bytes:
        """A body without the token in it, should a server echo what it was sent."""
        for form in self._forms_in_bytes:
            body = body.replace(form, b"***")
        return body

    def blank_text(self, text: str) -> str:
        """The same, of a text that was read out of a body: it may have been escaped there in whatever way."""
        for form in self._forms:
            text = text.replace(form, "***")
        return text


class TokenSource:
    """Gets tokens, at most one request at a time.

    The first thread to see that a token is due asks for it; the others go on with the old one
    while it lives, and wait where there is none. A refusal is final: the secret is not tried again.
    """

    def __init__(self, settings: Settings, transport: Transport, on_token: Callable[[str], None]) -> None:
        self._settings = settings
        self._transport = transport
        self._on_token = on_token
        self._turn = threading.Condition()
        self._token: Token | None = None
        self._renewing = False
        self._requests = 0  # finished requests for a token
        self._doubted = False  # whether the API may refuse the next token, too
        self._failure: QBankError | None = None  # of the latest
        self.had_one = False  # whether there ever was a token

    def at_hand(self) -> Token | None:
        """The token that can be used now, due or not; never waits."""
        token = self._token
        return token if token is not None and time.monotonic() < token.usable_until else None

    def current(self, budget: Budget) -> Token:
        """A token that is not due; waits for it. Raises QBankAuthError or QBankUnavailableError."""
        token = self._token
        if token is not None and not token.is_due:
            return token
        with self._turn:
            if (standing := self._standing(budget)) is not None:
                return standing
            self._renewing = True
        try:
            got: Token | QBankError = self._request(budget)
        except QBankError as error:
            got = error
        except BaseException:
            self._renewing = False  # a fault of our own must not hold the others for good
            raise
        with self._turn:
            return self._finish(got)

    def _standing(self, budget: Budget) -> Token | None:
        """What others got or have; None: it is this thread's turn to ask. Holds the lock."""
        arrived = self._requests
        while True:
            if self._failure and (self._requests != arrived or not self._failure.retryable):
                raise copy.copy(self._failure)
            token, now = self._token, time.monotonic()
            if token is not None and now < (token.usable_until if self._renewing else token.renew_at):
                return token
            if not self._renewing:
                return None
            if budget.spent:
                raise refusal(NoReply(reason="timeout"), self._settings)
            self._turn.wait(min(budget.left(), 0.1))

    def _finish(self, got: Token | QBankError) -> Token:
        """The end of a request, for everybody. Holds the lock."""
        self._renewing = False
        self._requests += 1
        self._turn.notify_all()
        if isinstance(got, Token):
            self._token, self._failure, self.had_one = got, None, True
            return got
        old, now = self._token, time.monotonic()
        if got.retryable and old is not None and now < old.usable_until:
            old.renew_at = now + 1.0  # it lives: go on with it, and ask again soon
            return old
        self._failure = got
        raise copy.copy(got)

    def is_current(self, token: Token) -> bool:
        """Whether no other token has taken its place."""
        return self._token is token

    def judge(self, token: Token, *, again: bool) -> Verdict:
        """The API refused a call with this token, `again` if the account had been refused with another.

        A token is dropped once for all threads that saw it die. A second refusal is the account's fault, but
        where others are refused as well: then the token was revoked, too, perhaps before its first use.
        The token after that has to be accepted: while it is fresh it is kept, since the API may refuse
        whatever it is given, and tokens would be got for nothing.
        """
        with self._turn:
            token.refused()
            own_fault = OWN_FAULT_PROVEN if token.was_accepted else OWN_FAULT_NEW
            if self._token is not token:
                return "dropped"
            if again and token.refusals <= own_fault:
                return "open"
            if not token.was_accepted and self._doubted and token.is_fresh:
                return "kept"
            self._doubted = again or not token.was_accepted
            self._token = None
            return "dropped"

    def _request(self, budget: Budget) -> Token:
        settings = self._settings
        request = Request(
            "POST",
            settings.token_url,
            headers={"Accept": "application/json", "User-Agent": USER_AGENT},
            data={
                "grant_type": "client_credentials",
                "client_id": settings.client_id,
                "client_secret": settings.client_secret,
                "scope": settings.scope,
            },
        ).prepare()
        attempt = 1
        while True:
            ends = min(time.monotonic() + settings.timeout_s, budget.ends)
            outcome = self._transport.send(request, ends)
            try:
                grant = read_grant(outcome, settings)
            except QBankUnavailableError:
                if budget.spent or attempt == settings.max_attempts:
                    raise
            else:
                self._on_token(grant.value)
                return Token(grant.value, grant.lifetime_s)
            wait, most = requested_wait(outcome), settings.max_backoff_s
            budget.sleep(backoff(attempt, most) if wait is None else min(wait, most))
            attempt += 1
