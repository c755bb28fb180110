"""Which server may get the password of the ledger's login.

Whoever edits a connection in Airflow's UI chooses server and method; whoever deploys chooses which of them
may be named: ``QBANK_LEDGER_HOSTS``, ``QBANK_LEDGER_AUTH``, and all of ``AIRFLOW_CONN_LEDGER_DEFAULT``.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address

from sqlalchemy.engine import URL

from qbank_ledger.config import (
    LEDGER_AUTH,
    LEDGER_CONNECTION,
    LEDGER_HOSTS,
    ledger_auth,
    ledger_hosts,
    ledger_url,
)
from qbank_ledger.errors import LedgerConnectionError

# Entries that stand for this machine: localhost, 127.0.0.0/8 and ::1; Unix sockets.
_LOOPBACK, _SOCKET = "loopback", "socket"
# Of libpq: they name servers that nobody sees in the connection's host.
_NAME_A_HOST = {"dsn", "service", "servicefile"}


def require_allowed(
    url: URL, environment: Mapping[str, str] = os.environ, *, connection: str = "ledger_default"
) -> None:
    """Raise LedgerConnectionError unless the password may go where the ``connection`` points."""
    deployed = ledger_url(environment) if environment.get(LEDGER_CONNECTION, "").strip() else None
    if url == deployed:
        return
    if hidden := sorted(_NAME_A_HOST & url.query.keys()):
        raise LedgerConnectionError(
            f"The connection {connection} has {', '.join(hidden)} in its extra: "
            "name the host in its own field."
        )
    allowed = set(_listed(ledger_hosts(environment)))
    if not allowed:
        allowed = {_LOOPBACK, _SOCKET} | (_hosts(deployed) if deployed else set())
    for host in sorted(_hosts(url)):
        if not allowed & {host, _kind(host)}:
            raise LedgerConnectionError(
                f"The connection {connection} names the host {host!r:.80}, which is not on the list: "
                f"ask whoever deploys to add it to {LEDGER_HOSTS}."
            )
    asked = set(_listed(str(url.query.get("require_auth", ""))))
    if url.password and not (asked and asked <= set(_listed(ledger_auth(environment)))):
        raise LedgerConnectionError(
            f"The connection {connection} asks for the login method {', '.join(sorted(asked))!r:.80}: "
            f"ask whoever deploys to allow it with {LEDGER_AUTH}."
        )


def _listed(text: str) -> list[str]:
    return [entry.strip().lower() for entry in text.split(",") if entry.strip()]


def _hosts(url: URL) -> set[str]:
    """Every host and address that libpq may connect to; an empty one is its socket."""
    given = [url.host or "", *(str(url.query.get(name, "")) for name in ("host", "hostaddr"))]
    return set(_listed(",".join(given))) or {""}


def _kind(host: str) -> str:
    if not host or host[0] in "/@":
        return _SOCKET
    if host == "localhost":
        return _LOOPBACK
    try:
        return _LOOPBACK if ip_address(host.strip("[]")).is_loopback else host
    except ValueError:
        return host
