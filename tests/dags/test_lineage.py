"""What the tasks report as lineage, where somebody collects it; OpenLineage itself: tests/thirdparty."""

from collections.abc import Iterator

import pytest
from airflow.sdk import lineage as airflow_lineage
from airflow.sdk import plugins_manager
from sqlalchemy import make_url

from qbank_airflow import lineage

BALANCE = ["ledger.balance"]


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[airflow_lineage.HookLineageCollector]:
    """Airflow's own, as it is where a plugin reads it."""
    readers = [airflow_lineage.HookLineageReader]
    monkeypatch.setattr(plugins_manager, "get_hook_lineage_readers_plugins", lambda: readers)
    airflow_lineage.get_hook_lineage_collector.cache_clear()
    yield airflow_lineage.get_hook_lineage_collector()
    airflow_lineage.get_hook_lineage_collector.cache_clear()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:hidden@db.example:6432/fin?sslmode=require", "db.example:6432/fin"),
        ("postgresql://u:hidden@db.example/fin", "db.example:5432/fin"),
        ("postgresql://u:hidden@[::1]:5433/fin", "[::1]:5433/fin"),
        ("postgresql:///fin?host=/var/run", "localhost:5432/fin"),
        ("postgresql://u:hidden@db.example/a/b c", "db.example:5432/a%2Fb%20c"),
    ],
)
def test_a_relation_is_named_by_host_and_database_without_a_secret(
    url: str, place: str, collector: airflow_lineage.HookLineageCollector
) -> None:
    lineage.report(make_url(url), ["qbank://bank.example/v1/balances"], BALANCE)
    [read], [written] = collector.collected_assets.inputs, collector.collected_assets.outputs
    assert read.asset.uri == "qbank://bank.example/v1/balances"
    assert written.asset.uri == f"postgres://{place}/ledger/balance"


def test_what_can_not_be_reported_is_a_warning(
    collector: airflow_lineage.HookLineageCollector,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(collector, "create_asset", lambda **_: 1 / 0)
    lineage.report(make_url("postgresql://db.example/fin"), writes=BALANCE)
    assert caplog.messages == ["The lineage of this task is not reported: ZeroDivisionError."]


def test_where_nobody_reads_it_no_collector_is_made() -> None:
    """One, even one that drops everything, costs a second."""
    airflow_lineage.get_hook_lineage_collector.cache_clear()
    lineage.report(make_url("postgresql://db.example/fin"), writes=BALANCE)
    assert airflow_lineage.get_hook_lineage_collector.cache_info().currsize == 0
