"""Where the secret and the token may go. The only reader of the environment in this package.

Whoever edits a connection in Airflow's UI chooses URLs; whoever deploys chooses, with
QBANK_ALLOWED_HOSTS, which hosts those URLs may name.
"""

import ipaddress
import os
import re

from qbank.errors import QBankConfigError

ALLOWED_HOSTS = "QBANK_ALLOWED_HOSTS"
DEFAULT_HOSTS = "auth.qbankconnect.com,api.qbankconnect.com,loopback"
LOOPBACK = "loopback"  # an entry that stands for localhost, 127.0.0.0/8 and ::1

# Narrower than a URL may be, on purpose: no user info, query, fragment, escape or backslash, hence
# nothing that two parsers could read in two ways.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)/?"
)


def is_loopback(host: str) -> bool:
    """Whether a host, as a URL has it, is this machine: by address, or by the name localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def parse_url(url: str, field: str) -> tuple[str, str, int | None, str]:
    """Scheme, host in lower case, port and path; the error doesn't repeat what may hold a secret."""
    match = _URL.fullmatch(url)
    if match is None or int(match["port"] or 443) > 65535:
        raise QBankConfigError(
            f"{field} is not a valid URL: write https://host or https://host/path, "
            "without user, password, query or fragment."
        )
    port = int(match["port"]) if match["port"] else None
    return match["scheme"], match["host"].lower(), port, match["path"]


def with_port(url: str, port: int, field: str) -> str:
    """The URL with a port that stands in a field of its own."""
    scheme, host, own, path = parse_url(url, field)
    if own not in (None, port):
        raise QBankConfigError(f"{field} names the port {own} and port is {port}: leave one of them out.")
    return f"{scheme}://{host}:{port}{path}"


def check_url(url: str, field: str) -> str:
    """The URL in canonical form, without a trailing slash, once all may be sent there.

    Raises QBankConfigError for a host that is not on the list, for plain http to anything but
    loopback, and for a port other than 443 on anything but loopback.
    """
    scheme, host, port, path = parse_url(url, field)
    loopback = is_loopback(host)
    allowed = _allowed_hosts()
    if host not in allowed and not (loopback and LOOPBACK in allowed):
        raise QBankConfigError(
            f"{field} names the host {host}, which is not on the list: "
            f"ask whoever deploys to add it to {ALLOWED_HOSTS}."
        )
    if scheme == "http" and not loopback:
        raise QBankConfigError(f"{field} must begin with https://: http is for loopback only.")
    if port not in (None, 443) and not loopback:
        raise QBankConfigError(f"{field} must not name a port: {host} is reached on 443 only.")
    return f"{scheme}://{host}{f':{port}' if port else ''}{path}"


def _allowed_hosts() -> frozenset[str]:
    entries = (os.environ.get(ALLOWED_HOSTS) or DEFAULT_HOSTS).split(",")
    return frozenset(entry.strip().lower() for entry in entries if entry.strip())
