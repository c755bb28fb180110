"""Metrics: Prometheus reads them, they count what the health counts, and nothing else is in them."""

from decimal import Decimal

from prometheus_client.parser import text_string_to_metric_families

from qbank_ledger.watch.metrics import CONTENT_TYPE, DOWN
from qbank_ledger.watch.problem import KINDS
from tests.words.ledger import Reply, failed
from tests.words.watched import Watched

Samples = dict[tuple[str, ...], float]


def read(text: str) -> Samples:
    """Each sample by its name and the values of its labels, as Prometheus' own parser reads them."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type in ("gauge", "counter"), family.name
        for sample in family.samples:
            key = (sample.name, *sample.labels.values())
            assert key not in found
            found[key] = sample.value
    return found


def test_an_empty_ledger_has_metrics(watched: Watched) -> None:
    found = read(watched.metrics())
    assert (found["qbank_ledger_up",], found["qbank_well",]) == (1, 1)
    assert {key[1] for key in found if key[0] == "qbank_problem"} == set(KINDS)
    assert found["qbank_sealed_rows_total",] == 0


def test_they_count_what_the_newest_run_left(watched: Watched) -> None:
    watched.ledger.accounts("a", "b", "c", "d", currency="JPY")

    def reply(id_: str) -> Reply:
        return {
            "a": Reply(account_id="a", available_balance=Decimal(1), ledger_balance=Decimal("0.5")),
            "b": failed("b", 'odd "reason"\\\n'),
            "c": failed("c", "http_404"),
            "d": Reply(account_id="d", available_balance=Decimal(1), ledger_balance=Decimal(987654)),
        }[id_]

    run_no = watched.ledger.quick_run(reply)
    text = watched.metrics()
    found = read(text)
    assert found.items() >= {
        ("qbank_well",): 0, ("qbank_problem", "hour_partial"): 1, ("qbank_problem", "quarantine"): 1,
        ("qbank_problem", "run_failed"): 0, ("qbank_hour_accounts", "expected"): 4,
        ("qbank_hour_accounts", "present"): 1, ("qbank_hour_accounts", "missing"): 3,
        ("qbank_quarantined_accounts",): 1, ("qbank_stale_accounts",): 0, ("qbank_open_breaks",): 0,
        ("qbank_newest_run_number",): run_no, ("qbank_newest_run_state", "partial"): 1,
        ("qbank_newest_run_state", "complete"): 0, ("qbank_newest_run_accounts", "published"): 1,
        ("qbank_newest_run_accounts", "quarantined"): 1, ("qbank_newest_run_accounts", "failed"): 2,
        ("qbank_newest_run_reasons", "quarantined", "too_precise"): 1,
        ("qbank_newest_run_reasons", "failed", "http_404"): 1,
        ("qbank_newest_run_reasons", "failed", 'odd "reason"\\\n'): 1, ("qbank_accounts", "JPY"): 4,
        ("qbank_newest_seal_number",): 1, ("qbank_sealed_rows_total",): 1,
    }.items()  # fmt: skip
    assert 0 <= found["qbank_newest_run_age_seconds",] < 60
    hour = watched.value("SELECT extract(epoch FROM date_trunc('hour', now()))::float")
    assert found["qbank_hour_timestamp_seconds",] == hour
    assert "987654" not in text


def test_they_are_prometheus_text_as_it_has_been_for_long(watched: Watched) -> None:
    watched.ledger.quick_run()
    lines = watched.metrics().splitlines(keepends=True)
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
    assert all(line.endswith("\n") for line in lines)
    # Each metric is introduced once, HELP before TYPE; no comment of another kind, as OpenMetrics has.
    named = [line.split()[1:3] for line in lines if line.startswith("#")]
    assert [kind for kind, _ in named] == ["HELP", "TYPE"] * (len(named) // 2)
    assert len({tuple(each) for each in named}) == len(named)


def test_a_ledger_that_cannot_be_asked_says_so() -> None:
    assert read(DOWN) == {("qbank_ledger_up",): 0}
