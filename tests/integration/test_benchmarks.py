"""The benchmarks: that they run and print every figure; what the figures are depends on the machine."""

import re
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import requests
from benchmarks import Figure, Table
from benchmarks.bank import Bank, bank
from benchmarks.plot import draw
from benchmarks.report import Measured, write

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )


def granted(found: Bank) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": found.client_id,
        "client_secret": found.client_secret,
        "scope": "balances.read",
    }
    return str(requests.post(f"{found.url}/token", data=form, timeout=10).json()["access_token"])


def asked(found: Bank, token: str, header: str, ids: tuple[str, ...]) -> list[bytes]:
    """The answers on one connection, times of the day aside; the bank itself knows the header's name as written."""
    answers = []
    with socket.create_connection(("127.0.0.1", urlsplit(found.url).port or 0), timeout=10) as sock:
        for each in ids:
            sock.sendall(
                f"GET /v1/balances/{each} HTTP/1.1\r\nHost: bank\r\n{header}: Bearer {token}\r\n\r\n".encode()
            )
            answer = sock.recv(4096)
            while not answer.endswith(b"}"):
                answer += sock.recv(4096)
            answers.append(re.sub(rb"\d\d:\d\d:\d\d", b"", answer))
    return answers


def test_a_plain_call_is_answered_by_the_same_bytes_as_the_application_has() -> None:
    with bank(["a", "b"]) as found:
        token = granted(found)
        by_app = asked(found, token, "authorization", ("a", "b", "nobody"))
        assert asked(found, token, "Authorization", ("a", "b", "nobody")) == by_app
        assert found.counts.balances.value == 6
        found.begin(latency_s=0.0, revoke_at=2)
        states = [answer.split()[1] for answer in asked(found, token, "Authorization", ("a", "a", "b"))]
        assert (states, found.counts.balances.value) == ([b"200", b"200", b"401"], 3)


@pytest.mark.slow
def test_every_figure_of_the_client_stands_beside_its_goal() -> None:
    done = run("benchmarks", "--quick", "client")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    figures = {goal: [line for line in lines if line.endswith(goal)] for goal in ("x asyncio", "MB", "%")}
    assert [len(lines) for lines in figures.values()] == [4, 1, 2]
    assert ["Token", "requests,", "a", "process", "1.00", "at", "most", "1"] in [
        line.split() for line in lines
    ]


@pytest.mark.slow
def test_reconciliation_and_every_export_stand_beside_their_goals() -> None:
    done = run("benchmarks", "--quick", "recon")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[-4:] for line in lines if line[:1] == ["reconcile"]] == [["at", "most", "20", "s"]]
    assert [line[0] for line in lines if line[-2:] == ["10", "s"]] == ["csv", "camt052", "bai2"]


@pytest.mark.slow
def test_what_an_analyst_waits_for_stands_beside_its_goal() -> None:
    done = run("benchmarks", "--quick", "reporting")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines if line[-2:] == ["200", "ms"]] == [
        "ledger.daily_movement,",
        "reporting.daily,",
    ]


@pytest.mark.parametrize("asked", ["--fast", "clients"])
def test_what_there_is_not_is_refused(asked: str) -> None:
    done = run("benchmarks", asked)
    assert (done.returncode, done.stdout) == (2, "")
    assert asked in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_every_page_stands_beside_its_goal() -> None:
    done = run("benchmarks", "--quick", "page")
    assert (done.returncode, done.stderr) == (0, "")
    pages = [line.split() for line in done.stdout.splitlines() if line.endswith(" ms")]
    assert {line[1] for line in pages if line[0] != "health"} == {"200"}
    assert len(pages) == 2 * 16


def test_what_is_not_as_promised_stands_first_on_the_page(tmp_path: Path) -> None:
    now = Table(
        title="Speed",
        head=("", "time", "calls"),
        rows=[
            ("ours", Figure(12.5, "s", at_most=12), Figure(3, at_most=4)),
            ("theirs", Figure(7.0, "s"), ""),
        ],
        plot="bars",
    )
    then = Table(title="Speed", head=("", "time", "calls"), rows=[("ours", Figure(22.6, "s"), Figure(40))])
    at = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    write("peers", Measured(at=at, commit="decade", on="", tables=[], failed=["peers"]), tmp_path)
    beside = Measured(
        at=at, commit="c0ffee", on="2 cores.", tables=[now], before="beef", tables_before=[then]
    )
    write("client", beside, tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    short = page.partition("## What falls short")[2].partition("\n## ")[0].strip().splitlines()
    assert short == [
        "- Speed, ours, time: 12.5 s, and at most 12 s is promised.",
        "- peers could not be measured.",
        "- Not measured: scheduler, curves, growth, ledger, page, reporting, recon.",
    ]
    assert "\n2026-11-01 09:30 UTC, at commit c0ffee, beside commit beef. 2 cores.\n" in page
    assert "| ours | 12.5 s (before: 22.6 s) | 3 (before: 40) | time at most 12 s; calls at most 4 |" in page
    ElementTree.fromstring((tmp_path / "benchmarks/speed.svg").read_text())  # noqa: S314 - our own


def test_a_subject_keeps_what_another_session_measured_of_others(tmp_path: Path) -> None:
    def measured(seconds: float, commit: str) -> Measured:
        table = Table(title=f"Of {commit}", head=("", "time"), rows=[("ours", Figure(seconds, "s"))])
        return Measured(at=datetime(2026, 11, 1, tzinfo=UTC), commit=commit, on="", tables=[table])

    write("ledger", measured(1.5, "c0ffee"), tmp_path)
    write("scheduler", measured(2.5, "beef"), tmp_path)
    write("ledger", measured(3.5, "decade"), tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert [line for line in page.splitlines() if line.startswith("| ours")] == [
        "| ours | 2.50 s |",
        "| ours | 3.50 s |",
    ]
    assert "c0ffee" not in page


def test_lines_over_a_logarithmic_axis_leave_out_what_has_no_logarithm() -> None:
    rows = [(Figure(10**n), Figure(2.0**n), Figure(float(n))) for n in range(4)]
    table = Table(title="T", head=("n", "a", "b"), rows=rows, plot="lines")
    drawn = ElementTree.fromstring(draw(table))  # noqa: S314 - our own
    lines = [each.get("points", "").split() for each in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    assert [len(points) for points in lines] == [4, 3]
