"""The DAGs as functions: a file of two lines makes one, with what is the caller's own."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.models import Pool
from airflow.sdk import DAG, Asset
from airflow.utils.session import create_session

from qbank_airflow.plugin import on_dag_run_running
from qbank_airflow.pool import SLOTS
from tests.conftest import REPOSITORY

TWO_LEDGERS = """
from qbank_airflow.dags import qbank_balance_sync, qbank_reconciliation

for name in ("one", "two"):
    qbank_balance_sync(
        f"sync_{name}", qbank_conn_id=f"qbank_{name}", ledger_conn_id=f"ledger_{name}", accounts=f"{name}.yaml",
        asset=f"ledger://{name}", pool=f"calls_{name}", schedule="*/30 * * * *", tags=("treasury",),
        default_args={"owner": name}, max_active_tasks=3,
    )
    qbank_reconciliation(f"recon_{name}", ledger_conn_id=f"ledger_{name}", asset=f"ledger://{name}")
"""


def dags_of(folder: Path, text: str) -> dict[str, DAG]:
    (folder / "ledgers.py").write_text(f"# a DAG of Airflow\n{text}")
    bag = DagBag(str(folder))
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_a_file_that_imports_a_dag_has_those_that_it_makes_alone(tmp_path: Path) -> None:
    dags = dags_of(tmp_path, "from qbank_airflow.dags import qbank_balance_sync\nqbank_balance_sync()")
    assert list(dags) == ["qbank_balance_sync"]


def test_two_ledgers_in_one_airflow_are_two_calls(tmp_path: Path) -> None:
    dags = dags_of(tmp_path, TWO_LEDGERS)
    assert set(dags) == {"sync_one", "recon_one", "sync_two", "recon_two"}
    sync = dags["sync_two"]
    assert (sync.schedule, sync.max_active_tasks) == ("*/30 * * * *", 3)
    assert {"qbank", "ledger", "treasury"} <= sync.tags
    assert {task.owner for task in sync.tasks} == {"two"}
    assert {task.retries for task in sync.tasks} == {2, 1}, "ours stay where the caller gives none"
    assert sync.get_task("fetch").pool == "calls_two"
    assert sync.get_task("publish").outlets == [Asset("ledger://two")]
    assert dags["recon_two"].timetable.asset_condition == Asset("ledger://two")


def test_the_schedule_is_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QBANK_SCHEDULE", "5,35 * * * *")
    assert DagBag(str(REPOSITORY / "dags")).dags["qbank_balance_sync"].schedule == "5,35 * * * *"


@pytest.mark.usefixtures("metadata")
def test_the_pool_of_the_callers_choice_is_made_where_it_is_absent(tmp_path: Path) -> None:
    dag = dags_of(tmp_path, TWO_LEDGERS)["sync_two"]
    on_dag_run_running(SimpleNamespace(dag=dag))
    with create_session() as session:
        assert Pool.get_pool("calls_two", session=session).slots == SLOTS
    on_dag_run_running(
        SimpleNamespace(dag=SimpleNamespace(tags=["other"], tasks=[SimpleNamespace(pool="x")]))
    )
    with create_session() as session:
        assert Pool.get_pool("x", session=session) is None, "another DAG's pool is its own"
