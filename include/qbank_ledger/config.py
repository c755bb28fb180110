"""The one reader of the environment for the ledger, and the settings it has."""

import json
import os
import re
from collections.abc import Mapping
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sqlalchemy.engine import URL

from qbank_ledger.errors import AccountsFileError, LedgerConnectionError, LedgerError
from qbank_ledger.money import MINOR_UNITS, UNSIGNED_AMOUNT, looks_grouped

DOCS, PACKS = "QBANK_DOCS", "QBANK_PACKS"
FILES_DIRS = "QBANK_FILES_DIRS"
DISTRIBUTION = "airflow-provider-qbank-ledger"
LEDGER_CONNECTION = "AIRFLOW_CONN_LEDGER_DEFAULT"
LEDGER_HOSTS = "QBANK_LEDGER_HOSTS"
LEDGER_AUTH = "QBANK_LEDGER_AUTH"

_LIMIT = re.compile(rf"(?P<currency>[A-Z]{{3}}) *= *(?P<amount>{UNSIGNED_AMOUNT})", re.ASCII)

# Airflow's own settings of a postgres connection's extra, which libpq does not know.
_NOT_FOR_LIBPQ = {
    "cursor",
    "iam",
    "aws_conn_id",
    "azure_conn_id",
    "sqlalchemy_scheme",
    "sqlalchemy_query",
}


def package_version() -> str:
    """The version of this package, such as 0.1.0: pyproject.toml says it."""
    return version(DISTRIBUTION)


def accounts_place(environment: Mapping[str, str] = os.environ) -> str:
    """Where the configured accounts are: ``QBANK_ACCOUNTS_FILE``, in the repository else the file in it.

    Raises AccountsFileError where it is not set and the package is installed: nothing lies beside it there.
    """
    if given := environment.get("QBANK_ACCOUNTS_FILE", "").strip():
        return given
    in_the_repository = Path(__file__).parents[1] / "config" / "accounts.yaml"
    if in_the_repository.is_file():
        return str(in_the_repository)
    raise AccountsFileError(
        "No accounts are configured: set QBANK_ACCOUNTS_FILE to the accounts file, on the workers' disk or "
        "in object storage."
    )


def gl_sources_place(environment: Mapping[str, str] = os.environ) -> str:
    """Where profiles and sources of books are: ``QBANK_GL_SOURCES_FILE``, else the repository's own file.

    Empty where there is none: the built-in profiles need no file.
    """
    if given := environment.get("QBANK_GL_SOURCES_FILE", "").strip():
        return given
    in_the_repository = Path(__file__).parents[1] / "config" / "gl_sources.yaml"
    return str(in_the_repository) if in_the_repository.is_file() else ""


def schedule(environment: Mapping[str, str] = os.environ) -> str:
    """When the sync runs, as Airflow writes it: ``QBANK_SCHEDULE``, else ``@hourly``."""
    return environment.get("QBANK_SCHEDULE", "").strip() or "@hourly"


def fetch_tasks(environment: Mapping[str, str] = os.environ) -> int:
    """How many tasks of one connection ask for a run's accounts at most: ``QBANK_FETCH_TASKS``, else 4.

    Raises LedgerError when it is not a whole number of tasks, of one at least.
    """
    return _whole(environment, "QBANK_FETCH_TASKS", "4", "tasks")


def docs_place(environment: Mapping[str, str] = os.environ) -> str:
    """Where Data Docs go, a site a run: a folder or an object-storage URL; empty: nowhere.

    ``QBANK_DOCS``, where that is not set ``QBANK_STATE_DIR``/data_docs, without either nowhere.
    """
    return _place(environment, DOCS, "data_docs")


def packs_place(environment: Mapping[str, str] = os.environ) -> str:
    """Where close packs go, two files a month: ``QBANK_PACKS``, or ``close`` there, as ``docs_place``."""
    return _place(environment, PACKS, "close")


def files_dirs(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Folders of a worker below which a file that a run names must lie: ``QBANK_FILES_DIRS``.

    Separated as in PATH; empty: none. Where that is not set ``QBANK_STATE_DIR``/files, without either none.
    """
    if (given := environment.get(FILES_DIRS)) is not None:
        return [Path(each.strip()) for each in given.split(os.pathsep) if each.strip()]
    default = _place(environment, FILES_DIRS, "files")
    return [Path(default)] if default else []


def _place(environment: Mapping[str, str], name: str, below_state: str) -> str:
    if (given := environment.get(name)) is not None:
        return given.strip()
    state = environment.get("QBANK_STATE_DIR")
    return str(Path(state, below_state).resolve()) if state else ""


def payload_days(environment: Mapping[str, str] = os.environ) -> int:
    """How many days the bodies of answers are kept: ``QBANK_PAYLOAD_DAYS``, 90 where it is not set.

    Raises LedgerError when it is not a whole number of days, of one at least.
    """
    return _whole(environment, "QBANK_PAYLOAD_DAYS", "90")


def sync_days(environment: Mapping[str, str] = os.environ) -> int:
    """How many days the accounts of a run are kept: ``QBANK_SYNC_DAYS``, 400 where it is not set.

    With them go outcomes, findings and verdicts.
    Raises LedgerError when it is not a whole number of days, of one at least.
    """
    return _whole(environment, "QBANK_SYNC_DAYS", "400")


def _whole(environment: Mapping[str, str], name: str, default: str, of: str = "days") -> int:
    text = environment.get(name, "").strip() or default
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) >= 1):
        raise LedgerError(f"{name} is {text[:40]!r}: set it to a whole number of {of}, 1 to 99999.")
    return int(text)


def break_limits(environment: Mapping[str, str] = os.environ) -> dict[str, Decimal]:
    """By currency, the unexplained amount above which a break turns the run red: ``QBANK_BREAK_LIMITS``.

    Such as ``EUR=10000, JPY=1500000``; a currency that is not named has no limit. Raises LedgerError
    when it can't be read.
    """
    text = environment.get("QBANK_BREAK_LIMITS", "").strip()
    found = [_LIMIT.fullmatch(part.strip()) for part in text.split(",")] if text else []
    limits = {
        match["currency"]: Decimal(match["amount"])
        for match in found
        if match and match["currency"] in MINOR_UNITS
    }
    if len(limits) != len(found):
        raise LedgerError(
            f"QBANK_BREAK_LIMITS is {text[:80]!r}: write each currency once with a plain amount, such as "
            "EUR=10000, JPY=1500000."
        )
    for match in filter(None, found):
        if why := looks_grouped(match["amount"], match["currency"]):
            raise LedgerError(f"QBANK_BREAK_LIMITS has {match[0]!r}: {why}.")
    return limits


def alert_connections(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Connections by which alerts are sent: ``QBANK_ALERT_CONNECTIONS``, with commas; empty: none."""
    given = environment.get("QBANK_ALERT_CONNECTIONS", "").split(",")
    return list(dict.fromkeys(each.strip() for each in given if each.strip()))


def alert_remind_hours(environment: Mapping[str, str] = os.environ) -> int:
    """After how many hours an open alert is told again: ``QBANK_ALERT_REMIND_HOURS``, 24 where it is not set.

    Raises LedgerError when it is not a whole number of hours, of one at least.
    """
    return _whole(environment, "QBANK_ALERT_REMIND_HOURS", "24", "hours")


def runbook_place(environment: Mapping[str, str] = os.environ) -> str:
    """Where alerts send their readers: ``QBANK_RUNBOOK_URL``, else the runbook in the repository."""
    return environment.get("QBANK_RUNBOOK_URL", "").strip() or "docs/runbook.md"


def connection_fields(conn_id: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """A connection's fields from ``AIRFLOW_CONN_<ID>``, as Airflow defines it: a URI or JSON.

    Raises LedgerError when it is absent or can't be read.
    """
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    text = environment.get(name, "").strip()
    if not text:
        raise LedgerError(f"There is no connection {conn_id}: set {name}.")
    try:
        fields = _fields(text)
        return {**fields, "port": int(fields["port"]) if fields["port"] else None}
    except _NotEncodedError as error:
        raise LedgerError(f"{name} {error}") from None
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        # From None: the text may hold a secret.
        raise LedgerError(
            f"{name} is neither a URI (type://login:password@host:port/?extra=value) nor the JSON of an "
            "Airflow connection."
        ) from None


def ledger_hosts(environment: Mapping[str, str] = os.environ) -> str:
    """Hosts that a connection may name, with commas: ``QBANK_LEDGER_HOSTS``; empty: not set."""
    return environment.get(LEDGER_HOSTS, "").strip()


def ledger_auth(environment: Mapping[str, str] = os.environ) -> str:
    """How a server may ask for the password (libpq's require_auth): ``QBANK_LEDGER_AUTH``, else SCRAM."""
    return environment.get(LEDGER_AUTH, "").strip() or "scram-sha-256"


def ledger_url(environment: Mapping[str, str] = os.environ) -> URL:
    """The ledger's database, from ``AIRFLOW_CONN_LEDGER_DEFAULT`` as Airflow defines it.

    That is a URI (``postgres://login:password@host:port/database?sslmode=require``) or JSON.
    Raises LedgerConnectionError when it is absent or is no PostgreSQL connection.
    """
    text = environment.get(LEDGER_CONNECTION, "").strip()
    if not text:
        raise LedgerConnectionError(
            f"No ledger database is configured: set {LEDGER_CONNECTION} to "
            "postgres://login:password@host:port/database."
        )
    try:
        fields = _fields(text)
        return postgres_url(**fields, environment=environment)
    except _NotEncodedError as error:
        raise LedgerConnectionError(f"{LEDGER_CONNECTION} {error}") from None
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        # From None: the text holds the password.
        raise LedgerConnectionError(
            f"{LEDGER_CONNECTION} is neither postgres://login:password@host:port/database nor the "
            "JSON of an Airflow connection of type postgres."
        ) from None


def postgres_url(
    *,
    conn_type: str,
    host: str | None,
    port: int | None,
    login: str | None,
    password: str | None,
    schema: str | None,
    extra: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
) -> URL:
    """The SQLAlchemy URL of an Airflow connection of type postgres; ``extra`` goes to libpq.

    A server that asks for the password in another way than QBANK_LEDGER_AUTH says gets none.
    """
    if conn_type not in ("postgres", "postgresql"):
        raise ValueError(conn_type)
    query = {name: str(value) for name, value in extra.items() if name not in _NOT_FOR_LIBPQ}
    if password:
        query.setdefault("require_auth", ledger_auth(environment))
    return URL.create(
        "postgresql+psycopg2",
        username=login or None,
        password=password or None,
        host=host or None,
        port=int(port) if port else None,
        database=schema or "ledger",
        query=query,
    )


def connection_extra(connection: str, text: str | None) -> dict[str, Any]:
    """The extra of an Airflow connection; raises LedgerConnectionError where it is no JSON object."""
    try:
        extra = json.loads(text or "{}")
    except (ValueError, RecursionError):
        extra = None
    if not isinstance(extra, dict):
        raise LedgerConnectionError(
            f"The extra of the connection {connection} must be a JSON object such as "
            '{"sslmode": "require"}.'
        )
    return extra


def _fields(text: str) -> dict[str, Any]:
    return _json_fields(text) if text.startswith("{") else _uri_fields(text)


class _NotEncodedError(ValueError):
    """A URI whose login or password ends too soon: read on, a part of it would be the host's name."""

    def __init__(self) -> None:
        super().__init__(
            "has an @ behind its host: encode login and password (/ as %2F, ? as %3F, # as %23, @ as %40), "
            "or write the connection as JSON."
        )


def _uri_fields(text: str) -> dict[str, Any]:
    parts = urlsplit(text)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if any("@" in part for part in (parts.path, parts.fragment, *query)):
        raise _NotEncodedError
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    return {
        "conn_type": parts.scheme,
        "host": unquote(parts.hostname or ""),
        "port": parts.port,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "schema": unquote(parts.path.removeprefix("/")),
        "extra": extra,
    }


def _json_fields(text: str) -> dict[str, Any]:
    fields = json.loads(text)
    extra = fields.get("extra") or {}
    return {
        "conn_type": fields["conn_type"],
        **{name: fields.get(name) for name in ("host", "port", "login", "password", "schema")},
        "extra": json.loads(extra) if isinstance(extra, str) else extra,
    }
