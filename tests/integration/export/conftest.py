"""A ledger with newest balances, and exports of it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from qbank_ledger.db.connection import engine_for
from qbank_ledger.export.file import Export, Format, export_balances
from tests.integration.ledger.conftest import Ledger

# Thousands of rows in one statement.
_ROWS = """
  FROM json_to_recordset(CAST(:rows AS json)) AS r (
       id text, name text, currency text, minor_units int, entity text, gl text, max_age int, active boolean,
       bank_account text, bank_id text, observed timestamptz, available numeric, ledger numeric, balance_currency text)
"""
INSERT_ACCOUNTS = f"""
INSERT INTO ledger.account
SELECT id, name, currency, minor_units, entity, gl, 'UTC', NULL, max_age, NULL, 0, bank_account, bank_id, active {_ROWS}
"""
INSERT_BALANCES = f"""
INSERT INTO ledger.balance
SELECT id, date_trunc('hour', observed, 'UTC'), available, ledger, balance_currency, observed, 1, 7, 1, observed {_ROWS}
 WHERE ledger IS NOT NULL
"""


class Desk:
    """Accounts with balances, and their exports, in short words."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.rows, self.value = ledger, ledger.rows, ledger.value
        self.said: list[str] = []
        self.done: Export | None = None
        self.now: datetime = self.value("SELECT now()")

    def account(self, id_: str, balance: str | None = "1.00", **fields: Any) -> None:
        """An active EUR account; with ``balance`` None it was never observed."""
        self.accounts([{"id": id_, "ledger": balance, **fields}])

    def accounts(self, given: list[dict[str, Any]]) -> None:
        defaults: dict[str, Any] = {
            "currency": "EUR", "minor_units": 2, "entity": "QB01", "gl": "1100", "max_age": 90, "active": True,
            "bank_account": None, "bank_id": None, "observed": self.now, "ledger": "1.00",
        }  # fmt: skip
        rows = [{**defaults, "name": each["id"], **each} for each in given]
        for row in rows:
            row.setdefault("available", row["ledger"])
            row.setdefault("balance_currency", row["currency"])
        with self.ledger.owner.begin() as connection:
            for month in {row["observed"].replace(day=15) for row in rows}:
                connection.execute(text("SELECT ledger.ensure_partitions(:at)"), {"at": month})
            as_json = {"rows": json.dumps(rows, default=str)}
            connection.execute(text(INSERT_ACCOUNTS), as_json)
            connection.execute(text(INSERT_BALANCES), as_json)

    def export(
        self, form: Callable[[datetime], Format], url: URL | None = None, closing_of: date | None = None
    ) -> str:
        """The file; ``said`` and ``done`` are what there is to say of it."""
        out = io.StringIO(newline="")
        self.said = []
        engine = engine_for(url or self.ledger.url, None)
        self.done = export_balances(engine, form, out, self.said.append, closing_of)
        return out.getvalue()

    def command(
        self, *arguments: Any, url: Any = None, environ: dict[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """``python -m qbank_ledger export``."""
        return subprocess.run(
            [sys.executable, "-m", "qbank_ledger", "export", *map(str, arguments)],
            env={**os.environ, "AIRFLOW_CONN_LEDGER_DEFAULT": connection(url or self.ledger.url), **(environ or {})},
            check=False, timeout=60, **{"capture_output": True, "encoding": "utf-8", **options},
        )  # fmt: skip

    def in_the_ledger(self) -> dict[str, tuple[Decimal, Decimal]]:
        return {
            row.account_id: (row.ledger_balance, row.available_balance)
            for row in self.rows("SELECT * FROM ledger.latest_balance")
        }


def connection(url: Any) -> str:
    return url.set(drivername="postgres").render_as_string(hide_password=False)


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    """An empty ledger: the tests of a module share it."""
    return Desk(ledger)
