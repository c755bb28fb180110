"""A run's rooms over a ledger, one after the other, each timed; the answers are written in one statement."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from benchmarks.ledger import run, seconds
from benchmarks.stack import write_accounts
from qbank_ledger.sync.audit import audit_run
from qbank_ledger.sync.plan import plan_run
from qbank_ledger.sync.publish import publish_run
from qbank_ledger.sync.settle import settle_run

ROOMS = ("plan", "audit", "publish", "settle")
_ANSWER = """
INSERT INTO sync.observation
SELECT a.run_no, a.account_id, 'answered', NULL, 100.25, 100.5,
       NULL, NULL, NULL, NULL, 200, 1, clock_timestamp()
  FROM sync.run_account AS a WHERE a.run_no = :run_no
"""


def time_rooms(engine: Engine, superuser: Engine, ids: Sequence[str]) -> dict[str, float]:
    """Seconds of each room, in a run that asks for these accounts."""
    with TemporaryDirectory() as folder:
        accounts, docs = Path(folder) / "accounts.csv", Path(folder) / "docs"
        write_accounts(accounts, ids)
        run_no = 0

        def plan() -> None:
            nonlocal run_no
            run_no = plan_run(
                engine,
                accounts,
                dag_run_id="bench",
                connection="qbank_default",
                find_host=lambda _: "bank",
                timeout=timedelta(hours=1),
            ).run_no

        took = {"plan": seconds(plan)}
        run(superuser, _ANSWER, run_no=run_no)
        run(superuser, "ANALYZE sync.observation; ANALYZE sync.run_account; ANALYZE sync.run")
        took["audit"] = seconds(lambda: audit_run(engine, run_no, docs))
        took["publish"] = seconds(lambda: publish_run(engine, run_no))
        took["settle"] = seconds(lambda: settle_run(engine, run_no))
        return took
