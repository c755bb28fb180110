"""What became of asking for one account's balance: the one thing this package hands on."""

from dataclasses import dataclass
from typing import Literal

from qbank.payload import Reading

State = Literal["answered", "unfit", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceAnswer(Reading):
    """One account's balance, or the reason why there is none.

    `answered`: both balances are exact, finite and within 38 digits. `unfit`: an answer came that
    can't be used. `failed`: none came. What needs the account to judge (its currency's decimals,
    whether the echoes agree, the age of `bank_as_of`) is left to whoever knows the account.
    """

    account_id: str
    state: State
    payload: str | None = None  # the body as received, bytes that are not UTF-8 as \xNN
    http_status: int | None = None
    attempts: int = 0  # requests made for this account
    retry_after_s: int | None = None  # the wait that the bank asked for, where it was too long to try again
    arrived: float  # time.monotonic() when the answer, or the last failure, arrived
