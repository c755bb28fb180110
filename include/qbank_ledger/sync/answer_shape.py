"""What comes of asking the bank for an account, by its shape: the ledger does not know the bank."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol


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


# What is kept of one, as sync.observation calls it; the moment is kept by the database's clock.
KEPT = tuple(name for name in vars(Answer) if not name.startswith("_") and name != "arrived")
