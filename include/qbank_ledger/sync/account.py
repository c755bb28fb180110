"""An account as it is configured, and the fingerprint of a set of them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A configured account; money is in ``currency``, exact. Made by accounts_file.py."""

    account_id: str
    name: str
    currency: str
    minor_units: int
    entity: str
    gl_account: str
    time_zone: str
    cut_off: time | None
    max_age_minutes: int
    minimum_balance: Decimal | None
    tolerance: Decimal
    bank_account: str | None
    bank_id: str | None
    active: bool


def fingerprint(accounts: Iterable[Account]) -> str:
    """SHA-256, in hex, over the sorted ids of the active accounts, a line each."""
    ids = sorted(account.account_id for account in accounts if account.active)
    return hashlib.sha256("".join(f"{id_}\n" for id_ in ids).encode()).hexdigest()
