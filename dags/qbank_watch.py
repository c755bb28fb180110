"""
### What is wrong with the ledger now, told to whoever should know

**watch.** Looks at the ledger every ten minutes, a quarter past each hour among them: an hour that is missing
or lacks accounts, stale balances, answers held back, a failed run, a break above its limit, an approval that
was taken back, books that were refused or are late, a broken seal. Each is a row of `ledger.alert` from when
it is found until it is over.
The connections in `QBANK_ALERT_CONNECTIONS` (of type `smtp` or `apprise`) are told once when it opens, once
when it clears, and again every `QBANK_ALERT_REMIND_HOURS` in between; many of a kind are one message.

**This DAG is as alive as its scheduler.** What tells you of a scheduler that stands still has to run
elsewhere: `qbank-ledger watch` from a timer, beside this or in its place, or a monitor that asks for
`/qbank/health`.

**A red run**: the ledger's database can't be asked; the log says why. A mail server that is away is a
warning in the log, and is tried again by the next run.
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
