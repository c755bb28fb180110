"""One room of a run as a process of its own: ``python -m chaos.room ROOM``, as a task of Airflow's would be.

It may be told to stop at a statement (CHAOS_STOP_AT), where it says so and waits for a line on standard
input: that is where a fault is put in. ``commit`` and ``committed`` are the moments just before and just
after the server commits.
"""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine.default import DefaultDialect

from qbank.client import QBankClient
from qbank.settings import Settings
from qbank_ledger.config import accounts_place, docs_place, ledger_url
from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import LedgerError
from qbank_ledger.sync import audit, fetch, plan, publish, run, settle

BUDGET_S = 120.0
HOST = "bank"
_BATCHES = text("SELECT batch_no FROM sync.batch WHERE run_no = :run_no ORDER BY batch_no")


def main(room: str) -> int:
    """Exit code 0, 1 for an error that stays, 75 for one that a retry may mend."""
    if shift := float(os.environ.get("CHAOS_CLOCK_SHIFT_S", "0")):
        _shift_clock(shift)
    _stop_at(os.environ.get("CHAOS_STOP_AT", ""))
    try:
        print(f"done {_ROOMS[room]()}", flush=True)
    except LedgerError as error:
        print(f"failed {error}", flush=True)
        return 75 if error.retryable else 1
    return 0


def _plan() -> int:
    run = plan.plan_run(
        engine_for(ledger_url()),
        Path(accounts_place()),
        dag_run_id="chaos",
        connection="qbank_default",
        find_host=lambda _: HOST,
        timeout=timedelta(minutes=50),
    )
    return run.run_no


def _fetch() -> int:
    with QBankClient(_settings()) as bank:
        ledger, of_bank = engine_for(ledger_url()), {"api_host": HOST, "get_balances": bank.get_balances}
        with ledger.connect() as connection:
            batches = connection.execute(_BATCHES, {"run_no": _run_no()}).scalars().all()
        return sum(
            fetch.fetch_batch(ledger, _run_no(), batch, budget_s=BUDGET_S, **of_bank)  # type: ignore[arg-type]
            for batch in batches
        )


def _settings() -> Settings:
    given = {name: os.environ[f"CHAOS_{name.upper()}"] for name in ("api_url", "client_id", "client_secret")}
    return Settings(**given, token_url=f"{given['api_url']}/token", max_backoff_s=5.0, timeout_s=2.0)  # type: ignore[arg-type]


def _run_no() -> int:
    return int(os.environ["CHAOS_RUN_NO"])


def _settle() -> str:
    return settle.settle_run(engine_for(ledger_url()), _run_no()).state


_ROOMS = {
    "plan": _plan,
    "fetch": _fetch,
    "audit": lambda: audit.audit_run(engine_for(ledger_url()), _run_no(), Path(docs_place())),
    "publish": lambda: publish.publish_run(engine_for(ledger_url()), _run_no()),
    "settle": _settle,
}


def _stop_at(place: str) -> None:
    """Wait for the driver where it wants the fault to be; once."""
    waits = [place] if place else []

    def here(now: str) -> None:
        if waits == [now]:
            waits.clear()
            print(f"at {now}", flush=True)
            sys.stdin.readline()

    for module in (plan, fetch, audit, publish, run, settle):
        module.execute = _stopping(module.execute, here)  # type: ignore[attr-defined]
    commit = DefaultDialect.do_commit

    def committing(self: DefaultDialect, connection: Any) -> None:
        here("commit")
        commit(self, connection)
        here("committed")

    DefaultDialect.do_commit = committing  # type: ignore[method-assign]


def _stopping(execute: Any, here: Any) -> Any:
    def call(connection: Any, name: str, **parameters: Any) -> Any:
        here(name)
        return execute(connection, name, **parameters)

    return call


def _shift_clock(seconds: float) -> None:
    """This process's wall clock is wrong. Not datetime's own, whose class C code knows."""
    real = time.time
    time.time = lambda: real() + seconds


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
