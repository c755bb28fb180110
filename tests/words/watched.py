"""A ledger with hours of the past, and what the watch says of it."""

from datetime import datetime, timedelta
from typing import Any

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.transaction import snapshot
from qbank_ledger.watch.due import due
from qbank_ledger.watch.health import Health, health
from qbank_ledger.watch.metrics import metrics
from tests.words.ledger import Ledger


class Watched:
    """A ledger, in short words: accounts that are active for long, hours of theirs, and their health."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows, self.value = ledger.rows, ledger.value
        self.reader = engine_for(ledger.url, role="qbank_analyst")

    def hour(self, back: int = 0) -> datetime:
        """The newest hour that is due by the clock, by an hourly schedule; or one before it."""
        hour = due("@hourly", self.value("SELECT now()")).hour
        assert hour
        return hour - timedelta(hours=back)

    def active(self, *ids: str, hours: int = 48, **fields: Any) -> None:
        """Accounts that have been active for some hours."""
        self.ledger.listed([{"id": id_, **fields} for id_ in ids])
        self.rows(
            "INSERT INTO ledger.account_period SELECT account_id, date_trunc('hour', now(), 'UTC') - make_interval(hours => :n)"
            " FROM ledger.account WHERE account_id = ANY (:ids)",
            n=hours,
            ids=list(ids),
        )

    def observed(self, hour: datetime, *ids: str, minute: int = 59) -> None:
        """Balances of an hour, observed in its last minute unless it is said when."""
        at = hour + timedelta(minutes=minute)
        self.ledger.observed([{"id": id_, "at": at, "amount": "987654.32", "currency": "EUR"} for id_ in ids])

    def health(self) -> Health:
        """The health, as an analyst reads it."""
        with snapshot(self.reader) as connection:
            return health(connection)

    def problems(self) -> tuple[str, ...]:
        """The kinds of what is wrong."""
        return self.health().problems

    def metrics(self) -> str:
        """The metrics, as an analyst reads them."""
        with snapshot(self.reader) as connection:
            return metrics(connection)
