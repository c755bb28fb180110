"""Plan: what a run asks for, written down before the first request.

Closes what earlier runs left open, reads and checks the accounts file, brings ``ledger.account``
and its periods up to date, and writes ``sync.run`` and ``sync.run_account``. Then drops what is past its
retention.
"""

import hashlib
import itertools
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from operator import attrgetter

from sqlalchemy import Connection, Engine, text

from qbank_ledger.config import fetch_tasks, package_version
from qbank_ledger.db.copying import copy_into, copy_text
from qbank_ledger.db.locks import acquire_lock
from qbank_ledger.db.migrate import require_newest
from qbank_ledger.db.transaction import in_transaction
from qbank_ledger.errors import AccountsFileError, RunRefusedError
from qbank_ledger.files.source import AnySource
from qbank_ledger.sync.account import Account
from qbank_ledger.sync.accounts_file import read_accounts
from qbank_ledger.sync.retention import Retention, drop_expired
from qbank_ledger.sync.run import close_run
from qbank_ledger.sync.sql import execute

log = logging.getLogger(__name__)

# A second task of a connection pays from here on: before, its start takes longer than it saves.
_ACCOUNTS_A_TASK = 500
# Airflow maps no more tasks than core.max_map_length says, 1024.
_MOST_TASKS = 1_000
_ROWS_A_PART = 5_000
# An account as configured goes to the database once, without the connection, which is its batch's.
_COLUMNS = tuple(field.name for field in fields(Account) if field.name != "connection")
_row = attrgetter(*_COLUMNS)


@dataclass(frozen=True, slots=True)
class Batch:
    """The accounts that one fetch task asks for, and the QBank connection by which it does."""

    connection: str
    accounts: list[Account]


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that may begin: its number, and how many batches its accounts stand in, one a fetch task."""

    run_no: int
    batches: int


def plan_run(
    engine: Engine,
    accounts_file: AnySource,
    *,
    dag_run_id: str,
    connection: str,
    find_host: Callable[[Iterable[str]], str],
    timeout: timedelta,
    only: Collection[str] = (),
    dry_run: bool = False,
) -> Plan:
    """Write down a run over the active accounts of the file, or those of them that ``only`` names.

    ``connection`` is the QBank connection of the accounts that name none; ``find_host`` gives the name of
    the host that connections point to. The run counts as lost when it is still open after ``timeout``. Each
    call makes a new run. Raises AccountsFileError and RunRefusedError before anything of it is written,
    NotMigratedError, and LedgerUnavailableError.
    """
    in_transaction(engine, _close_lost_runs)
    configured = read_accounts(accounts_file)
    asked = _asked(configured, only, accounts_file)
    batches = _batches(asked, connection, accounts_file)
    api_host = find_host(dict.fromkeys(batch.connection for batch in batches))
    retention = Retention.read()

    def open_run(connection: Connection) -> int:
        require_newest(connection)
        # Neither of two plans at once may close a period that the other just opened.
        acquire_lock(connection, "plan")
        _check_clock(connection)
        _check_host(connection, api_host, dry_run=dry_run)
        connection.execute(text("SELECT ledger.ensure_partitions()"))
        _send(connection, asked if only else configured, batches)
        _check_time_zones(connection, accounts_file)
        if not dry_run:
            _update_accounts(connection, asked, full=not only)
        run_no = int(
            execute(
                connection,
                "open_run",
                dag_run_id=dag_run_id,
                api_host=api_host,
                timeout_s=timeout.total_seconds(),
                dry_run=dry_run,
                subset=bool(only),
                expected=len(asked),
                package_version=package_version(),
            ).scalar_one()
        )
        execute(
            connection, "list_batches", run_no=run_no, connections=[batch.connection for batch in batches]
        )
        execute(connection, "list_run_accounts", run_no=run_no)
        return run_no

    run_no = in_transaction(engine, open_run)
    log.info("plan: run %s asks for %s accounts in %s batches", run_no, len(asked), len(batches))
    drop_expired(engine, retention)
    return Plan(run_no, len(batches))


def _asked(configured: Iterable[Account], only: Collection[str], file: AnySource) -> list[Account]:
    active = {account.account_id: account for account in configured if account.active}
    unknown = [id_ for id_ in only if id_ not in active]
    if unknown:
        named = ", ".join(repr(id_) for id_ in unknown[:20])
        raise AccountsFileError(
            f"The parameter accounts names accounts that are not active in {file}: {named}."
        )
    return [active[id_] for id_ in dict.fromkeys(only)] if only else list(active.values())


def _batches(asked: Iterable[Account], connection: str, file: AnySource) -> list[Batch]:
    """The accounts of each connection, in as many even parts as tasks pay for them."""
    of_connection: dict[str, list[Account]] = {}
    for account in asked:
        of_connection.setdefault(account.connection or connection, []).append(account)
    if len(of_connection) > _MOST_TASKS:
        raise AccountsFileError(
            f"{file} names {len(of_connection)} connections, but a run can use at most {_MOST_TASKS}."
        )
    most = min(fetch_tasks(), _MOST_TASKS // len(of_connection))
    batches = []
    for name, accounts in of_connection.items():
        tasks = min(most, -(-len(accounts) // _ACCOUNTS_A_TASK))
        batches += [Batch(name, accounts[n::tasks]) for n in range(tasks)]
    return batches


def fingerprint(accounts: Iterable[Account]) -> str:
    """SHA-256, in hex, over the sorted ids of the active accounts, a line each."""
    ids = sorted(account.account_id for account in accounts if account.active)
    return hashlib.sha256("".join(f"{id_}\n" for id_ in ids).encode()).hexdigest()


def _check_clock(connection: Connection) -> None:
    """Refuse while a balance is from the future: what is observed now would not be the newest."""
    found = execute(connection, "newest_ahead").one_or_none()
    if found:
        minutes = round((found.observed_at - found.clock).total_seconds() / 60)
        raise RunRefusedError(
            f"The ledger's newest balance, of run {found.run_no}, is from the future: observed at "
            f"{found.observed_at:%Y-%m-%d %H:%M:%S} UTC, {minutes // 60} h {minutes % 60} min ahead of the "
            "database's clock. If the clock is behind now, correct it. If it ran ahead during that run, ask "
            f"an operator to set its balances aside with SELECT ledger.set_aside({found.run_no}, 'why')."
        )


def _check_host(connection: Connection, api_host: str, *, dry_run: bool) -> None:
    accepted = execute(connection, "accepted_hosts").scalars().all()
    if not accepted and not dry_run:  # which publishes nothing
        execute(connection, "accept_first_host", api_host=api_host)
    if accepted and api_host not in accepted:
        raise RunRefusedError(
            f"This ledger holds balances from {', '.join(accepted)}, and the QBank connection points to "
            f"{api_host}. If both are the same bank, an operator accepts it with "
            f"SELECT ledger.accept_host('{api_host}'); otherwise use another ledger database."
        )


def _close_lost_runs(connection: Connection) -> None:
    """Also where this run is then refused: what they lack must be said in time."""
    require_newest(connection)
    for run_no in execute(connection, "lock_lost_runs").scalars().all():
        state = close_run(connection, run_no).state
        log.warning("plan: run %s had not closed itself by its deadline: closed as %s", run_no, state)


def _send(connection: Connection, accounts: Iterable[Account], batches: list[Batch]) -> None:
    """The accounts to the database, each with its batch where the run asks for it.

    Some thousand at a time: a text of all takes memory for each.
    """
    batch_nos = {each.account_id: number for number, batch in enumerate(batches) for each in batch.accounts}
    execute(connection, "make_configured")
    rows = ((*_row(account), batch_nos.get(account.account_id)) for account in accounts)
    while part := list(itertools.islice(rows, _ROWS_A_PART)):
        copy_into(connection, "configured", (*_COLUMNS, "batch_no"), copy_text(part))


def _check_time_zones(connection: Connection, file: AnySource) -> None:
    """Refuse a zone that Python knows and the server does not: it would end whatever asks for its day."""
    if unknown := execute(connection, "unknown_time_zones").all():
        named = ", ".join(f"{row.time_zone} (account {row.account_id})" for row in unknown[:20])
        raise AccountsFileError(
            f"The accounts file {file} names {len(unknown)} time zone(s) that the ledger's PostgreSQL does "
            f"not know: {named}. Use an older name (Europe/Kiev for Europe/Kyiv), or update the server's "
            "time zones."
        )


def _update_accounts(connection: Connection, asked: list[Account], *, full: bool) -> None:
    """A full run says which accounts there are; a subset only brings its own up to date."""
    if not full:
        execute(connection, "upsert_accounts")
        return
    mark = fingerprint(asked)
    found = execute(connection, "accounts_to_close", fingerprint=mark).one()
    if found.closing * 2 > found.open and not found.accepted:
        raise RunRefusedError(
            f"The accounts file would close {found.closing} of the ledger's {found.open} open accounts. "
            f"If that is meant, an operator accepts it with SELECT ledger.accept_accounts('{mark}'); "
            "otherwise check QBANK_ACCOUNTS_FILE."
        )
    execute(connection, "upsert_accounts")
    execute(connection, "periods_ahead")
    execute(connection, "close_periods")
    execute(connection, "open_periods")
