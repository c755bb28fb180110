"""The faults of a balance: numbers, members, and what the answer says it is about."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from qbank_sandbox.faults import fault
from qbank_sandbox.reply import Reply


@fault("balances")
def amounts(reply: Reply, *, available: str = "", ledger: str = "") -> Reply:
    """These balances, as JSON text exactly as it stands (`1e2`, `"12.50"`, `null`); empty: the true one."""
    reply = _with(reply, "available_balance", lambda true: available or true)
    return _with(reply, "ledger_balance", lambda true: ledger or true)


@fault("balances")
def not_finite(reply: Reply, *, value: str = "NaN") -> Reply:
    """`NaN`, `Infinity` or `-Infinity`, bare, as the ledger balance."""
    return _with(reply, "ledger_balance", lambda _: value)


@fault("balances")
def too_precise(reply: Reply) -> Reply:
    """The ledger balance has one decimal more than the currency has."""
    return _with(reply, "ledger_balance", lambda true: true + ("1" if "." in true else ".1"))


@fault("balances")
def too_large(reply: Reply, *, digits: int = 39) -> Reply:
    """The ledger balance is a whole number of so many nines."""
    return _with(reply, "ledger_balance", lambda _: "9" * digits)


@fault("balances")
def missing_field(reply: Reply, *, member: str = "ledger_balance") -> Reply:
    """A member is left out."""
    return replace(reply, members=tuple(pair for pair in reply.members if pair[0] != member))


@fault("balances")
def duplicate_key(reply: Reply, *, member: str = "ledger_balance", value: str = "0.00") -> Reply:
    """A member stands twice: readers differ on which of the two counts."""
    return replace(reply, members=(*reply.members, (member, value)))


@fault("balances")
def account_mismatch(reply: Reply, *, account_id: str = "someone-else") -> Reply:
    """The answer names another account."""
    return _with(reply, "account_id", lambda _: json.dumps(account_id))


@fault("balances")
def currency_mismatch(reply: Reply, *, currency: str = "CHF") -> Reply:
    """The answer names another currency."""
    return _with(reply, "currency", lambda _: json.dumps(currency))


@fault("balances")
def stale(reply: Reply, *, minutes: int = 1440) -> Reply:
    """`as_of` lies so many minutes in the past."""
    return _with(reply, "as_of", lambda true: _shifted(true, -minutes))


@fault("balances")
def future_dated(reply: Reply, *, minutes: int = 60) -> Reply:
    """`as_of` lies so many minutes ahead."""
    return _with(reply, "as_of", lambda true: _shifted(true, minutes))


@fault("balances")
def no_offset(reply: Reply) -> Reply:
    """`as_of` has no offset from UTC, so that it names no instant."""
    return _with(reply, "as_of", lambda true: true.replace("Z", ""))


def _with(reply: Reply, name: str, change: Callable[[str], str]) -> Reply:
    members = tuple((key, change(value) if key == name else value) for key, value in reply.members)
    return replace(reply, members=members)


def _shifted(as_of: str, minutes: int) -> str:
    moved = datetime.fromisoformat(json.loads(as_of)) + timedelta(minutes=minutes)
    return json.dumps(moved.isoformat().replace("+00:00", "Z"))
