"""Metrics: the health and more for Prometheus, in its text format 0.0.4.

Counts and times alone: no balance, no account. Served as CONTENT_TYPE. Of a ledger that can't be asked
there is ``qbank_ledger_up`` alone: ``DOWN``.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import Connection

from qbank_ledger.watch.health import Look, look
from qbank_ledger.watch.problem import KINDS
from qbank_ledger.watch.sql import execute

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_STATES = ("running", "complete", "partial", "failed", "dry_run")


class _Metrics:
    """What generate_latest takes: a collector of metrics that are made already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> list[Metric]:
        return self._metrics


def metrics(connection: Connection) -> str:
    """The metrics of the ledger as it is now, for any login that reads. Raises as ``health`` does."""
    found = look(connection)
    return _text([_up(1), *_of_the_health(found), *_of_the_run(connection, found), *_of_the_rows(connection)])


def _text(families: Iterable[Metric]) -> str:
    return generate_latest(_Metrics(families)).decode()


def _up(value: int) -> Metric:
    return _gauge("qbank_ledger_up", "Whether the ledger could be asked.", value)


def _gauge(name: str, does: str, value: float | None) -> Metric:
    family = GaugeMetricFamily(name, does)
    if value is not None:
        family.add_metric([], value)
    return family


def _labelled(name: str, does: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, does, labels=[label])
    for of, value in values:
        family.add_metric([of], value)
    return family


def _of_the_health(found: Look) -> Iterator[Metric]:
    health, hour = found.health, found.hour
    complete = health.newest_complete_hour
    kinds = [problem.kind for problem in found.problems]
    yield _gauge("qbank_well", "1: no problem; 0: see qbank_problem.", not health.problems)
    yield _labelled(
        "qbank_problem",
        "How many hours, accounts, files, … have a problem of the kind.",
        "kind",
        ((kind, kinds.count(kind)) for kind in KINDS),
    )
    yield _gauge(
        "qbank_hour_timestamp_seconds",
        "The hour that qbank_hour_accounts is of: the newest that should be there.",
        hour.as_of_hour.timestamp() if hour else None,
    )
    yield _labelled(
        "qbank_hour_accounts",
        "Accounts of that hour: expected, present, missing.",
        "state",
        ((of, getattr(health, of)) for of in ("expected", "present", "missing")),
    )
    yield _gauge(
        "qbank_newest_complete_hour_timestamp_seconds",
        "The newest hour in which no account is missing.",
        complete.timestamp() if complete else None,
    )
    yield _gauge("qbank_stale_accounts", "Active accounts with a stale balance.", health.stale)
    yield _gauge("qbank_quarantined_accounts", "Accounts with an answer held back.", health.quarantined)
    yield _gauge("qbank_open_breaks", "Accounts with an open item of the reconciliation.", health.open_breaks)


def _of_the_run(connection: Connection, found: Look) -> Iterator[Metric]:
    run = found.health.newest_run
    since = (found.at - run.finished_at).total_seconds() if run and run.finished_at else None
    yield _gauge("qbank_newest_run_number", "run_no of the newest run.", run.run_no if run else None)
    yield _labelled(
        "qbank_newest_run_state",
        "1 for the state of the newest run.",
        "state",
        ((state, run.state == state) for state in _STATES if run),
    )
    yield _gauge(
        "qbank_newest_run_age_seconds", "Time since the newest run ended; none while it runs.", since
    )
    outcomes = execute(connection, "newest_outcomes").all()
    yield _labelled(
        "qbank_newest_run_accounts",
        "Accounts of the newest run that has ended, by outcome.",
        "outcome",
        ((row.outcome, row.accounts) for row in outcomes if row.reason is None),
    )
    reasons = GaugeMetricFamily(
        "qbank_newest_run_reasons", "The same accounts by reason.", labels=["outcome", "reason"]
    )
    for row in outcomes:
        if row.reason is not None:
            reasons.add_metric([row.outcome, row.reason], row.accounts)
    yield reasons


def _of_the_rows(connection: Connection) -> Iterator[Metric]:
    yield _labelled(
        "qbank_accounts",
        "Active accounts by currency.",
        "currency",
        ((row.currency, row.accounts) for row in execute(connection, "count_accounts")),
    )
    seal = execute(connection, "newest_seal").one()
    yield _gauge("qbank_newest_seal_number", "seal_no of the newest seal.", seal.seal_no)
    yield _gauge(
        "qbank_newest_seal_timestamp_seconds",
        "When the newest publish was sealed.",
        seal.sealed_at.timestamp() if seal.sealed_at else None,
    )
    yield CounterMetricFamily(
        "qbank_sealed_rows", "Balances that were ever published, superseded ones too.", value=seal.sealed_rows
    )


DOWN = _text([_up(0)])
