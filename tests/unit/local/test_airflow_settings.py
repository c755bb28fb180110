"""Airflow's settings: whose win, and what is never given."""

from pathlib import Path
from urllib.request import proxy_bypass

import pytest
import yaml
from local import units
from local.postgres import Cluster
from local.settings import (
    LEDGER_CONNECTION,
    QBANK_CONNECTION,
    RECOVERY,
    ROOT,
    Settings,
    foreground_environment,
    stack_environment,
)
from local.state import open_keys

from qbank_ledger.config import files_dirs

DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
URL = "postgresql://airflow@127.0.0.1:5433/airflow"


def given(tmp_path: Path, **environ: str) -> Settings:
    return Settings.read({"QBANK_STATE_DIR": str(tmp_path), **environ})


def test_what_is_lost_is_noticed_in_two_minutes_and_what_waits_for_its_database_is_not_lost(
    tmp_path: Path,
) -> None:
    environ = stack_environment(given(tmp_path), open_keys(tmp_path), URL)
    default = {name: int(text) for name, text in RECOVERY.items()}
    assert {name: int(environ[name]) for name in RECOVERY} == default
    found: dict[str, int] = {name.lower().split("__")[2]: value for name, value in default.items()}
    # Airflow's own: a scheduler is dead after 30 s of silence, silent tasks are looked for every 10 s.
    assert 30 + found["orphaned_tasks_check_interval"] <= 60
    assert found["task_instance_heartbeat_timeout"] + 10 <= 120
    waits = (found["execution_api_retries"] - 1) * found["execution_api_retry_wait_min"]
    assert waits >= 180, "an outage of two minutes, and the API server's start after it"
    assert found["execution_api_retry_wait_max"] < 10 < found["task_instance_heartbeat_timeout"]


def test_a_server_has_the_same_limits() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    environ = compose["x-airflow-environment"]
    assert {name: environ.get(name) for name in RECOVERY} == RECOVERY


def test_a_setting_of_the_users_wins_over_the_stacks(tmp_path: Path) -> None:
    settings = given(tmp_path, AIRFLOW__CORE__PARALLELISM="32", AIRFLOW__CORE__LOAD_EXAMPLES="True")
    environ = stack_environment(settings, open_keys(tmp_path), URL)
    assert environ["AIRFLOW__CORE__PARALLELISM"] == "32"
    assert environ["AIRFLOW__CORE__LOAD_EXAMPLES"] == "True"


def test_the_stacks_runs_read_the_users_files_and_the_sample_and_a_run_in_the_foreground_what_its_user_may(
    tmp_path: Path,
) -> None:
    keys = open_keys(tmp_path)
    for given_by_user in ({}, {"QBANK_FILES_DIRS": "/srv/books"}):
        settings = given(tmp_path, **given_by_user)
        stack, run = stack_environment(settings, keys, URL), foreground_environment(settings, tmp_path, {})
        found = (files_dirs(stack), files_dirs(run))
        if given_by_user:
            assert found == ([Path("/srv/books")],) * 2
        else:
            assert found == ([tmp_path / "files", tmp_path / "sample"], [Path("/")])


def test_the_stacks_airflow_gets_no_connection_by_variable(tmp_path: Path) -> None:
    variables = {QBANK_CONNECTION: "qbank://a", LEDGER_CONNECTION: "postgres://b"}
    environ = stack_environment(given(tmp_path, **variables), open_keys(tmp_path), URL)
    assert not [name for name in environ if name.startswith("AIRFLOW_CONN_")]


def test_everything_that_the_stacks_airflow_writes_is_in_the_state_directory(tmp_path: Path) -> None:
    environ = stack_environment(given(tmp_path, AIRFLOW_HOME="/elsewhere"), open_keys(tmp_path), URL)
    written = ("AIRFLOW_HOME", "AIRFLOW_CONFIG", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE")
    assert all(Path(environ[name]).is_relative_to(tmp_path) for name in written)


def test_a_state_directory_too_deep_for_a_socket_does_without_one(tmp_path: Path) -> None:
    start_method = "AIRFLOW__SCHEDULER__MP_START_METHOD"
    keys = open_keys(tmp_path)
    deep = Settings.read({"QBANK_STATE_DIR": f"/srv/{'d' * 100}"})
    assert start_method not in stack_environment(deep, keys, URL)
    assert start_method in stack_environment(Settings.read({"QBANK_STATE_DIR": "/srv/s"}), keys, URL)


def test_a_run_in_the_foreground_never_meets_another_metadata_database(tmp_path: Path) -> None:
    settings = given(tmp_path, **{DATABASE: "postgresql://production"})
    environ = foreground_environment(settings, tmp_path / "home", {})
    assert environ[DATABASE] == f"sqlite:///{tmp_path}/home/airflow.db"


def test_a_run_in_the_foreground_uses_the_connections_that_it_is_given(tmp_path: Path) -> None:
    environ = foreground_environment(given(tmp_path), tmp_path, {QBANK_CONNECTION: "qbank://given"})
    assert environ[QBANK_CONNECTION] == "qbank://given"


@pytest.mark.parametrize(
    ("given_by_user", "not_asked"),
    [
        ({}, "127.0.0.1"),
        ({"NO_PROXY": "example.com"}, "example.com,127.0.0.1"),
        ({"no_proxy": "corp.example"}, "corp.example,127.0.0.1"),
        ({"NO_PROXY": "a.example, b.example", "no_proxy": "b.example"}, "a.example,b.example,127.0.0.1"),
        ({"NO_PROXY": "*", "no_proxy": "b.example"}, "*"),
    ],
)
def test_a_proxy_of_the_users_is_not_asked_for_this_machine(
    given_by_user: dict[str, str], not_asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = given(tmp_path, http_proxy="http://proxy:1", **given_by_user)
    environ = stack_environment(settings, open_keys(tmp_path), URL)
    assert (environ["NO_PROXY"], environ["no_proxy"]) == (not_asked, not_asked)
    for name in ("http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, environ[name])
    assert proxy_bypass("127.0.0.1:8080")


LIBPQ = {"PGSSLMODE": "require", "PGHOSTADDR": "192.0.2.1", "PGSERVICE": "erp", "PGOPTIONS": "-c x=y"}


def test_what_libpq_reads_of_the_users_other_databases_is_not_for_the_stack(tmp_path: Path) -> None:
    for connections in ({}, {LEDGER_CONNECTION: "postgres://b"}):
        settings = given(tmp_path, **LIBPQ, **connections)
        server = units.postgres(settings, Cluster(tmp_path, 5433))
        for environ in (stack_environment(settings, open_keys(tmp_path), URL), server.environ):
            assert LIBPQ.keys() & environ.keys() == set()


def test_a_ledger_of_the_users_is_reached_as_libpq_is_told(tmp_path: Path) -> None:
    assert LIBPQ.keys() & given(tmp_path, **LIBPQ).environ.keys() == set()
    assert LIBPQ.items() <= given(tmp_path, **LIBPQ, **{LEDGER_CONNECTION: "postgres://b"}).environ.items()


def test_a_process_title_does_not_overwrite_the_mark_of_the_stack(tmp_path: Path) -> None:
    # setproctitle writes over the environment that a process was started with, unless told not to.
    assert stack_environment(given(tmp_path), open_keys(tmp_path), URL)["SPT_NOENV"] == "1"
