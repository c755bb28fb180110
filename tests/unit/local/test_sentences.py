"""What the system or the user does not give is one sentence, never a traceback."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from local import StackError
from local.__main__ import main
from local.databases import _reason as reason_of_airflow
from local.databases import make_databases
from local.foreground import _require_object
from local.postgres import Cluster
from local.postgres import _reason as reason_of_initdb
from local.settings import ROOT

from tests.conftest import free_port
from tests.words.command import called


def verb(name: str, state: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    """The verb in this process."""
    inherited = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "QBANK_"))}
    with patch.object(signal, "signal"):
        return called(main, name, environ={**inherited, "QBANK_STATE_DIR": str(state), **environ})


def limited(name: str, state: Path, file_size: int) -> "subprocess.CompletedProcess[str]":
    """The verb in a process that can write no file beyond this size."""
    return subprocess.run(
        [sys.executable, "-m", "local", name],
        cwd=ROOT,
        env={
            **os.environ,
            "QBANK_STATE_DIR": str(state),
            "QBANK_POSTGRES_PORT": str(free_port()),
            "SQL": "SELECT 1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size)),
    )


def assert_one_sentence(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize(("name", "file_size"), [("run", 0), ("sync", 8192), ("psql", 0), ("migrate", 8192)])
def test_no_space_for_the_state(name: str, file_size: int, tmp_path: Path) -> None:
    """A limit on the size of files: unlike a full disk, nobody needs a right for it."""
    done = limited(name, tmp_path / "state", file_size)
    assert_one_sentence(done, "File too large" if file_size == 0 else "initdb failed: ")


@pytest.mark.parametrize("name", ["run", "sync", "stop", "clean"])
def test_a_state_that_is_no_directory(name: str, tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert_one_sentence(verb(name, tmp_path / "state"), "state")
    assert_one_sentence(verb(name, tmp_path / "state/below"), "state") if name in ("run", "sync") else None


@pytest.mark.parametrize("part", ["$(id)", "a$HOME", "what?", "a\nb", "\x1b[2J", "\u202e", "\udcff"])
def test_a_state_directory_that_cannot_be_written_down(part: str, tmp_path: Path) -> None:
    assert_one_sentence(verb("status", tmp_path / part), "The state directory", "can't be used")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ("[" * 100_000, "must be a JSON object"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "must be a JSON object"),
        ('{"a": ' + "[" * 900 + "]" * 900 + "}", "nested more than 10 levels deep"),
        (json.dumps({"accounts": ["x" * 1_000_000]}), "CONF has 1,000,018 bytes: at most 100,000"),
        ("x" * 99_999, "must be a JSON object"),
        (json.dumps({"gl_file": "a\0b"}), "NUL"),
        (json.dumps({"a\0": {"b": []}}), "NUL"),
        ('{"gl_file": "\\ud800"}', "unpaired surrogate"),
        ('{"a": NaN', "must be a JSON object"),
        ("\0", "must be a JSON object"),
        ("\udcff", "must be a JSON object"),
        ("9" * 5_000, "must be a JSON object"),
    ],
)
def test_a_configuration_that_is_none(conf: str, words: str) -> None:
    with pytest.raises(StackError) as refused:
        _require_object(conf)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 1500


@pytest.mark.parametrize(
    "conf", ["", "{}", '{"accounts": ["a", "b"], "dry_run": true}', '{"a": [[{"b": "\\u0041"}]]}']
)
def test_a_configuration_is_handed_on(conf: str) -> None:
    _require_object(conf)


def test_a_nested_configuration_starts_nothing(tmp_path: Path) -> None:
    for name in ("sync", "reconcile"):
        assert_one_sentence(verb(name, tmp_path / "state", CONF="[" * 100_000), "CONF must be a JSON object")
    assert not (tmp_path / "state").exists()


def test_of_what_a_program_said_the_reason_is_shown() -> None:
    assert reason_of_initdb("creating …\ninitdb: error: could not write: No space\ninitdb: removing …") == (
        "could not write: No space"
    )
    assert (
        reason_of_initdb("2026 [1] @ FATAL:  no space\n@ STATEMENT:  CREATE\nchild process exited")
        == "no space"
    )
    assert reason_of_initdb("") == "no output"
    said = "Traceback …\nsqlalchemy.exc.OperationalError: (DiskFull) no space\n\n[SQL: CREATE TABLE x]\n(Background …)"
    assert reason_of_airflow(said) == "sqlalchemy.exc.OperationalError: (DiskFull) no space"


def test_what_postgresql_refuses_is_a_sentence() -> None:
    with pytest.raises(
        StackError, match=r"^The embedded PostgreSQL refused a statement \(.*\): see .*postgres\.log\.$"
    ):
        make_databases(Cluster(Path("/nowhere"), free_port()), {})
