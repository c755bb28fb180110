"""The sandbox as it is started: over real HTTP, quick enough, ended at once, with no secret in its log."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from qbank_sandbox.__main__ import main
from tests.words.bank import CLIENT_ID, SandboxProcess
from tests.words.command import called

Start = Callable[..., SandboxProcess]


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line to its end, in this process."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("QBANK_SANDBOX_")}
    return called(lambda: main(sys.argv[1:], os.environ), *arguments, environ=bare | environment)


CREDENTIALS = {"QBANK_SANDBOX_CLIENT_ID": "erp", "QBANK_SANDBOX_CLIENT_SECRET": "made-for-this-test"}


def test_a_balance_comes_over_http(sandbox: SandboxProcess) -> None:
    answer = sandbox.ask("acc-0000")
    assert answer.status_code == 200
    assert answer.json()["account_id"] == "acc-0000"
    assert "server" not in answer.headers


def test_two_thousand_accounts_at_sixteen_at_once_are_answered_on_kept_connections(start: Start) -> None:
    sandbox = start("--latency-ms", "5")
    token = sandbox.token()

    def ask(numbers: range) -> set[tuple[str, int]]:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            answers = [session.get(f"{sandbox.url}/v1/balances/acc-{n:04d}", timeout=10) for n in numbers]
            return {(answer.json()["account_id"], answer.status_code) for answer in answers}

    with ThreadPoolExecutor(16) as pool:
        found = set[tuple[str, int]]().union(*pool.map(ask, [range(at, 2000, 16) for at in range(16)]))
    assert found == {(f"acc-{number:04d}", 200) for number in range(2000)}


def test_the_latency_holds_for_every_answer(start: Start) -> None:
    sandbox = start("--latency-ms", "150", "--token-lifetime-s", "1")
    began = time.monotonic()
    token = sandbox.token()
    assert time.monotonic() - began > 0.15
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{sandbox.url}/v1/balances/acc-0000", headers=headers, timeout=5)
    assert (answer.status_code, answer.elapsed.total_seconds() > 0.15) == (200, True)
    time.sleep(1)
    answer = requests.get(f"{sandbox.url}/v1/balances/acc-0000", headers=headers, timeout=5)
    assert answer.status_code == 401


def test_a_scenario_can_change_while_the_bank_runs(start: Start, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    sandbox = start("--scenario", str(scenario))
    assert sandbox.ask("acc-0000").status_code == 200
    scenario.write_text("balances: [{accounts: acc-0000, faults: {status: 502}}]")
    assert [sandbox.ask(id_).status_code for id_ in ("acc-0000", "acc-0001")] == [502, 200]
    scenario.write_text("outage: drop")
    with pytest.raises(requests.exceptions.ConnectionError):
        sandbox.token()
    assert requests.get(f"{sandbox.url}/healthz", timeout=5).status_code == 200
    scenario.unlink()
    assert sandbox.ask("acc-0000").status_code == 200


def test_sigterm_ends_it_at_once_even_with_calls_that_hang(start: Start) -> None:
    sandbox = start()
    calls = []
    for fault in ("hang", "latency=60", "drip=60"):
        call = socket.create_connection(("127.0.0.1", sandbox.port), timeout=5)
        call.sendall(
            f"GET /v1/balances/acc-0000 HTTP/1.1\r\nHost: bank\r\nX-Sandbox-Fault: {fault}\r\n"
            f"Authorization: Bearer {sandbox.token()}\r\n\r\n".encode()
        )
        calls.append(call)
    time.sleep(0.2)
    assert sandbox.stop() < 2
    for call in calls:
        call.close()
    assert "Traceback" not in sandbox.log()


def test_no_secret_and_no_token_gets_into_the_log(start: Start, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    sandbox = start("--scenario", str(scenario))
    token = sandbox.token()
    for form in (
        {"client_secret": sandbox.secret},
        {"client_id": CLIENT_ID, "client_secret": sandbox.secret + "x"},
    ):
        requests.post(f"{sandbox.url}/token", data=form, timeout=5)
        requests.post(f"{sandbox.url}/token", params=form, timeout=5)
    for fault in ("drop", "nonsense", "utf16"):
        try:
            sandbox.ask("acc-0000", fault)
        except requests.exceptions.ConnectionError:
            continue
    scenario.write_text("balances: 7")
    sandbox.ask("acc-0000")
    log = sandbox.log()
    assert "balances must be a list of rules" in log, "the log that is searched is not the log"
    assert sandbox.secret not in log
    assert token not in log
    assert len(log.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        ([], {}, 2, "Set QBANK_SANDBOX_CLIENT_ID and QBANK_SANDBOX_CLIENT_SECRET"),
        ([], {"QBANK_SANDBOX_CLIENT_ID": "erp"}, 2, "Set QBANK_SANDBOX_CLIENT_SECRET: "),
        (["--accounts", "none.yaml"], CREDENTIALS, 2, "The accounts file none.yaml can't be read"),
        (["--scenario", "/"], CREDENTIALS, 2, "The scenario file / can't be read: Is a directory."),
        (["--host", "203.0.113.1"], CREDENTIALS, 1, "Can't listen on 203.0.113.1:8090: "),
    ],
)
def test_what_is_wrong_at_the_start_is_one_sentence(
    arguments: list[str], environment: dict[str, str], code: int, sentence: str
) -> None:
    ended = _run(*arguments, **environment)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr.startswith(sentence)
    assert len(ended.stderr.splitlines()) == 1


def test_a_currency_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,currency\na,EURO\n")
    ended = _run("--accounts", str(path), **CREDENTIALS)
    assert (ended.returncode, ended.stderr) == (2, "'EURO' is no currency of ISO 4217.\n")


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = _run("--port", str(port), **CREDENTIALS)
    assert ended.returncode == 1
    assert ended.stderr == f"Can't listen on 127.0.0.1:{port}: Address already in use.\n"


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--latency-ms", "nan"]])
def test_a_number_that_makes_no_sense_is_refused_by_name(arguments: list[str]) -> None:
    ended = _run(*arguments, **CREDENTIALS)
    assert ended.returncode == 2
    assert f"argument {arguments[0]}: '{arguments[1]}' is no " in ended.stderr


def test_the_help_names_the_endpoints_the_options_and_the_credentials() -> None:
    """And how the module is called: as a process."""
    told = subprocess.check_output([sys.executable, "-m", "qbank_sandbox", "--help"], text=True, timeout=30)
    for name in ("/token", "/v1/balances/", "--scenario", "--list-faults", "QBANK_SANDBOX_CLIENT_SECRET"):
        assert name in told
