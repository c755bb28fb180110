"""What became of asking for one account's balance: the one thing this package hands on."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

State = Literal["answered", "unfit", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceAnswer:
    """One account's balance, or the reason why there is none.

    `answered`: both balances are exact, finite and within 38 digits. `unfit`: an answer came that
    can't be used. `failed`: none came. What needs the account to judge (its currency's decimals,
    whether the echoes agree, the age of `bank_as_of`) is left to whoever knows the account.
    Every text can be stored in Postgres: no NUL, no surrogate.
    """

    account_id: str
    state: State
    reason: str | None = None  # None exactly when answered
    available_balance: Decimal | None = None
    ledger_balance: Decimal | None = None
    echoed_account_id: str | None = None  # the bank's own words, where it says them
    echoed_currency: str | None = None
    echoed_as_of: str | None = None
    bank_as_of: datetime | None = None  # echoed_as_of in UTC; None: unreadable or without offset
    payload: str | None = None  # the body as received, bytes that are not UTF-8 as \xNN
    http_status: int | None = None
    attempts: int = 0  # requests made for this account
    retry_after_s: int | None = None  # the wait that the bank asked for, where it was too long to try again
    arrived: float  # time.monotonic() when the answer, or the last failure, arrived
