"""What every DAG of the project keeps to."""

from datetime import timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, Asset

from qbank_ledger.sync.fetch import MOST_BUDGET_S
from tests.conftest import REPOSITORY

BAG = DagBag(str(REPOSITORY / "dags"))
DAGS = sorted(BAG.dags.values(), key=lambda dag: dag.dag_id)


def test_every_file_is_read_without_an_error() -> None:
    assert BAG.import_errors == {}
    assert "qbank_balance_sync" in BAG.dags


@pytest.mark.parametrize("dag", DAGS, ids=lambda dag: dag.dag_id)
def test_a_dag_says_what_it_does_and_bounds_its_time(dag: DAG) -> None:
    assert dag.doc_md
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert dag.dagrun_timeout is not None
    assert dag.dagrun_timeout < timedelta(hours=1)
    for task in dag.tasks:
        assert task.owner != "airflow"
        assert task.doc_md or task.python_callable.__doc__, task.task_id
        assert task.execution_timeout is not None, task.task_id
        assert task.retry_delay == timedelta(seconds=15), task.task_id
        assert task.execution_timeout * (task.retries + 1) < dag.dagrun_timeout, task.task_id


def test_a_fetch_says_what_it_lacks_before_it_is_ended() -> None:
    limit = BAG.dags["qbank_balance_sync"].get_task("fetch").execution_timeout
    assert limit.total_seconds() >= MOST_BUDGET_S + 60


def test_the_sync_is_hourly_and_its_form_has_two_params() -> None:
    dag = BAG.dags["qbank_balance_sync"]
    assert dag.schedule == "@hourly"
    assert set(dag.params) == {"accounts", "dry_run"}
    assert dag.get_task("publish").outlets == [Asset("ledger://balance")]
    assert [task.task_id for task in dag.tasks if task.outlets] == ["publish"]
    assert [task.task_id for task in dag.leaves] == ["settle"]
    assert {task.retry_exponential_backoff for task in dag.tasks} == {2.0}
    assert {task.max_retry_delay for task in dag.tasks} == {timedelta(minutes=2)}
    assert dag.get_task("settle").retries == 2  # for a database that is away: a lost account fails it at once


def test_the_watch_looks_every_ten_minutes_and_ends_before_its_next() -> None:
    dag = BAG.dags["qbank_watch"]
    assert dag.schedule == "5-55/10 * * * *", "at a quarter past the hour, too: so long an hour has"
    assert dag.dagrun_timeout < timedelta(minutes=10)
    assert {task.pool for task in dag.tasks} == {"default_pool"}, "it never waits for a run's slot"
