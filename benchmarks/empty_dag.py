"""A DAG of the sync's shape that does nothing: what Airflow itself takes."""

from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False)
def empty_dag() -> None:
    @task
    def plan() -> list[int]:
        return [0]

    @task
    def fetch(batch_no: int) -> int:
        return batch_no

    @task
    def audit() -> None:
        pass

    @task
    def publish() -> None:
        pass

    @task
    def settle() -> None:
        pass

    fetch.expand(batch_no=plan()) >> audit() >> publish() >> settle()


empty_dag()
