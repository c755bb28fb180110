"""The access tokens: opaque, random, held in memory only, each with a lifetime.

A token's life is counted on the monotonic clock: a wall clock that is set does not revive one.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_TOKENS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a token is good for: its scopes, its life in seconds, and the calls it answers (None: any)."""

    scopes: frozenset[str]
    lifetime_s: float
    calls: int | None = None


@dataclass(slots=True)
class _Token:
    scopes: frozenset[str]
    dies_at: float
    calls_left: int | None


class TokenStore:
    """Issues tokens and says what they are good for. At most MAX_TOKENS live; the oldest go first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens: dict[str, _Token] = {}

    def issue(self, grant: Grant) -> str:
        """A new token: 256 random bits, as text that fits into a header."""
        if len(self._tokens) >= MAX_TOKENS:
            self._bury()
        token = secrets.token_urlsafe(32)
        self._tokens[token] = _Token(grant.scopes, self._clock() + grant.lifetime_s, grant.calls)
        return token

    def use(self, token: str) -> frozenset[str] | None:
        """The scopes of a living token, counting this call; None for a dead or unknown one."""
        found = self._tokens.get(token)
        if found is None or found.dies_at <= self._clock() or found.calls_left == 0:
            self._tokens.pop(token, None)
            return None
        if found.calls_left is not None:
            found.calls_left -= 1
        return found.scopes

    def _bury(self) -> None:
        now = self._clock()
        living = {text: token for text, token in self._tokens.items() if token.dies_at > now}
        self._tokens = dict(list(living.items())[-MAX_TOKENS // 2 :])
