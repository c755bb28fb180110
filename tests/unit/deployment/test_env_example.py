""".env.example explains every setting and gives no value; the documented command fills the secrets in."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from tests.unit.deployment.compose import ROOT, SECRETS, interpolated


@pytest.fixture
def example() -> str:
    """The file as written."""
    return (ROOT / ".env.example").read_text("utf-8")


def test_every_variable_is_explained_and_empty(example: str) -> None:
    block = ""  # the comment above; variables that directly follow each other share one
    for line in example.splitlines():
        if line.startswith("#") or not line:
            block = line if line else ""
            continue
        assert re.fullmatch(r"[A-Z_]+=", line), line
        assert block, line


def test_the_documented_command_fills_in_every_secret(
    tmp_path: Path, example: str, compose: dict[str, Any]
) -> None:
    docs = (ROOT / "docs/deployment.md").read_text("utf-8")
    [command] = [each for each in re.findall(r"```sh\n(.*?)```", docs, re.DOTALL) if ".env.example" in each]
    (tmp_path / ".env.example").write_text(example, "utf-8")
    subprocess.run(["sh", "-euc", command], cwd=tmp_path, check=True, timeout=60)
    env = tmp_path / ".env"
    assert env.stat().st_mode & 0o077 == 0
    made = dict(re.findall(r"^(\w+)=(.*)$", env.read_text("utf-8"), re.MULTILINE))
    filled = {name: value for name, value in made.items() if value}
    assert set(filled) == SECRETS
    assert len(set(filled.values())) == len(SECRETS)
    Fernet(filled["AIRFLOW_FERNET_KEY"])
    for name in SECRETS - {"AIRFLOW_FERNET_KEY"}:
        assert re.fullmatch(r"[0-9a-f]{64}", filled[name]), name  # may stand in a URL as it is
    interpolated(compose, made)


def test_git_ignores_the_filled_in_file() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
