"""The benchmarks: that they run and print every figure; what the figures are depends on the machine."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.slow
def test_every_figure_of_the_client_stands_beside_its_goal() -> None:
    done = run("benchmarks.client", "--quick")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    figures = {goal: [line for line in lines if line.endswith(goal)] for goal in ("x", "+64 MB", "10 %")}
    assert [len(lines) for lines in figures.values()] == [2, 1, 2]
    assert all(" x asyncio (" in line for line in figures["x"])
    assert ["Token", "requests,", "a", "process", "1", "1"] in [line.split() for line in lines]


@pytest.mark.slow
def test_reconciliation_and_every_export_stand_beside_their_goals() -> None:
    done = run("benchmarks.recon", "--quick")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[-2:] for line in lines if line[:1] == ["reconcile"]] == [["20", "s"]]
    assert [line[0] for line in lines if line[2:4] == ["10", "s"]] == ["csv", "camt052", "bai2"]


@pytest.mark.slow
def test_what_an_analyst_waits_for_stands_beside_its_goal() -> None:
    done = run("benchmarks.reporting", "--quick")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines if line[-2:] == ["200", "ms"]] == [
        "ledger.daily_movement,",
        "reporting.daily,",
    ]


def test_an_option_that_there_is_not_is_refused() -> None:
    done = run("benchmarks", "--fast")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: python -m benchmarks [--quick]\n"


@pytest.mark.slow
def test_every_page_stands_beside_its_goal() -> None:
    done = run("benchmarks.page", "--quick")
    assert (done.returncode, done.stderr) == (0, "")
    pages = [line.split() for line in done.stdout.splitlines() if line.endswith(" ms")]
    assert {line[1] for line in pages if line[0] != "health"} == {"200"}
    assert len(pages) == 2 * 11
