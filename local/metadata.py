"""Airflow's own database: its schema, the pool and, where absent, the two connections.

Run as ``python -m local.metadata`` in Airflow's environment, with what :func:`prepare` sends on
standard input: importing Airflow takes seconds, and it reads its settings once.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from local.errors import StackError
from local.settings import ROOT
from qbank_airflow.pool import make_pool

_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*: ")
Fields = dict[str, Any]  # of an Airflow connection


def prepare(environ: Mapping[str, str], connections: list[Fields]) -> None:
    """Bring the database that ``environ`` names up to date, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "local.metadata"],
        input=json.dumps(connections),
        text=True,
        capture_output=True,
        env=environ,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise StackError(f"Airflow's database could not be brought up to date: {_reason(done.stderr)}")


def _reason(said: str) -> str:
    """The first line of the exception that ended it: SQLAlchemy's go on with the statement and a link."""
    lines = said.strip().splitlines() or ["it said nothing"]
    return next((line for line in reversed(lines) if _EXCEPTION.match(line)), lines[-1])


def qbank_connection(sandbox_port: int, client_id: str, client_secret: str) -> Fields:
    """``qbank_default``: the sandbox as the bank."""
    return {
        "conn_id": "qbank_default",
        "conn_type": "qbank",
        "host": "http://127.0.0.1",
        "port": sandbox_port,  # apart: the UI tests no connection without one
        "login": client_id,
        "password": client_secret,
        "extra": json.dumps({"token_url": f"http://127.0.0.1:{sandbox_port}/token"}),
    }


def ledger_connection(postgres_port: int, password: str) -> Fields:
    """``ledger_default``: the embedded server's ledger, as the runs' login."""
    return {
        "conn_id": "ledger_default",
        "conn_type": "postgres",
        "host": "127.0.0.1",
        "port": postgres_port,
        "schema": "ledger",
        "login": "ledger_loader",
        "password": password,
    }


def is_ours(found: Fields, wanted: Fields) -> bool:
    """Whether a connection is as the stack makes it, but for the ports: a user has not edited it."""
    ours = {name: found.get(name) for name in wanted}
    return _without_port(ours) == _without_port(wanted)


def _without_port(fields: Fields) -> Fields:
    port = fields.get("port") or str(fields["host"]).rpartition(":")[2]
    return {name: str(value).replace(f":{port}", "") for name, value in fields.items() if name != "port"}


def _main() -> None:
    from airflow.models import Connection  # noqa: PLC0415 - reads its settings when imported
    from airflow.utils.db import upgradedb  # noqa: PLC0415
    from airflow.utils.session import create_session  # noqa: PLC0415

    upgradedb()
    with create_session() as session:
        make_pool(session)
        for wanted in json.load(sys.stdin):
            found = session.query(Connection).filter_by(conn_id=wanted["conn_id"]).one_or_none()
            if found is None:
                session.add(Connection(**wanted))
            elif is_ours({name: getattr(found, name) for name in wanted}, wanted):
                for name, value in wanted.items():
                    setattr(found, name, value)


if __name__ == "__main__":
    _main()
