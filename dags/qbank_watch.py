"""
### Find problems in the ledger and alert people

**watch.** Checks the ledger every ten minutes, including at a quarter past each hour, for: a missing hour or
one with missing accounts, stale balances, answers held back, a failed run, a break above its limit, a
withdrawn approval, refused or late books, a broken seal. Each problem has a row in `ledger.alert` from when
it is found until it is resolved.
The connections in `QBANK_ALERT_CONNECTIONS` (of type `smtp` or `apprise`) get one message when a problem
opens, one when it clears, and one every `QBANK_ALERT_REMIND_HOURS` in between. Several problems of a kind
share a message.

**If the scheduler stops, so does this DAG.** To learn of that, run a check elsewhere: `qbank-ledger watch`
from a timer, beside this DAG or in its place, or a monitor that polls `/qbank/health`.

**A red run** means that the ledger's database can't be queried; the log says why. An unreachable mail server
is a warning in the log, and the next run tries it again.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, dag, task

from qbank_airflow.alerts import watch_ledger
from qbank_airflow.boundary import ledger, task_errors
from qbank_airflow.names import LEDGER, TAGS
from qbank_ledger.config import alert_connections, alert_remind_hours

# Not tried again: the next run is ten minutes away.
DEFAULT_ARGS = {"owner": "finance-data", "retries": 0, "retry_delay": timedelta(seconds=15)}


def qbank_watch(
    dag_id: str = "qbank_watch",
    *,
    ledger_conn_id: str = LEDGER,
    alert_conn_ids: tuple[str, ...] | None = None,
    default_args: dict | None = None,
    tags: tuple[str, ...] = (),
    **options,
) -> DAG:
    """The DAG, for one ledger; what is not given is as the environment says.

    alert_conn_ids as QBANK_ALERT_CONNECTIONS; default_args go over those here; options are Airflow's own of a
    DAG, such as schedule.
    """

    @dag(
        dag_id,
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(minutes=9),
        doc_md=__doc__,
        tags=[*TAGS, "alerts", *tags],
        default_args={**DEFAULT_ARGS, **(default_args or {})},
        **{"schedule": "5-55/10 * * * *", **options},
    )
    def wiring():
        @task(execution_timeout=timedelta(minutes=8))
        def watch() -> str:
            """Look at the ledger, keep what is wrong, tell the receivers; gives how much of each."""
            with task_errors():
                to = alert_connections() if alert_conn_ids is None else alert_conn_ids
                return watch_ledger(ledger(ledger_conn_id), to, alert_remind_hours())

        watch()

    return wiring()


if not __name__.startswith("qbank_airflow."):  # imported from there, it is the importer's to call
    qbank_watch()
