"""What Airflow loads by itself, wherever the distribution is installed: the pool is there when a run begins.

Without it Airflow would keep a fetch scheduled until its run's time is over, and say why in the scheduler's
log alone. A task can't see pools, and neither can a DAG file; the scheduler, which calls this, can.
"""

import logging
import sys
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from qbank_airflow.names import TAGS
from qbank_airflow.pool import SLOTS, make_pool

log = logging.getLogger(__name__)


@hookimpl  # type: ignore[untyped-decorator]
def on_dag_run_running(dag_run: Any) -> None:
    """Make the pool where a run needs it and it is absent; called by the scheduler, which logs what fails."""
    from airflow.utils.session import create_session  # noqa: PLC0415 - of the scheduler alone

    if dag_run.dag is None or not set(TAGS) <= set(dag_run.dag.tags):
        return
    # Not the scheduler's own session: that may not commit here.
    with create_session(scoped=False) as session:
        for pool in sorted({task.pool for task in dag_run.dag.tasks}):
            if make_pool(session, pool):
                log.warning("The pool %s was missing: it has been made, with %s slots.", pool, SLOTS)


class QBankPlugin(AirflowPlugin):  # type: ignore[misc]
    """Registered by the entry point ``airflow.plugins``."""

    name = "qbank"
    listeners = (sys.modules[__name__],)
