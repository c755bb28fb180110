"""
### Compare the bank with the general ledger

**load → match, sources, compare → judge, close.** Loads new files from the sources of books
(`QBANK_GL_SOURCES_FILE`) and the ERP's files that the run names. Then compares the bank's closing balances
with those of the general ledger. `recon.reconciliation` has the difference, cause and age of each;
`recon.open_break` has what is open. Makes a month's close pack if the run names the month. Runs when the
ledger is updated, and by hand.

* *as_of_date*: the date to compare, even before its cut-off; empty: every past date whose data changed.
* *gl_file*, *items_file*, *rates_file*: files with closing balances, outstanding items, exchange rates,
  below a folder of `QBANK_FILES_DIRS` of the worker, or in object storage (`s3://conn@bucket/key`).
* *gl_profile*, *items_profile*, *rates_profile*: how each is read (`qbank-ledger gl-preview` shows it);
  empty: `plain`, a CSV with entity,gl_account,currency,as_of_date,balance or, of items,
  entity,gl_account,currency,item_date,cleared_date,side,kind,amount,reference or, of rates,
  from_currency,to_currency,as_of_date,rate. *gl_date*, *gl_entity*, *gl_currency*: what a profile takes
  from the run.
* *close_month*: a month such as 2026-10, whose close pack goes where `QBANK_PACKS` says;
  empty: none, and *close* is skipped. A month that is not ready gets a pack too, which says what is missing.

**A red run needs a person now.** *load*: a file was refused and nothing of it was loaded; the log names the
lines. Correct it and trigger the run again. *match*: a file was loaded, but none of an entity's rows matches
an account; the log names the rows and the accounts likely meant. *sources*: a source's file was refused
(reported once), or a source can't be reached; the other files were loaded, and the comparison is valid.
*judge*: a break is above its currency's limit (`QBANK_BREAK_LIMITS`) and nobody has prepared its sign-off;
the comparison is valid. *close*: the month is still to come or has no data; a pack that can't be
written is only a warning. Other breaks don't turn a run red: they are in `recon.open_break`.
Loading the same file or running again changes nothing.
"""

from datetime import UTC, date, datetime, timedelta
from functools import partial

from airflow.sdk import DAG, Asset, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from qbank_airflow.books import load_books
from qbank_airflow.boundary import ledger, refuse_unknown_conf, task_errors
from qbank_airflow.names import BALANCE, LEDGER, TAGS
from qbank_airflow.params import optional, optional_date
from qbank_airflow.storage import at_if_given
from qbank_ledger.config import break_limits, packs_place
from qbank_ledger.db.transaction import PATIENCE_S
from qbank_ledger.month_end.pack import close_month
from qbank_ledger.recon.limits import require_within_limits
from qbank_ledger.recon.match import require_matched
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.recon.sources import require_books

PARAMS = {
    "as_of_date": optional_date(
        "Date", "The date to compare, even before its cut-off. Empty: every past date whose data changed."
    ),
    "gl_file": optional("GL balances", "Path or object-storage URL of a file with closing balances."),
    "gl_profile": optional("GL profile", "How that file is read. Empty: plain, the ledger's own layout."),
    "gl_date": optional_date("GL date", "Only if the profile takes the date from the run."),
    "gl_entity": optional("GL entity", "Only if the profile takes it from the run, such as a company code."),
    "gl_currency": optional("GL currency", "Only if the profile takes it from the run, such as EUR."),
    "items_file": optional(
        "Outstanding items", "Path or object-storage URL of a file with outstanding items."
    ),
    "items_profile": optional(
        "Items profile", "How that file is read. Empty: plain, the ledger's own layout."
    ),
    "rates_file": optional("Exchange rates", "Path or object-storage URL of a file with exchange rates."),
    "rates_profile": optional(
        "Rates profile", "How that file is read. Empty: plain, the ledger's own layout."
    ),
    "close_month": optional(
        "Month to close",
        "Make the close pack of this month, such as 2026-10. Empty: none.",
        pattern="^([0-9]{4}-(0[1-9]|1[0-2]))?$",
    ),
}
DEFAULT_ARGS = {"owner": "finance-data", "retries": 1, "retry_delay": timedelta(seconds=15)}


def qbank_reconciliation(
    dag_id: str = "qbank_reconciliation",
    *,
    ledger_conn_id: str = LEDGER,
    packs: str | None = None,
    asset: str = BALANCE,
    default_args: dict | None = None,
    tags: tuple[str, ...] = (),
    **options,
) -> DAG:
    """The DAG, for one ledger, after each update of its asset; what is not given is as the environment says.

    packs as QBANK_PACKS; default_args go over those here; options are Airflow's own of a DAG.
    """

    engine = partial(ledger, ledger_conn_id)

    @dag(
        dag_id,
        start_date=datetime(2020, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=timedelta(minutes=57),
        doc_md=__doc__,
        tags=[*TAGS, "reconciliation", *tags],
        params=PARAMS,
        default_args={**DEFAULT_ARGS, **(default_args or {})},
        **{"schedule": Asset(asset), **options},
    )
    def wiring():
        @task(execution_timeout=timedelta(minutes=10))
        def load(params: dict | None = None) -> dict[str, list]:
            """Load what is new in the sources, then what the run names, each file whole or not at all."""
            refuse_unknown_conf()
            with task_errors():
                return load_books(engine(), params)

        @task(execution_timeout=timedelta(minutes=2))
        def match(load_nos: list[int]) -> None:
            """Fail where none of an entity's rows in a file that was loaded matches an account."""
            with task_errors():
                require_matched(engine(), load_nos)

        @task(retries=0, execution_timeout=timedelta(minutes=2))
        def sources(unreachable: list[str]) -> None:
            """Fail where a file of the sources was refused, once for each, or a source can't be reached."""
            with task_errors():
                require_books(engine(), unreachable)

        @task(execution_timeout=timedelta(minutes=20))
        def compare(params: dict | None = None) -> dict[str, int]:
            """Compare the two sides; gives how many versions of each status were written."""
            asked = params["as_of_date"]
            with task_errors():
                compared = engine(
                    reads=["ledger.balance", "recon.gl_balance", "recon.item"],
                    writes=["recon.reconciliation"],
                )
                return reconcile(compared, date.fromisoformat(asked) if asked else None)

        @task(execution_timeout=timedelta(minutes=6))
        def judge() -> None:
            """Fail where a break is above its limit and nobody has taken it on."""
            with task_errors():
                require_within_limits(engine(), break_limits())

        @task(execution_timeout=timedelta(minutes=20))
        def close(params: dict | None = None) -> list[str]:
            """Make the close pack of the month that the run names, if any; gives its files."""
            if not params["close_month"]:
                raise AirflowSkipException("The run names no month to close.")
            with task_errors():
                pack = close_month(
                    engine(),
                    params["close_month"],
                    at_if_given(packs_place() if packs is None else packs),
                    patience_s=PATIENCE_S,
                )
            return [str(pack.workbook), str(pack.page)]

        loaded = load()
        match(loaded["load_nos"])
        sources(loaded["unreachable"])
        loaded >> compare() >> [judge(), close()]

    return wiring()


if not __name__.startswith("qbank_airflow."):  # imported from there, it is the importer's to call
    qbank_reconciliation()
