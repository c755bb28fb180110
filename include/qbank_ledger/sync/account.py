"""An account as it is configured."""

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
    closing_grace_minutes: int
    max_age_minutes: int
    minimum_balance: Decimal | None
    tolerance: Decimal
    bank_account: str | None
    bank_id: str | None
    active: bool
    connection: str | None  # Airflow's id of the QBank connection that may read it; none: the run's own
