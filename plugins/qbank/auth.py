"""OAuth2 client credentials: one token, in memory only, shared by all threads of a client."""

import copy
import math
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from requests import PreparedRequest, Request
from requests.auth import AuthBase

from qbank.budget import Budget
from qbank.errors import QBankAuthError, QBankError, QBankUnavailableError
from qbank.payload import UnfitError, decode_json
from qbank.retry import asked_wait, backoff, may_succeed_later
from qbank.settings import Settings
from qbank.transport import USER_AGENT, NoReply, Reply, Transport

UNKNOWN_LIFETIME_S = 300.0  # where expires_in is missing or makes no sense; a 401 renews earlier
LONGEST_LIFETIME_S = 86400.0
RENEW_AHEAD_S = 60.0
FRESH_S = 5.0
_BEARER = re.compile(r"[\x21-\x7e]{1,16384}")
# What RFC 6749 5.2 names, and who can do something about it. Nothing else of an error answer is
# repeated: it may hold anything.
_REFUSALS = {
    "invalid_client": "check login (client id) and password (client secret) of the connection",
    "invalid_scope": "ask QBank to grant the scope of the connection to this client",
    "unauthorized_client": "ask QBank to allow client_credentials for this client",
    "unsupported_grant_type": "check token_url: it doesn't take client_credentials",
    "invalid_request": "check token_url and scope of the connection",
    "invalid_grant": "check login (client id) and password (client secret) of the connection",
    "access_denied": "ask QBank to grant the scope of the connection to this client",
}


class Token(AuthBase):
    """An access token; called on a request, signs it. Its text shows nowhere else."""

    def __init__(self, value: str, lifetime: float) -> None:
        self._value = value
        self.issued_at = time.monotonic()
        self.renew_at = self.issued_at + lifetime - min(RENEW_AHEAD_S, lifetime / 2)
        self.usable_until = self.issued_at + lifetime - min(5.0, lifetime / 10)  # time to travel
        self.accepted_at = -math.inf  # when the latest call began for which the API took it

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._value}"
        return request

    def __repr__(self) -> str:
        return "<Token ***>"

    def blank(self, body: bytes) -> bytes:
        """A body without the token in it, should a server echo what it was sent."""
        return body.replace(self._value.encode(), b"***")


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
        self._flights = 0  # finished requests for a token
        self._failure: QBankError | None = None  # of the latest
        self.had_one = False  # whether there ever was a token

    def current(self, budget: Budget) -> Token:
        """A token that is not due. Raises QBankAuthError or QBankUnavailableError."""
        token = self._token
        if token is not None and time.monotonic() < token.renew_at:
            return token
        with self._turn:
            if (standing := self._standing(budget)) is not None:
                return standing
            self._renewing = True
        try:
            landed: Token | QBankError = self._request(budget)
        except QBankError as error:
            landed = error
        except BaseException:
            self._renewing = False  # a fault of our own must not hold the others for good
            raise
        with self._turn:
            return self._land(landed)

    def _standing(self, budget: Budget) -> Token | None:
        """What others got or have; None: it is this thread's turn to ask. Holds the lock."""
        arrived = self._flights
        while True:
            if self._failure and (self._flights != arrived or not self._failure.retryable):
                raise copy.copy(self._failure)
            token, now = self._token, time.monotonic()
            if token is not None and now < (token.usable_until if self._renewing else token.renew_at):
                return token
            if not self._renewing:
                return None
            if budget.spent:
                raise _refusal(NoReply(reason="timeout"))
            self._turn.wait(min(budget.left(), 0.1))

    def _land(self, landed: Token | QBankError) -> Token:
        """The end of a request, for everybody. Holds the lock."""
        self._renewing = False
        self._flights += 1
        self._turn.notify_all()
        if isinstance(landed, Token):
            self._token, self._failure, self.had_one = landed, None, True
            return landed
        old, now = self._token, time.monotonic()
        if landed.retryable and old is not None and now < old.usable_until:
            old.renew_at = now + 1.0  # it lives: go on with it, and ask again soon
            return old
        self._failure = landed
        raise copy.copy(landed)

    def reject(self, token: Token) -> bool:
        """The API refused a call with this token: whether a new one may help.

        However many threads saw it, a token is dropped once. One that is fresh and that the API
        never took is kept: then it refuses whatever it is given, and tokens would be got for
        nothing.
        """
        with self._turn:
            if self._token is not token:
                return True
            renewed = self._flights > 1
            fresh = time.monotonic() - token.issued_at < FRESH_S
            if renewed and fresh and token.accepted_at == -math.inf:
                return False
            self._token = None
            return True

    def is_dead(self, token: Token, budget: Budget) -> bool:
        """Whether a token refused twice for one account is refused for the others, too.

        Other calls tell, within a second; where there are none, the account is at fault.
        """
        since, ends = time.monotonic(), time.monotonic() + 1.0
        while self._token is token and not budget.spent and time.monotonic() < ends:
            if token.accepted_at == -math.inf or token.accepted_at > since:
                return False
            budget.sleep(0.01)
        return self._token is not token

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
        for attempt in range(1, settings.max_attempts + 1):
            ends = min(time.monotonic() + settings.timeout_s, budget.ends)
            outcome = self._transport.send(request, ends)
            if isinstance(outcome, Reply) and outcome.status == 200:
                return self._accept(outcome)
            if not may_succeed_later(outcome) or budget.spent or attempt == settings.max_attempts:
                break
            cap = settings.max_backoff_s
            wait = asked_wait(outcome)
            budget.sleep(backoff(attempt, cap) if wait is None else min(wait, cap))
        raise _refusal(outcome)

    def _accept(self, reply: Reply) -> Token:
        """A token from a good answer. Raises QBankAuthError, naming what is wrong with it."""
        try:
            answer = None if reply.flaw else decode_json(reply.body)
        except UnfitError:
            answer = None
        if not isinstance(answer, dict):
            raise _odd("is not a JSON object")
        value, kind, scope = (answer.get(name) for name in ("access_token", "token_type", "scope"))
        if type(kind) is not str or kind.lower() != "bearer":
            raise _odd("has a token_type other than Bearer")
        if type(value) is not str or not _BEARER.fullmatch(value):  # numbers are a kind of str
            raise _odd("has an access_token that is empty or has characters no token has")
        if scope is not None and type(scope) is not str:
            raise _odd("has a scope that is not text")
        granted = self._settings.scope if scope is None else scope  # absent: as requested
        if missing := sorted(set(self._settings.scope.split()) - set(granted.split())):
            raise QBankAuthError(
                f"QBank did not grant the scope {' '.join(missing)}: ask your account manager "
                "at QBank to grant it to this client.",
                status=200,
            )
        self._on_token(value)
        return Token(value, _lifetime(answer.get("expires_in")))


def _lifetime(expires_in: Any) -> float:
    """Seconds that a token lives, bounded; text that is a number counts as one."""
    if not isinstance(expires_in, str) or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", expires_in):
        return UNKNOWN_LIFETIME_S
    seconds = float(expires_in[:20]) if len(expires_in.partition(".")[0]) <= 20 else math.inf
    return min(seconds, LONGEST_LIFETIME_S) if seconds > 0 else UNKNOWN_LIFETIME_S


def _odd(what: str) -> QBankAuthError:
    return QBankAuthError(f"QBank's token answer {what}: check token_url.", status=200)


def _refusal(outcome: Reply | NoReply) -> QBankError:
    """Why no token came, as the error to raise."""
    if isinstance(outcome, NoReply):
        if outcome.untrusted:
            return QBankAuthError(
                "The token host's certificate is not trusted: check token_url and ca_bundle."
            )
        what = "did not answer in time" if outcome.reason == "timeout" else "could not be reached"
        return QBankUnavailableError(
            f"The token host {what}: check token_url and proxy, and whether QBank is up."
        )
    status, code = outcome.status, _error_code(outcome)
    if may_succeed_later(outcome) or code == "temporarily_unavailable":
        return QBankUnavailableError(
            f"The token host has no token to give just now (HTTP {status}): try again later.",
            status=status,
        )
    if 300 <= status <= 399:
        what, todo = "redirects elsewhere, which is not followed", "check token_url"
    elif code in _REFUSALS:
        what, todo = f"refused with {code}", _REFUSALS[code]
    elif status in (401, 403):
        what, todo = "refused the client", _REFUSALS["invalid_client"]
    else:
        what, todo = "has no token there", "check token_url"
    return QBankAuthError(f"The token host {what} (HTTP {status}): {todo}.", status=status)


def _error_code(reply: Reply) -> str | None:
    try:
        answer = decode_json(reply.body)
    except UnfitError:
        return None
    code = answer.get("error") if isinstance(answer, dict) else None
    return code if isinstance(code, str) else None
