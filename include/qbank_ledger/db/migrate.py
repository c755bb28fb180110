"""Bring a ledger database to the newest schema and its roles, or say what a DBA must run.

A revision is a folder of plain SQL: what it does, then ``check.sql``, whose rows name what is wrong
and undo it. Everything runs in one transaction: two processes at once migrate once.

Alembic takes half as long to import as all the rest of a command: only what migrates imports it.
"""

import io
import logging
import re
import time
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Any

from sqlalchemy import Connection, TextClause, exc, text
from sqlalchemy.engine import URL

from qbank_ledger.config import DISTRIBUTION, package_version
from qbank_ledger.db.connection import MIGRATE, READ_ONLY, engine_for
from qbank_ledger.db.session import PINNED
from qbank_ledger.db.transaction import transaction
from qbank_ledger.errors import (
    LedgerError,
    LockedError,
    MigratedMeanwhileError,
    MigrationNotAllowedError,
    NotMigratedError,
    UnknownSchemaError,
)

_MIGRATIONS = resources.files("qbank_ledger.db").joinpath("migrations")
_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)  # in a revision's file
_VERSIONED = text("SELECT to_regclass('ledger.alembic_version') IS NOT NULL")
_VERSION = text("SELECT version_num FROM ledger.alembic_version")
_IS_SUPERUSER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
_MAKES_ROLES = text(
    "SELECT (rolsuper OR rolcreaterole) AND NOT pg_is_in_recovery()"
    " FROM pg_roles WHERE rolname = current_user"
)
_BECOME_OWNER = text(
    """SELECT pg_has_role(current_user, oid, CASE WHEN current_setting('server_version_num')::int >= 160000
                                                 THEN 'SET' ELSE 'MEMBER' END)
              AND has_database_privilege(oid, current_database(), 'CREATE')
              AND (SELECT count(*) = 5
                     FROM pg_roles AS a JOIN pg_roles AS r ON pg_has_role(r.oid, a.oid, 'USAGE')
                    WHERE a.rolname = 'qbank_analyst' AND r.rolname IN (
                          'qbank_loader', 'qbank_operator', 'qbank_preparer', 'qbank_approver', 'qbank_desk'))
         FROM pg_roles WHERE rolname = 'qbank_owner'"""
)
_IS_OWNED = text(
    "SELECT pg_get_userbyid(nspowner) = 'qbank_owner' FROM pg_namespace WHERE nspname = 'ledger'"
)
# Made before the baseline as it is, by versions that were never released; migrations/unreleased carries them
# over.
_UNRELEASED = (
    "0001_ledger",
    "0002_trust",
    "0003_recon",
    "0004_sign_off",
    "0005_changed",
    "0006_reading",
    "0007_words",
    "0008_amounts_and_dates",
    "0009_lookalike",
    "0010_retry_after",
    "0011_hardening",
    "0012_day_end",
    "0001_baseline",
)
# What they are carried over to; revisions after it find a ledger like any other.
_BASELINE = "0001_baseline_2"
_TRIES = 20
# How long readers of what is to be changed are waited for.
_PATIENCE_S = 120.0

log = logging.getLogger(__name__)


def migrate(url: URL) -> str:
    """Upgrade the database to the newest revision; says in a sentence what was done.

    Raises MigrationNotAllowedError, with the SQL for a DBA, when the login may neither make roles
    nor become ``qbank_owner``; LockedError when somebody reads what is to be changed, for two minutes;
    UnknownSchemaError when a newer version of the package migrated the database; LedgerError when a
    revision fails its own check.
    """
    engine = engine_for(url, role=None)
    ends = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with transaction(engine) as connection:
                return _migrate(connection)
        except (LockedError, MigratedMeanwhileError):
            if time.monotonic() >= ends:
                raise
            time.sleep(1)


def _migrate(connection: Connection) -> str:
    before, head = current_revision(connection), newest_revision()
    if before == head:
        if not connection.execute(_IS_OWNED).scalar():
            raise LedgerError(
                "The ledger was restored without its roles: they own nothing in it and have no rights. "
                "Migrate an empty database on this server to make the roles, then restore again."
            )
        # A dump has neither the rights on its database nor the database's settings.
        if connection.execute(_MAKES_ROLES).scalar():
            _make_roles(connection)
            if connection.execute(_IS_SUPERUSER).scalar():
                connection.execute(_plain("server.sql"))
        return f"The ledger database is at the newest schema ({head})."
    _require_known(before)
    _make_roles(connection)
    if not connection.execute(_BECOME_OWNER).scalar():
        raise MigrationNotAllowedError(
            "The ledger login may not migrate the database: it can neither make the ledger's roles nor "
            "become qbank_owner. Ask a DBA to run the SQL on standard output.",
            sql_for_dba(before),
        )
    connection.execute(text("SET LOCAL ROLE qbank_owner"))
    _acquire_lock(connection)
    if current_revision(connection) != before:
        raise MigratedMeanwhileError("Somebody else migrated the ledger database at the same time.")
    # A change that waits for a long query keeps every run waiting behind it: it makes room, and tries again.
    connection.execute(text("SET LOCAL lock_timeout = '1s'"))
    if before in _UNRELEASED:
        connection.execute(_plain("unreleased/set_aside.sql"))
        _upgrade(_BASELINE, connection=connection)
        connection.execute(_plain("unreleased/carry_over.sql"))
    _upgrade("head", connection=connection)
    _set_up_server(connection)
    return f"The ledger database went from {_named(before) or 'nothing'} to {head}."


def _acquire_lock(connection: Connection) -> None:
    """One migration at a time, which no reader can hold up.

    Who comes first makes the schema, and others wait for its name; later the table of the version is locked.
    """
    try:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS ledger"))
        if connection.execute(_VERSIONED).scalar():
            connection.execute(text("LOCK TABLE ledger.alembic_version IN SHARE ROW EXCLUSIVE MODE"))
    except exc.IntegrityError:
        raise MigratedMeanwhileError("Somebody else made the ledger database at the same time.") from None


def _set_up_server(connection: Connection) -> None:
    """What only a superuser may do, or a word on it."""
    connection.execute(text("RESET ROLE"))
    if connection.execute(_IS_SUPERUSER).scalar():
        connection.execute(_plain("server.sql"))
    else:
        log.warning(
            "To protect the ledger further from logins that may only read it, ask a superuser to run this "
            "SQL in the ledger database (docs/roles.md explains it):\n%s",
            _sql_for_superuser(),
        )


def _make_roles(connection: Connection) -> None:
    """Make the roles and become able to act as them, as far as the login may."""
    for _ in range(_TRIES):
        try:
            with suppress(exc.ProgrammingError), connection.begin_nested():
                connection.execute(text(_read("roles.sql")))
        except (exc.IntegrityError, exc.InternalError) as error:
            if getattr(error.orig, "pgcode", None) == READ_ONLY:
                raise
            # Roles are the server's: another of its databases was migrated at once, and was first.
            continue
        return


def require_newest(connection: Connection) -> None:
    """Raise NotMigratedError below the newest revision, UnknownSchemaError beyond it."""
    found, newest = current_revision(connection), newest_revision()
    _require_known(found)
    if found != newest:
        raise NotMigratedError(
            f"The ledger database is at schema {_named(found) or 'none'}, but this version needs {newest}: "
            f"{MIGRATE}."
        )


def _require_known(revision: str | None) -> None:
    if revision not in (None, *_UNRELEASED, *known_revisions()):
        raise UnknownSchemaError(
            f"The ledger database is at schema {revision}, which {DISTRIBUTION} {package_version()} does not "
            f"know: upgrade the package {DISTRIBUTION} to the version that migrated it, or a newer one."
        )


def _named(revision: str | None) -> str | None:
    return f"{revision} (which was never released)" if revision in _UNRELEASED else revision


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None: not migrated."""
    return connection.execute(_VERSION).scalar() if connection.execute(_VERSIONED).scalar() else None


def newest_revision() -> str:
    """The revision that this version of the code needs."""
    return known_revisions()[-1]


@cache  # every page asks, and the files are this package's
def known_revisions() -> tuple[str, ...]:
    """Every revision that this version of the code can take a database through, the oldest first."""
    files = (file for file in _MIGRATIONS.joinpath("versions").iterdir() if file.name.endswith(".py"))
    texts = (file.read_text("utf-8") for file in sorted(files, key=lambda file: file.name))
    return tuple(found[1] for each in texts if (found := _REVISION.search(each)))


def sql_for_dba(since: str | None) -> str:
    """The SQL that brings a database from revision ``since`` to the newest, for psql."""
    if since in _UNRELEASED:
        upgrade = "\n".join(
            (
                _read("unreleased/set_aside.sql"),
                _upgrade_sql("base", _BASELINE),
                _read("unreleased/carry_over.sql"),
                _upgrade_sql(_BASELINE, "head"),
            )
        )
    else:
        upgrade = _upgrade_sql(since or "base", "head")
    return (
        "-- Run with psql -v ON_ERROR_STOP=1 as a superuser, in the ledger database.\n"
        "-- Then let the logins of the runs and of people in, for example:\n"
        "--   GRANT qbank_loader TO ledger_runs;  GRANT qbank_analyst TO jane;\n"
        f"BEGIN;\nSET LOCAL search_path = {PINNED['search_path']};\n{_read('roles.sql')}\n"
        f"SET LOCAL ROLE qbank_owner;\nCREATE SCHEMA IF NOT EXISTS ledger;\n{upgrade}\nCOMMIT;\n"
        f"{_sql_for_superuser()}"
    )


def _upgrade_sql(since: str, to: str) -> str:
    """The SQL of the revisions between the two, without a transaction's beginning and end."""
    out = io.StringIO()
    _upgrade(f"{since}:{to}", output_buffer=out)
    return out.getvalue().replace("BEGIN;", "", 1).rpartition("COMMIT;")[0]


def _sql_for_superuser() -> str:
    """What a superuser adds in the ledger database, for psql."""
    return f"BEGIN;\nSET LOCAL search_path = {PINNED['search_path']};\n{_read('server.sql')}COMMIT;\n"


def apply(folder: str, *files: str) -> None:
    """Run the files (up.sql) of a revision's folder, then its check.sql; called by the revision itself."""
    from alembic import op  # noqa: PLC0415

    for file in files or ("up",):
        op.execute(_plain(f"{folder}/{file}.sql"))
    if op.get_context().as_sql:
        return
    problems = op.get_bind().execute(text(_read(f"{folder}/check.sql"))).scalars().all()
    if problems:
        raise LedgerError(f"Revision {folder} was undone: {'; '.join(problems)}.")


def _upgrade(to: str, connection: Connection | None = None, **options: Any) -> None:
    """Have Alembic run the revisions on the connection; without one it writes their SQL."""
    from alembic import command, config  # noqa: PLC0415

    settings = config.Config(attributes={"connection": connection}, **options)
    settings.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    command.upgrade(settings, to, sql=connection is None)


def _plain(name: str) -> TextClause:
    """The SQL of a file, in which no colon is a parameter."""
    return text(_read(name).replace(":", r"\:"))


def _read(name: str) -> str:
    return _MIGRATIONS.joinpath(name).read_text("utf-8")
