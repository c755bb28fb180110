"""What monitors read: without a login, and without a balance or an account in it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from prometheus_client.parser import text_string_to_metric_families

from qbank_page.monitors import health as room
from tests.words.ledger import Ledger
from tests.words.page import Site

KEYS = {
    "state", "problems", "newest_complete_hour", "expected", "present", "missing", "stale", "quarantined",
    "open_breaks", "newest_run",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_FRESH_S", 0.0)


def test_an_empty_ledger_is_well(site: Site, ledger: Ledger) -> None:
    answer = site.get("health", user=None)
    assert (answer.status_code, answer.json()["state"], set(answer.json())) == (200, "well", KEYS)


def test_a_problem_is_503_and_counts_alone(site: Site, ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no, [])
    ledger.close(run_no)
    answer = site.get("health", user=None)
    assert answer.status_code == 503
    assert "run_failed" in answer.json()["problems"]
    assert answer.json()["newest_run"]["run_no"] == run_no


def test_metrics_are_prometheus(site: Site, ledger: Ledger) -> None:
    answer = site.get("metrics", user=None)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"qbank_ledger_up", "qbank_well", "qbank_problem"} <= names


def test_a_ledger_that_is_away_is_unwell(site: Site, ledger: Ledger) -> None:
    here, site.host.url = site.host.url, site.host.url.set(port=1)
    try:
        health, metrics = site.get("health", user=None), site.get("metrics", user=None)
    finally:
        site.host.url = here
    assert (health.status_code, health.json()["problems"]) == (503, ["ledger_unreachable"])
    assert "qbank_ledger_up 0" in metrics.text


def test_however_many_ask_the_ledger_is_asked_once() -> None:
    recent, begun = room.Recent(), threading.Barrier(8)
    asked: list[int] = []

    def ask(number: int) -> int:
        begun.wait()
        return recent.answer("x", lambda: asked.append(number) or number)

    with patch.object(room, "_FRESH_S", 60.0), ThreadPoolExecutor(8) as many:
        answers = set(many.map(ask, range(8)))
    assert len(asked) == len(answers) == 1
