"""The faults of a token: what it is good for, and for how long."""

from dataclasses import replace

from qbank_sandbox.faults import fault
from qbank_sandbox.tokens import Grant


@fault("token")
def lifetime(grant: Grant, *, seconds: float) -> Grant:
    """The token lives so many seconds, and `expires_in` says so (rounded down)."""
    return replace(grant, lifetime_s=seconds)


@fault("token")
def revoked(grant: Grant, *, after_calls: int) -> Grant:
    """The token answers so many calls, then 401, whatever `expires_in` said."""
    return replace(grant, calls=after_calls)


@fault("token")
def wrong_scope(grant: Grant, *, scope: str = "accounts.read") -> Grant:
    """Another scope than asked for is granted: the answer says so, and balances give 403."""
    return replace(grant, scopes=frozenset(scope.split()))
