"""Accounts with newest balances, and exports of them."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from qbank_ledger.__main__ import main
from qbank_ledger.db.connection import engine_for
from qbank_ledger.export.file import Export, Format, export_balances
from tests.words.command import called
from tests.words.ledger import Ledger


class Desk:
    """Accounts with balances, and their exports, in short words."""

    def __init__(self, ledger: Ledger, engine: Engine) -> None:
        self.ledger, self.rows, self.value, self._engine = ledger, ledger.rows, ledger.value, engine
        self.said: list[str] = []
        self.done: Export | None = None
        self.now: datetime = self.value("SELECT now()")

    def account(self, id_: str, balance: str | None = "1.00", **fields: Any) -> None:
        """An active EUR account; with ``balance`` None it was never observed."""
        self.accounts([{"id": id_, "ledger": balance, **fields}])

    def accounts(self, given: list[dict[str, Any]]) -> None:
        """Accounts, each observed now, or at ``observed``, with ``ledger``, ``available`` and ``balance_currency``."""
        rows = [{"ledger": "1.00", "observed": self.now, "currency": "EUR", **each} for each in given]
        self.ledger.listed(
            [{n: v for n, v in row.items() if n not in ("ledger", "observed")} for row in rows]
        )
        self.ledger.observed(
            [
                {
                    "id": row["id"], "at": row["observed"], "amount": row["ledger"],
                    "available": row.get("available", row["ledger"]),
                    "currency": row.get("balance_currency", row["currency"]),
                }
                for row in rows if row["ledger"] is not None
            ],
            seal_no=7,
        )  # fmt: skip

    def export(
        self, form: Callable[[datetime], Format], url: URL | None = None, closing_of: date | None = None
    ) -> str:
        """The file; ``said`` and ``done`` are what there is to say of it."""
        out = io.StringIO(newline="")
        self.said = []
        engine = engine_for(url, None) if url else self._engine
        self.done = export_balances(engine, form, out, self.said.append, closing_of)
        return out.getvalue()

    def command(self, *arguments: Any, url: Any = None) -> "subprocess.CompletedProcess[str]":
        """``qbank-ledger export``, in this process; ``stdout`` has the line ends that were written."""
        environ = {**os.environ, **self._environ(url)}
        return called(main, "export", *map(str, arguments), environ=environ)

    def process(
        self, *arguments: Any, environ: dict[str, str] | None = None, **options: Any
    ) -> "subprocess.CompletedProcess[str]":
        """The same in a process of its own: its standard output may be anything."""
        return subprocess.run(
            [sys.executable, "-m", "qbank_ledger", "export", *map(str, arguments)],
            env={**os.environ, **self._environ(), **(environ or {})},
            check=False, timeout=60, **{"capture_output": True, "encoding": "utf-8", **options},
        )  # fmt: skip

    def _environ(self, url: Any = None) -> dict[str, str]:
        return {"AIRFLOW_CONN_LEDGER_DEFAULT": connection(url or self.ledger.url)}

    def in_the_ledger(self) -> dict[str, tuple[Decimal, Decimal]]:
        return {
            row.account_id: (row.ledger_balance, row.available_balance)
            for row in self.rows("SELECT * FROM ledger.latest_balance")
        }


def connection(url: Any) -> str:
    return url.set(drivername="postgres").render_as_string(hide_password=False)
