"""
### Every account's balance, once an hour, into the ledger

**plan → fetch → audit → publish → settle.** Asks QBank for the balance of every configured account,
audits the answers with Great Expectations, and publishes what is fit to `ledger.balance`, all at once.

* *accounts*: the configured accounts to ask for, by id; empty: all of them.
* *dry_run*: fetch and audit, but publish nothing.

**A red run has still published the good balances.** Its last task, `settle`, counts and names the accounts
that are missing, with their reasons; `sync.outcome` has them all. To ask again for what failed, clear the
red `fetch` task with its downstream tasks; to refresh everything, trigger a new run. The bank has only
current balances, so a backfill is refused.
"""

from datetime import UTC, datetime, timedelta
from functools import partial

from airflow.sdk import DAG, Asset, Param, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from qbank.hook import QBankHook
from qbank_airflow import lineage
from qbank_airflow.accounts import accounts_from
from qbank_airflow.bank import find_host
from qbank_airflow.boundary import ledger, refuse_unknown_conf, task_errors
from qbank_airflow.names import BALANCE, LEDGER, TAGS
from qbank_airflow.pool import POOL
from qbank_airflow.storage import at_if_given
from qbank_ledger.config import accounts_place, docs_place, schedule
from qbank_ledger.sync.audit import audit_run
from qbank_ledger.sync.fetch import batch_connection, fetch_batch
from qbank_ledger.sync.plan import plan_run
from qbank_ledger.sync.publish import publish_run
from qbank_ledger.sync.settle import settle_run

RUN_TIMEOUT = timedelta(minutes=57)
PARAMS = {
    "accounts": Param(
        [],
        type=["array", "null"],
        items={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        title="Accounts",
        description="Account ids from the accounts file, one per line. Empty: all accounts.",
    ),
    "dry_run": Param(
        False,
        type="boolean",
        title="Dry run",
        description="Fetch and audit, but publish nothing.",
    ),
}
DEFAULT_ARGS = {
    "owner": "finance-data",
    "retries": 2,
    "retry_delay": timedelta(seconds=15),  # said here: a mapped task forgets the configured default
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=2),
}


def qbank_balance_sync(
    dag_id: str = "qbank_balance_sync",
    *,
    qbank_conn_id: str = QBankHook.default_conn_name,
    ledger_conn_id: str = LEDGER,
    accounts: str | None = None,
    docs: str | None = None,
    asset: str = BALANCE,
    pool: str = POOL,
    default_args: dict | None = None,
    tags: tuple[str, ...] = (),
    **options,
) -> DAG:
    """The DAG, for one bank and one ledger; what is not given is as the environment says.

    qbank_conn_id is the connection of accounts that name none;
    accounts and docs as QBANK_ACCOUNTS_FILE and QBANK_DOCS; asset names the ledger in Airflow's graph;
    default_args go over those here; options are Airflow's own of a DAG, such as schedule.
    """

    engine = partial(ledger, ledger_conn_id)

    @dag(
        dag_id,
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=RUN_TIMEOUT,
        doc_md=__doc__,
        tags=[*TAGS, *tags],
        params=PARAMS,
        default_args={**DEFAULT_ARGS, **(default_args or {})},
        **{"schedule": schedule(), **options},
    )
    def wiring():
        @task(execution_timeout=timedelta(minutes=7))
        def plan(params: dict | None = None) -> list[int]:
            """Write down what the run asks for; gives the numbers of its batches, and its own."""
            refuse_unknown_conf()
            context = get_current_context()
            dag_run = context["dag_run"]
            if dag_run.run_type == "backfill":
                raise AirflowFailException(
                    "The bank can only be asked about the present: a backfill is refused."
                )
            with task_errors():
                run = plan_run(
                    engine(),
                    accounts_from(accounts or accounts_place()),
                    dag_run_id=dag_run.run_id,
                    connection=qbank_conn_id,
                    find_host=find_host,
                    timeout=RUN_TIMEOUT,
                    only=params["accounts"] or (),
                    dry_run=params["dry_run"],
                )
            context["ti"].xcom_push("run_no", run.run_no)
            return list(range(run.batches))

        @task(pool=pool, retries=1, execution_timeout=timedelta(minutes=27))
        def fetch(run_no: int, batch_no: int) -> int:
            """Ask the bank for a batch of accounts; what comes is written down as it comes."""
            with task_errors():
                staged = engine(writes=["sync.observation"])
                hook = QBankHook(batch_connection(staged, run_no, batch_no) or qbank_conn_id)
                lineage.report(staged.url, reads=[hook.uri])
                with hook.get_conn() as bank:
                    how = {"api_host": hook.api_host, "budget_s": hook.fetch_budget_s, "timeout": RUN_TIMEOUT}
                    return fetch_batch(staged, run_no, batch_no, get_balances=bank.get_balances, **how)

        @task(trigger_rule="all_done_min_one_success", execution_timeout=timedelta(minutes=10))
        def audit(run_no: int) -> int:
            """Decide what is fit to publish."""
            with task_errors():
                audited = engine(reads=["sync.observation"], writes=["sync.verdict"])
                return audit_run(audited, run_no, at_if_given(docs_place() if docs is None else docs))

        @task(outlets=[Asset(asset)], execution_timeout=timedelta(minutes=10))
        def publish(run_no: int) -> int:
            """Put what is fit into the ledger, all at once."""
            with task_errors():
                published = engine(reads=["sync.observation", "sync.verdict"], writes=["ledger.balance"])
                rows = publish_run(published, run_no)
            if not rows:
                raise AirflowSkipException("Nothing to publish.")
            return rows

        # all_done, since a skipped publish must not skip the one task that tells a loss: it looks itself.
        @task(trigger_rule="all_done", execution_timeout=timedelta(minutes=6))
        def settle() -> None:
            """Close the run; fail, naming the accounts, when any is missing."""
            run_no = get_current_context()["ti"].xcom_pull(task_ids="plan", key="run_no")
            if run_no is None:
                raise AirflowFailException("There is no run: its plan failed. The plan's log says why.")
            with task_errors():
                settle_run(engine(), run_no)

        batches = plan()
        run_no = batches["run_no"]
        fetched = fetch.partial(run_no=run_no).expand(batch_no=batches)
        fetched >> audit(run_no) >> publish(run_no) >> settle()

    return wiring()


if not __name__.startswith("qbank_airflow."):  # imported from there, it is the importer's to call
    qbank_balance_sync()
