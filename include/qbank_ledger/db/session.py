"""What each transaction on the ledger runs with: search path, role, time zone, limits.

The transaction sets it and looks at it itself, before its first statement, whoever sends that. What a
connection asks for at its start is refused by a pooler (PgBouncer), or dropped; and one that lends its server
sessions by the transaction gives each another, in which anybody may have left anything.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from psycopg2.extensions import STATUS_READY, TRANSACTION_STATUS_INTRANS, connection, cursor

from qbank_ledger.errors import LedgerConnectionError

# What a connection may not change. The search path comes first: nothing of ours is found in a schema in which
# others may make functions.
PINNED = {
    "search_path": "pg_catalog, pg_temp",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "standard_conforming_strings": "on",
}
# No wait is for ever: a forgotten lock and a hung transaction each end by themselves.
LIMITS = {
    "statement_timeout": "600s",
    "lock_timeout": "120s",
    "idle_in_transaction_session_timeout": "600s",
    # Compiling a plan that reads many partitions takes longer than running it: 6.8 s, where 0.06 s do.
    "jit": "off",
}
# For statements over many rows of a run: sets are joined whole. No statistics know of what was just
# written, and rows that were taken for a few, looked up one by one, take minutes for thousands.
FOR_SETS = {"enable_nestloop": "off", "work_mem": "128MB"}
_OPTION = re.compile(r"(?:-c|--)(?P<name>[A-Za-z_][\w.-]*)=(?P<value>.*)", re.ASCII | re.DOTALL)


def settings_of(
    role: str | None, options: str = "", *, connection: str = "ledger_default"
) -> dict[str, str | None]:
    """What a transaction sets, in this order; ``role`` None: the login's own.

    ``options`` of the ``connection``, as libpq has them (``-c name=value``), win over the limits. Raises
    LedgerConnectionError where they hold anything else.
    """
    try:
        found = [_OPTION.fullmatch(word) for word in shlex.split(options.replace("-c ", "-c"))]
    except ValueError:
        found = [None]
    if None in found:
        raise LedgerConnectionError(
            f"The options of the connection {connection} can't be read: use only -c name=value."
        )
    given = {option["name"].replace("-", "_").lower(): option["value"] for option in found if option}
    pinned = {**PINNED, "role": role}
    return {**pinned, **LIMITS, **given, **pinned}


class LedgerConnection(connection):
    """A connection whose every transaction begins with ``settings``; made by psycopg2 for each of ours."""

    def __init__(self, dsn: str, settings: Mapping[str, str | None]) -> None:
        super().__init__(dsn)
        self._settings = settings
        # Of the server's session, which a pooler lends for one transaction: none has begun.
        self.server_pid: int | None = None

    def plan_for_sets(self) -> None:
        """Have every transaction to come join sets whole."""
        self._settings = {**self._settings, **FOR_SETS}

    def cursor(self, name: Any = None, cursor_factory: Any = None, *arguments: Any, **named: Any) -> Any:
        """A cursor of ours, whichever is asked for: psycopg2 itself asks for its own."""
        return super().cursor(name, _Cursor, *arguments, **named)

    def begin(self) -> None:
        """Begin a transaction where none is open, with its settings; raises LedgerConnectionError."""
        if self.status != STATUS_READY:
            return
        calls = ", ".join(["pg_catalog.set_config(%s, %s, true)"] * len(self._settings))
        values = [text for pair in self._settings.items() for text in pair]
        with cursor(self) as first:
            first.execute(
                f"SELECT {calls}; SELECT current_user, pg_catalog.current_setting('server_encoding'),"
                " pg_catalog.pg_backend_pid()",
                values,
            )
            user, encoding, self.server_pid = first.fetchone() or (None, None, None)
        role = self._settings["role"]
        if self.info.transaction_status != TRANSACTION_STATUS_INTRANS or role not in (None, user):
            raise LedgerConnectionError(
                f"The ledger's settings get lost in a session of {user}: make the pooler lend a session for "
                "a whole transaction, or connect to the server itself."
            )
        if encoding != "UTF8":
            raise LedgerConnectionError(
                f"The ledger database has the encoding {encoding}, which can't hold everything a bank may "
                "send: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
            )


def _beginning(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: cursor, *arguments: Any, **named: Any) -> Any:
        if isinstance(self.connection, LedgerConnection):  # it is: that makes them
            self.connection.begin()
        return method(self, *arguments, **named)

    return call


class _Cursor(cursor):
    execute = _beginning(cursor.execute)
    executemany = _beginning(cursor.executemany)
    callproc = _beginning(cursor.callproc)
    copy_expert = _beginning(cursor.copy_expert)
    copy_from = _beginning(cursor.copy_from)
    copy_to = _beginning(cursor.copy_to)
