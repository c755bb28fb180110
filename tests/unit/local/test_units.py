"""What the stack is made of, and when a part of it must start anew."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from local import StackError, units
from local.postgres import Cluster
from local.settings import Settings
from local.stack import require_ports
from local.state import open_keys
from local.units import configuration

ACCOUNTS = "accounts: [{account_id: a, currency: EUR, entity: E, gl_account: '1'}]"


def sandbox(tmp_path: Path, file: Path) -> units.Unit:
    settings = Settings.read({"QBANK_STATE_DIR": str(tmp_path), "QBANK_ACCOUNTS_FILE": str(file)})
    return units.sandbox(settings, open_keys(tmp_path))


def test_the_sandbox_starts_anew_when_the_accounts_file_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(ACCOUNTS)
    before = sandbox(tmp_path, file)
    assert sandbox(tmp_path, file).fingerprint == before.fingerprint
    file.write_text(ACCOUNTS.replace("EUR", "USD"))
    assert sandbox(tmp_path, file).fingerprint != before.fingerprint


def test_a_bad_accounts_file_is_the_runs_to_refuse_not_the_sandboxs(tmp_path: Path) -> None:
    file = tmp_path / "accounts.yaml"
    file.write_text(ACCOUNTS)
    assert str(file) in sandbox(tmp_path, file).programs[0].command
    file.write_text("accounts: []")
    assert str(file) not in sandbox(tmp_path, file).programs[0].command


def test_accounts_that_are_in_no_file_are_the_runs_to_read_not_the_sandboxs(tmp_path: Path) -> None:
    place = {
        "QBANK_STATE_DIR": str(tmp_path),
        "QBANK_ACCOUNTS_FILE": "s3://aws_default@treasury/accounts.csv",
    }
    unit = units.sandbox(Settings.read(place), open_keys(tmp_path))
    assert "--accounts" not in unit.programs[0].command


def test_postgres_is_the_same_whatever_airflow_is_told(settings: Settings) -> None:
    other = Settings.read({**settings.environ, "AIRFLOW__CORE__PARALLELISM": "1", "SHLVL": "2"})
    cluster = Cluster(settings.state / "postgres", settings.postgres_port)
    assert units.postgres(settings, cluster).fingerprint == units.postgres(other, cluster).fingerprint


def test_airflow_is_the_same_whether_its_ports_are_named_or_found(settings: Settings) -> None:
    """The second `make run` names none, and finds those that are up."""
    keys = {name: name for name in ("fernet", "session", "jwt")}
    found = settings.with_ports({"airflow": 8080, "postgres": 5433, "sandbox": 8090})
    first, second = (units.airflow(each, keys, "postgresql://x") for each in (settings, found))
    assert first.fingerprint == second.fingerprint


def test_no_secret_is_in_an_argument_or_in_a_supervisors_file(tmp_path: Path) -> None:
    settings, keys = Settings.read({"QBANK_STATE_DIR": str(tmp_path)}), open_keys(tmp_path)
    cluster = Cluster(tmp_path / "postgres", 5433, keys)
    made = (
        units.postgres(settings, cluster),
        units.sandbox(settings, keys),
        units.airflow(settings, keys, cluster.url("airflow", "airflow")),
    )
    written = "\n".join(configuration(unit, tmp_path) for unit in made)
    assert not [name for name, secret in keys.items() if secret in written]


def test_a_port_that_is_taken_is_named_with_its_variable(tmp_path: Path) -> None:
    unit = sandbox(tmp_path, tmp_path / "none.yaml")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=rf"^Port {port} .* set QBANK_SANDBOX_PORT to a free one\.$"):
            require_ports([replace(unit, port=port)], tmp_path)
    require_ports([replace(unit, port=port)], tmp_path)
