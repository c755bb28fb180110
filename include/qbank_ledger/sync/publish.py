"""Publish: the fit answers of a run into the ledger, all at once, with their seal."""

import logging
from datetime import timedelta

from sqlalchemy import Connection, Engine

from qbank_ledger.db.locks import acquire_lock
from qbank_ledger.db.transaction import in_transaction, plan_for_sets
from qbank_ledger.errors import RunRefusedError
from qbank_ledger.sync.run import lock_run
from qbank_ledger.sync.sql import execute

log = logging.getLogger(__name__)


def publish_run(engine: Engine, run_no: int) -> int:
    """Publish an open run's fit answers in one transaction; returns how many rows the run has written.

    The same run again changes nothing and returns the same, so a commit whose answer was lost is
    read back by trying again. 0 for a dry run, and when nothing is fit or all of it was observed
    later by another run. Raises RunRefusedError when the run is closed.
    """
    return in_transaction(engine, lambda connection: _publish(connection, run_no))


def _publish(connection: Connection, run_no: int) -> int:
    # The lock first, then the run, then the time: see publish_moment.sql.
    acquire_lock(connection, "publish")
    run = lock_run(connection, run_no)
    if run.state != "running":
        raise RunRefusedError(
            f"Run {run_no} was closed before it was published: clear its fetch with everything downstream."
        )
    if run.dry_run:
        return 0
    plan_for_sets(connection)
    moment = execute(connection, "publish_moment").one()
    written = execute(connection, "publish_balances", run_no=run_no, **moment._mapping).rowcount
    if written:
        since = run.started_at - timedelta(hours=1)
        execute(connection, "publish_seal", run_no=run_no, since=since, **moment._mapping)
    execute(connection, "record_publication", run_no=run_no, recorded_at=moment.recorded_at)
    total = int(execute(connection, "count_published", run_no=run_no).scalar_one())
    log.info("publish: run %s wrote %s rows, %s in all", run_no, written, total)
    return total
