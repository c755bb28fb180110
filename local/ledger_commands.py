"""The ledger's own commands, on the database that the environment names or the embedded one."""

import subprocess
import sys
from contextlib import closing

import psycopg2
from sqlalchemy.engine import URL

from local import StackError
from local.settings import LEDGER_CONNECTION, ROOT, Settings
from local.stack import Stack
from qbank_ledger import __main__ as command
from qbank_ledger.config import ledger_url

_SECRETS = ("password", "sslpassword")  # of a connection's extra
_AS_ANALYST = "-c role=qbank_analyst -c jit=off"


def migrate(settings: Settings) -> int:
    """``python -m qbank_ledger migrate``; the embedded ledger as its superuser."""
    return _call(Stack.open(settings), "postgres", "migrate")


def verify(settings: Settings) -> int:
    """``python -m qbank_ledger verify``."""
    return _ask(settings, "ledger_loader", "verify")


def health(settings: Settings) -> int:
    """``python -m qbank_ledger health``."""
    return _ask(settings, "ledger_analyst", "health")


def export(settings: Settings) -> int:
    """``python -m qbank_ledger export --format FORMAT``, into OUT where given.

    DATE asks for that date's closings.
    VERSION is camt.052's, SENDER and RECEIVER are BAI2's.
    """
    given = settings.environ.get
    form = given("FORMAT") or "camt052"
    arguments = ["--format", form]
    options = {"--output": "OUT", "--date": "DATE"}
    if form == "camt052":
        options["--camt-version"] = "VERSION"
    elif form == "bai2":
        options |= {"--bai2-sender": "SENDER", "--bai2-receiver": "RECEIVER"}
    arguments += [f"{option}={given(name)}" for option, name in options.items() if given(name)]
    return _ask(settings, "ledger_analyst", "export", *arguments)


def close(settings: Settings) -> int:
    """``python -m qbank_ledger close --month MONTH``, into the folder OUT where it is given."""
    month = settings.environ.get("MONTH")
    if not month:
        raise StackError("Name the month to close, such as `make close MONTH=2026-10`.")
    output = settings.environ.get("OUT")
    where = ["--output", output] if output else []
    return _ask(settings, "ledger_analyst", "close", "--month", month, *where)


def gl_preview(settings: Settings) -> int:
    """``python -m qbank_ledger gl-preview FILE``, without a database; PROFILE, DATE, ENTITY, CURRENCY."""
    options = {"--profile": "PROFILE", "--date": "DATE", "--entity": "ENTITY", "--currency": "CURRENCY"}
    given = settings.environ.get
    return _read(
        settings, "gl-preview", [f"{option}={given(name)}" for option, name in options.items() if given(name)]
    )


def gl_profile(settings: Settings) -> int:
    """``python -m qbank_ledger gl-profile FILE``, which needs no database; SHEET of a workbook."""
    sheet = settings.environ.get("SHEET")
    return _read(settings, "gl-profile", [f"--sheet={sheet}"] if sheet else [])


def _read(settings: Settings, verb: str, options: list[str]) -> int:
    file = settings.environ.get("FILE")
    if not file:
        raise StackError(f"Name the ERP's file, such as `make {verb} FILE=trial-balance.csv`.")
    return command.main([verb, *options, "--", file])


def psql(settings: Settings) -> int:
    """psql as the analyst: with SQL runs that and ends, without it prompts."""
    stack = Stack.open(settings)
    url = ledger_url({LEDGER_CONNECTION: stack.ledger_connection("ledger_analyst")})
    environ = {**settings.environ, "PGPASSWORD": str(url.password or url.query.get("password", ""))}
    if _may_be_analyst(url):
        environ["PGOPTIONS"] = f"{environ.get('PGOPTIONS', '')} {_AS_ANALYST}".strip()
    command = [str(stack.cluster.psql), "--no-psqlrc", "--set", "ON_ERROR_STOP=1", _without_secrets(url)]
    if settings.environ.get("SQL"):
        command += ["--command", settings.environ["SQL"]]
    return subprocess.run(command, env=environ, check=False).returncode


def _without_secrets(url: URL) -> str:
    """The URL as psql's argument, which everybody on the machine can read.

    The password goes by the environment; for that of a TLS key libpq has no variable: psql asks for it.
    """
    query = {name: value for name, value in url.query.items() if name not in _SECRETS}
    # Anew: URL.set() leaves a password as it is where it is given None.
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return bare.render_as_string(hide_password=False)


def _ask(settings: Settings, login: str, *arguments: str) -> int:
    """The verb, of a ledger that is there: of one made for the question all would be well."""
    stack = Stack.open(settings)
    if not (settings.environ.get(LEDGER_CONNECTION) or stack.cluster.is_made):
        raise StackError(
            f"There is no ledger in {settings.state}: `make run` makes one. Where the ledger is elsewhere, "
            f"set {LEDGER_CONNECTION}, or call `qbank-ledger {arguments[0]}` there (docs/deployment.md)."
        )
    return _call(stack, login, *arguments)


def _call(stack: Stack, login: str, *arguments: str) -> int:
    command = [sys.executable, "-m", "qbank_ledger", *arguments]
    environ = {
        **stack.settings.environ,
        "QBANK_STATE_DIR": str(stack.settings.state),  # below which packs go, unless another place is given
        LEDGER_CONNECTION: stack.ledger_connection(login),
    }
    return subprocess.run(command, env=environ, cwd=ROOT, check=False).returncode


def _may_be_analyst(url: URL) -> bool:
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with closing(psycopg2.connect(dsn, connect_timeout=10, options=_AS_ANALYST)) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT current_user")
            if cursor.fetchone() == ("qbank_analyst",):
                return True
            said = "its options were dropped"
    except psycopg2.Error as error:
        said = str(error).strip().splitlines()[0]
        if '"qbank_analyst"' in said:  # there is none, or the login is no member
            return False
    if "options" in said:
        raise StackError(
            f"A pooler in front of the ledger database keeps psql from acting as the analyst ({said}): "
            f"name the server itself in {LEDGER_CONNECTION}."
        )
    raise StackError(f"The ledger database can't be reached ({said}): check the connection.")
