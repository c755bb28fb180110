"""The ledger as the page sees it: it reads one state of it a page, and acts in a visitor's name."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import snapshot
from qbank_page.host import Host

READER = "qbank_analyst"
# A page that takes longer helps nobody, and must not hold the ledger up.
_LIMITS = "-c statement_timeout=20s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"


class Ledger:
    """The database of the host's connection, which may change while the page is served."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = Lock()
        self._engines: tuple[URL, Engine, Engine] | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of the ledger, as qbank_analyst. Raises LedgerError."""
        with snapshot(self.reader) as connection:
            require_newest(connection)
            yield connection

    @property
    def reader(self) -> Engine:
        """The page's login as qbank_analyst. Raises LedgerError."""
        return self._open()[1]

    @property
    def desk(self) -> Engine:
        """The page's login itself, which acts only in somebody's name. Raises LedgerError."""
        return self._open()[2]

    def _open(self) -> tuple[URL, Engine, Engine]:
        url = self._host.ledger()
        with self._lock:
            if self._engines is None or self._engines[0] != url:
                given = url.query.get("options", "")
                limited = url.update_query_dict({"options": f"{_LIMITS} {given}".strip()})
                reader = engine_for(limited, READER, poolclass=QueuePool)
                self._engines = (url, reader, engine_for(limited, None, poolclass=QueuePool))
            return self._engines
