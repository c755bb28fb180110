"""The ledger as the page sees it: it reads one state of it a page, and acts in a visitor's name."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Session
from psycopg2.extensions import cursor
from sqlalchemy import Connection, Engine, event, exc
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db.connection import Login, engine_for
from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import snapshot
from qbank_page.frame.host import Host

LOGIN = Login("ledger_desk", "qbank_desk")
READER = "qbank_analyst"
# A page that takes longer helps nobody, and must not hold the ledger up.
_LIMITS = "-c statement_timeout=20s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
# For how long a page waits for one of the connections that others hold.
_POOL_TIMEOUT_S = 10.0


# For how long the host's connection is taken as it was: it may come from a vault, which each page would ask.
_KEPT_S = 60.0


class Ledger:
    """The database of the host's connection, which may change while the page is served.

    It is looked up once a minute, and at once where the database does not take it, as after a new password.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = Lock()
        self._engines: tuple[URL, Engine, Engine] | None = None
        self._looked_up_at = -math.inf

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
        with self._lock:
            if self._engines is None or time.monotonic() - self._looked_up_at >= _KEPT_S:
                url = self._host.ledger()
                if self._engines is None or self._engines[0] != url:
                    self._engines = (url, self._engine(url, READER), self._engine(url, None))
                self._looked_up_at = time.monotonic()
            return self._engines

    def _engine(self, url: URL, role: str | None) -> Engine:
        given = url.query.get("options", "")
        limited = url.update_query_dict({"options": f"{_LIMITS} {given}".strip()})
        engine = engine_for(limited, role, login=LOGIN, poolclass=QueuePool, pool_timeout=_POOL_TIMEOUT_S)

        @event.listens_for(engine, "do_connect")
        def connect(dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> Any:
            try:
                return dialect.connect(*arguments, **options)
            except psycopg2.OperationalError:
                now = self._host.ledger()
                if now == url:
                    raise
                self._looked_up_at = -math.inf  # the next page has engines of its own
                return dialect.connect(*arguments, **{**options, **dialect.create_connect_args(now)[1]})

        event.listen(engine, "checkout", _require_alive)
        return engine


def _require_alive(session: Session, _record: Any, _proxy: Any) -> None:
    """Have a session that ended in the pool, as all do when the server restarts, replaced by a new one.

    SQLAlchemy's pool_pre_ping can't tell: outside of a transaction our own cursor refuses to ask anything.
    """
    try:
        session.autocommit = True
        with cursor(session) as ping:
            ping.execute("SELECT 1")
        session.autocommit = False
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        raise exc.InvalidatePoolError from None
