"""What `make psql` starts: nothing in its arguments that is nobody's business."""

import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from local import ledger_commands
from local.settings import Settings


@pytest.mark.parametrize(
    "connection",
    [
        "postgres://u:planted%2F1@h:5432/ledger?sslmode=verify-full&sslkey=%2Fk&sslpassword=planted2",
        "postgres://u@h:5432/ledger?sslmode=verify-full&sslkey=%2Fk&password=planted%2F1",
    ],
)
def test_no_secret_is_in_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    stack = Mock()
    stack.open.return_value.ledger_connection.return_value = connection
    stack.open.return_value.cluster.psql = "psql"
    started: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], *, env: dict[str, str], **_: Any) -> Any:
        started.append((command, env))
        return Mock(returncode=0)

    monkeypatch.setattr(ledger_commands, "Stack", stack)
    monkeypatch.setattr(ledger_commands, "_may_be_analyst", lambda url: True)
    monkeypatch.setattr(subprocess, "run", run)
    assert ledger_commands.psql(Settings.read({"QBANK_STATE_DIR": str(tmp_path), "SQL": "SELECT 1"})) == 0
    ((command, environ),) = started
    assert "planted" not in " ".join(command)
    assert "sslmode=verify-full" in command[-3]
    assert command[-2:] == ["--command", "SELECT 1"]
    assert environ["PGPASSWORD"] == "planted/1"
