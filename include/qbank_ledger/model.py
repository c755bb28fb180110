"""The words that the rooms share: an account as configured, an answer as observed."""

from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A configured account; money is in ``currency``, exact. Made by ``accounts.read_accounts``."""

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


class Answer(Protocol):
    """What came of asking the bank for one account.

    ``state`` is answered, unfit or failed; ``reason`` is None exactly when answered. Balances are
    exact, in whatever currency the bank means; ``payload`` is the body as received. ``arrived`` is
    ``time.monotonic()`` at the moment the answer, or the final failure, was there.
    """

    @property
    def account_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def available_balance(self) -> Decimal | None: ...
    @property
    def ledger_balance(self) -> Decimal | None: ...
    @property
    def echoed_account_id(self) -> str | None: ...
    @property
    def echoed_currency(self) -> str | None: ...
    @property
    def echoed_as_of(self) -> str | None: ...
    @property
    def bank_as_of(self) -> datetime | None: ...
    @property
    def payload(self) -> str | None: ...
    @property
    def http_status(self) -> int | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def retry_after_s(self) -> int | None: ...
    @property
    def arrived(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """How a closed run ended: its state, and its accounts by outcome (they add up to expected)."""

    run_no: int
    state: str
    expected: int
    published: int
    quarantined: int
    failed: int
