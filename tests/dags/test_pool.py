"""The pool that bounds the fetch tasks is there when a run that needs it begins."""

from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.models import Pool
from airflow.utils.session import create_session

from qbank_airflow.plugin import on_dag_run_running
from qbank_airflow.pool import POOL, SLOTS
from tests.conftest import REPOSITORY

DAGS = DagBag(str(REPOSITORY / "dags")).dags


def slots() -> int | None:
    with create_session() as session:
        pool = Pool.get_pool(POOL, session=session)
        return pool and pool.slots


def begin(dag_id: str) -> None:
    on_dag_run_running(SimpleNamespace(dag=DAGS[dag_id]))


@pytest.mark.usefixtures("metadata")
def test_a_run_makes_the_pool_that_it_needs_where_it_is_absent() -> None:
    with create_session() as session:
        session.delete(Pool.get_pool(POOL, session=session))
    begin("qbank_reconciliation")
    on_dag_run_running(SimpleNamespace(dag=None))
    assert slots() is None, "neither needs it"
    begin("qbank_balance_sync")
    assert slots() == SLOTS


@pytest.mark.usefixtures("metadata")
def test_a_pool_that_is_there_stays_as_it_is() -> None:
    with create_session() as session:
        Pool.get_pool(POOL, session=session).slots = 7
    begin("qbank_balance_sync")
    assert slots() == 7
