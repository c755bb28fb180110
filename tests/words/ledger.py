"""A ledger of one's own with the rooms of a run over it, and the bank's answers as a test wants them."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from qbank_ledger.db.connection import engine_for
from qbank_ledger.sync import audit
from qbank_ledger.sync.audit import audit_run
from qbank_ledger.sync.fetch import fetch_batch
from qbank_ledger.sync.plan import plan_run
from qbank_ledger.sync.publish import publish_run
from qbank_ledger.sync.run import close_run

HOUR = timedelta(hours=1)
PASSWORD = "of-this-test-only"

# Thousands of rows in one statement.
ACCOUNTS = """
INSERT INTO ledger.account
SELECT id, name, currency, minor_units, entity, gl, zone, cut_off, max_age, NULL, tolerance, bank_account, bank_id, active
  FROM json_to_recordset(CAST(:rows AS json)) AS r (
       id text, name text, currency text, minor_units int, entity text, gl text, zone text, cut_off time, max_age int,
       tolerance numeric, bank_account text, bank_id text, active boolean)
"""
BALANCES = """
INSERT INTO ledger.balance AS b
SELECT id, date_trunc('hour', at, 'UTC'), available, amount, currency, at, 1, :seal_no, 1, at + interval '1 minute'
  FROM json_to_recordset(CAST(:rows AS json)) AS r (
       id text, at timestamptz, amount numeric, available numeric, currency text)
    ON CONFLICT (account_id, as_of_hour) DO UPDATE
   SET ledger_balance = excluded.ledger_balance, observed_at = excluded.observed_at,
       recorded_at = excluded.recorded_at, revision = b.revision + 1
"""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer, by default a good one: 100.00 available, 120.50 on the ledger."""

    account_id: str
    state: str = "answered"
    reason: str | None = None
    available_balance: Decimal | None = Decimal("100.00")
    ledger_balance: Decimal | None = Decimal("120.50")
    echoed_account_id: str | None = None
    echoed_currency: str | None = None
    echoed_as_of: str | None = None
    bank_as_of: datetime | None = None
    payload: str | None = "{}"
    http_status: int | None = 200
    attempts: int = 1
    retry_after_s: int | None = None
    arrived: float = field(default_factory=time.monotonic)


def failed(account_id: str, reason: str = "http_404", **fields: Any) -> Reply:
    """No usable answer, for a reason."""
    nothing: dict[str, Any] = {"available_balance": None, "ledger_balance": None, "payload": None}
    return Reply(account_id=account_id, state="failed", reason=reason, **{**nothing, **fields})


class Ledger:
    """A fresh ledger and the rooms over it, in short words."""

    def __init__(
        self, url: URL, folder: Path, owner: Engine | None = None, engine: Engine | None = None
    ) -> None:
        self.url = url
        self.folder = folder
        self.engine: Engine = engine or engine_for(url)
        # One that keeps its connection: tests ask much.
        self.owner: Engine = owner or create_engine(url)
        self.file = folder / "accounts.yaml"
        self.host = "bank"  # that of the newest plan
        self.accounts("a", "b", "c")

    def listed(self, rows: list[dict[str, Any]]) -> None:
        """Accounts (id, and what differs from an open EUR account of QB01), as a plan writes them, without a period."""
        defaults: dict[str, Any] = {
            "currency": "EUR", "minor_units": 2, "entity": "QB01", "gl": "1100", "zone": "UTC", "cut_off": None,
            "max_age": 90, "tolerance": "0", "bank_account": None, "bank_id": None, "active": True,
        }  # fmt: skip
        self.rows(ACCOUNTS, rows=json.dumps([{**defaults, "name": row["id"], **row} for row in rows]))

    def opened(self, *ids: str, at: datetime, closed_at: datetime | None = None) -> None:
        """A period in which these accounts are expected."""
        for id_ in ids:
            self.rows(
                "INSERT INTO ledger.account_period VALUES (:id, :at, :end)", id=id_, at=at, end=closed_at
            )

    def observed(self, rows: list[dict[str, Any]], seal_no: int = 1) -> None:
        """Balances (id, at, amount, available where it differs, currency) over whatever is in their hours."""
        rows = [{"available": row["amount"], **row} for row in rows]
        for month in {row["at"].astimezone(UTC).replace(day=15) for row in rows}:
            self.rows("SELECT ledger.ensure_partitions(:at)", at=month)
        self.rows(BALANCES, rows=json.dumps(rows, default=str), seal_no=seal_no)

    def accounts(self, *ids: str, **fields: str) -> None:
        """Write the accounts file: these ids, EUR unless ``fields`` say otherwise."""
        keys = {"currency": "EUR", "entity": "QB01", "gl_account": "'1100'", **fields}
        given = ", ".join(f"{key}: {value}" for key, value in keys.items())
        lines = "".join(f"  - {{account_id: {id_}, {given}}}\n" for id_ in ids)
        self.file.write_text(f"accounts:\n{lines}")

    def plan(self, **options: Any) -> int:
        """A new run; returns its number."""
        settings: dict[str, Any] = {
            "dag_run_id": "test",
            "connection": "qbank_default",
            "timeout": HOUR,
            **options,
        }
        self.host = settings.pop("api_host", "bank")
        return plan_run(self.engine, self.file, find_host=lambda _: self.host, **settings).run_no

    def fetch(self, run_no: int, replies: Iterable[Reply] | Callable[[str], Reply] | None = None) -> int:
        """Stage replies for the run's only batch: these, one an id, or good ones."""

        def ask(account_ids: list[str], *, budget_s: float) -> Iterable[Any]:
            if replies is None:
                return [Reply(account_id=id_) for id_ in account_ids]
            return [replies(id_) for id_ in account_ids] if callable(replies) else replies

        return fetch_batch(self.engine, run_no, 0, api_host=self.host, budget_s=60, get_balances=ask)

    def audit(self, run_no: int) -> int:
        """Audit the run; returns how many answers are fit."""
        return audit_run(self.engine, run_no, self.folder / "docs")

    def publish(self, run_no: int) -> int:
        """Publish the run; returns the rows it has written."""
        return publish_run(self.engine, run_no)

    def close(self, run_no: int) -> str:
        """Close the run; returns its state."""
        with self.engine.begin() as connection:
            return close_run(connection, run_no).state

    def run(self, replies: Any = None, **options: Any) -> int:
        """A whole run; returns its number."""
        run_no = self.plan(**options)
        self.fetch(run_no, replies)
        self.audit(run_no)
        self.publish(run_no)
        self.close(run_no)
        return run_no

    def quick_run(self, replies: Any = None, **options: Any) -> int:
        """A whole run with a quick audit."""
        with patch.object(audit, "evaluate", self._count_broken):
            return self.run(replies, **options)

    def quick_audit(self, run_no: int) -> int:
        """An audit whose rules PostgreSQL alone counts: Great Expectations takes a second or two."""
        with patch.object(audit, "evaluate", self._count_broken):
            return self.audit(run_no)

    def _count_broken(self, _engine: Engine, run_no: int, answers: int, *_: Any) -> tuple[list[Any], None]:
        counts = ", ".join(f"count(*) FILTER (WHERE {rule.predicate})" for rule in audit.RULES)
        found = self.rows(f"SELECT {counts} FROM sync.audit_subject AS s WHERE run_no = :n", n=run_no)[0]
        return [audit.Result(audit.GATE, "critical", True, answers)] + [
            audit.Result(rule.name, rule.severity, count == 0, count)
            for rule, count in zip(audit.RULES, found, strict=True)
        ], None

    @contextmanager
    def people(self, roles: Mapping[str, str]) -> Iterator[dict[str, Engine]]:
        """Somebody with a login for each name, in these roles: logins are the server's, so they have the database's name."""
        logins = {name: f"{name}_{self.url.database}" for name in roles}
        for name, login in logins.items():
            self.rows(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}'")
            self.rows(f"GRANT {roles[name]} TO {login}")
        engines = {
            name: engine_for(self.url.set(username=login, password=PASSWORD), role=None, poolclass=QueuePool)
            for name, login in logins.items()
        }
        yield engines
        for name, login in logins.items():
            engines[name].dispose()
            self.rows(f"DROP ROLE {login}")

    def stay_in_one_hour(self) -> None:
        """Wait, where the next seconds would cross an hour, and with it a day or a month, until they do not."""
        left = float(self.value("SELECT 3600 - extract(epoch FROM now()) % 3600"))
        if left < 30:
            time.sleep(left + 0.1)

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """Rows of a query, as the superuser."""
        with self.owner.begin() as connection:
            result = connection.execute(text(sql), parameters)
            return list(result.all()) if result.returns_rows else []

    def value(self, sql: str, **parameters: Any) -> Any:
        """The one value of a query, as the superuser."""
        return self.rows(sql, **parameters)[0][0]
