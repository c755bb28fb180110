"""Every command, module, setting, path and host in docker-compose.yml exists."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from tests.unit.deployment.airflow import unknown_to_airflow
from tests.unit.deployment.compose import ROOT

OURS = "/opt/airflow/"
MARKER = "/tmp/watched"  # noqa: S108 - in the container's own
MADE_BY_THE_IMAGE = {"logs", "state"}
# What `qbank-ledger watch` reads, whoever calls it (tests/integration/watch/test_command.py).
WATCHED = {
    *("QBANK_SCHEDULE", "QBANK_BREAK_LIMITS", "QBANK_ALERT_CONNECTIONS", "QBANK_ALERT_REMIND_HOURS"),
    *("QBANK_RUNBOOK_URL", "AIRFLOW_CONN_LEDGER_DEFAULT", "QBANK_LEDGER_AUTH", "AIRFLOW_CONN_LEDGER_ALERTS"),
}
# What the image says of the worker's disk (Dockerfile).
_OF_THE_IMAGE = {"QBANK_STATE_DIR", "QBANK_DOCS", "QBANK_PACKS", "QBANK_FILES_DIRS"}


def _commands(service: dict[str, Any]) -> list[str]:
    """The lines of a service's command, and of its health check, that a shell or exec sees."""
    command = service.get("command", [])
    check = service.get("healthcheck", {}).get("test", [])[1:]
    return [
        " ".join(part) if part[:1] and "\n" not in part[-1] else part[-1] for part in (command, check) if part
    ]


def _airflow_commands(services: dict[str, Any]) -> list[list[str]]:
    text = "\n".join(line for service in services.values() for line in _commands(service))
    found = re.findall(r"^ *airflow ((?:[\w/.-]+ ?|\"[^\"]*\" ?)+)", text, re.MULTILINE)
    return [re.findall(r'"[^"]*"|[^\s"]+', each) for each in found]


def test_airflow_knows_every_command_and_setting(services: dict[str, Any], tmp_path: Path) -> None:
    commands = _airflow_commands(services)
    assert {each[0] for each in commands} == {
        *("db", "pools", "connections", "api-server", "scheduler"),
        *("dag-processor", "triggerer", "celery"),
    }
    docs = (ROOT / "docs/deployment.md").read_text("utf-8").replace("\\\n", " ")
    documented = [each.split() for each in re.findall(r"exec api-server airflow ([^`\n]*)", docs)]
    assert {each[0] for each in documented} == {"users", "rotate-fernet-key"}
    assert unknown_to_airflow(services["worker"]["environment"], tmp_path, commands + documented) == []


def test_every_program_is_in_its_image(services: dict[str, Any]) -> None:
    installed = Path(sys.executable).parent
    stock = {"bash", "sh"}
    for name, service in services.items():
        programs = {service["command"][0]} if "command" in service else set()
        check = service.get("healthcheck", {}).get("test", ["", ""])[1]
        programs |= {check.split()[0]} if check else set()
        for program in programs - stock:
            if "build" in service:
                assert (installed / program).exists(), (name, program)
            else:
                assert program in {"pg_isready", "psql", "redis-cli"}, (name, program)


def test_every_module_can_be_run(services: dict[str, Any]) -> None:
    text = "\n".join(line for service in services.values() for line in _commands(service))
    modules = set(re.findall(r"python -m (\w+)", text))
    assert modules == {"qbank_ledger", "qbank_sandbox"}
    for module in modules:
        assert find_spec(f"{module}.__main__"), module


def test_the_sandbox_takes_its_arguments(services: dict[str, Any]) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "qbank_sandbox", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    options = [each for each in services["sandbox"]["command"] if each.startswith("--")]
    assert options
    for option in options:
        assert option in shown


def test_every_path_in_the_image_comes_from_the_repository(compose_text: str) -> None:
    for path in set(re.findall(rf"{OURS}([\w/.-]+)", compose_text)):
        assert path in MADE_BY_THE_IMAGE or (ROOT / path).exists(), path
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    for name in MADE_BY_THE_IMAGE:
        assert f"{OURS}{name}" in dockerfile, name


def test_every_host_is_a_service_on_a_shared_network(services: dict[str, Any]) -> None:
    hosts = set()
    for name, service in services.items():
        values = [str(value) for value in service.get("environment", {}).values()]
        urls = re.findall(r"[a-z+\d]+://\S+", " ".join([*values, *_commands(service)]))
        for url in urls:
            host = urlsplit(url.strip("'\"),")).hostname or ""
            if host in {"localhost", "127.0.0.1"} or host.endswith(".qbankconnect.com"):
                continue
            hosts.add(host)
            assert set(services[host]["networks"]) & set(service["networks"]), (name, host)
    assert hosts == {"postgres", "redis", "api-server"}


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/v2/monitor/health" else 404)
        self.end_headers()
        self.wfile.write(b'{"scheduler": {"status": "healthy"}, "triggerer": {"status": "unhealthy"}}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api_server() -> Iterator[str]:
    """Something that answers as Airflow's health endpoint does."""
    server = HTTPServer(("127.0.0.1", 0), _Health)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("process", "healthy"), [("scheduler", True), ("triggerer", False), ("none", False)])
def test_a_health_check_tells_well_from_ill(
    process: str, healthy: bool, services: dict[str, Any], api_server: str
) -> None:
    script = services["scheduler"]["healthcheck"]["test"][3]
    assert "http://api-server:8080/" in script
    script = script.replace("http://api-server:8080", api_server)
    told = subprocess.run(
        [sys.executable, "-c", script, process], capture_output=True, check=False, timeout=30
    )
    assert (told.returncode == 0) is healthy


def test_the_watch_looks_every_five_minutes_and_is_well_while_it_can(
    services: dict[str, Any], tmp_path: Path
) -> None:
    marker = tmp_path / "watched"
    check = services["watch"]["healthcheck"]["test"][1:]

    def run(command: list[str], ends_with: int = 0) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "qbank-ledger").write_text(f"#!/bin/sh\necho $*\nexit {ends_with}\n")
        (tmp_path / "sleep").write_text("#!/bin/sh\necho $1\nkill $PPID\n")
        for program in ("qbank-ledger", "sleep"):
            (tmp_path / program).chmod(0o755)
        words = [word.replace("$$", "$").replace(MARKER, str(marker)) for word in command]
        environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=30)

    assert run(check).returncode == 1
    said = run(services["watch"]["command"], ends_with=1).stdout.split()
    assert said[0] == "watch"
    assert 0 < int(said[1]) <= 300
    assert run(check).returncode == 1, "the ledger was not looked at"
    for looked in (0, 3):
        assert run(services["watch"]["command"], ends_with=looked).stdout.split()[0] == "watch"
        assert run(check).returncode == 0, "one who could not be told is not one who did not look"
        marker.unlink()
    marker.touch()
    os.utime(marker, (time.time() - 12 * 60,) * 2)
    assert run(check).returncode == 1


def test_init_writes_the_connection_that_the_bank_gave(services: dict[str, Any], tmp_path: Path) -> None:
    """The script between the two ENDs, run with a secret that no quoting survives."""
    script = re.search(r"<<'END'\n(.*?)\nEND\n", services["init"]["command"][-1], re.DOTALL)
    assert script
    awkward = "a'b\"c $d: {e} \\"
    made = subprocess.run(
        [sys.executable, "-c", script[1]],
        env={**services["init"]["environment"], "QBANK_CLIENT_ID": "erp", "QBANK_CLIENT_SECRET": awkward},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert yaml.safe_load(made.stdout) == {
        "qbank_default": {
            "conn_type": "qbank",
            "host": "https://api.qbankconnect.com",
            "login": "erp",
            "password": awkward,
            "extra": {"token_url": "https://auth.qbankconnect.com/token"},
        }
    }


def test_all_that_watch_have_the_same_settings(
    services: dict[str, Any],
) -> None:
    """Two watchers that differ would open and end each other's alerts."""
    looked_by = ("watch", "worker", "api-server")
    watched = [
        {name: value for name, value in services[each]["environment"].items() if name in WATCHED}
        for each in looked_by
    ]
    assert watched == [watched[0]] * len(looked_by)
    files = [services[each]["env_file"] for each in looked_by]
    assert files == [[{"path": "alerts.env", "required": False}]] * len(looked_by)
    assert watched[0].keys() == WATCHED


def test_what_runs_has_every_variable_that_the_ledger_and_the_client_read(services: dict[str, Any]) -> None:
    readers = ("include/qbank_ledger/config.py", "plugins/qbank/hosts.py")
    read = {
        name for each in readers for name in re.findall(r'"(QBANK_\w+)"', (ROOT / each).read_text("utf-8"))
    }
    assert len(read) > len(_OF_THE_IMAGE)
    for name, service in services.items():
        if "AIRFLOW__CORE__EXECUTOR" in service["environment"]:
            assert read - _OF_THE_IMAGE - service["environment"].keys() == set(), name


def test_both_files_of_the_mounted_folder_are_read(services: dict[str, Any]) -> None:
    for service in ("worker", "api-server", "scheduler", "dag-processor"):
        environ = services[service]["environment"]
        for name, file in (
            ("QBANK_ACCOUNTS_FILE", "accounts.yaml"),
            ("QBANK_GL_SOURCES_FILE", "gl_sources.yaml"),
        ):
            assert environ[name] == f"/opt/airflow/include/config/{file}"
            assert (ROOT / "include/config" / file).is_file()
