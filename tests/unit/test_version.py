"""The version is said once, in pyproject.toml, and read by whatever shows it."""

import re
import tomllib
from pathlib import Path

from qbank.provider_info import get_provider_info
from qbank.transport import USER_AGENT
from qbank_ledger.config import DISTRIBUTION, package_version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_all_that_shows_the_version_reads_the_same() -> None:
    assert package_version() == PROJECT["version"], "run `make setup` after a new version"
    assert f"{DISTRIBUTION}/{PROJECT['version']}" == USER_AGENT
    assert get_provider_info()["versions"] == [PROJECT["version"]]


def test_no_module_says_it_for_itself() -> None:
    said = re.compile(rf"[\"']{re.escape(PROJECT['version'])}[\"']")
    files = [
        file for folder in ("dags", "plugins", "include", "local") for file in (ROOT / folder).rglob("*.py")
    ]
    assert [file.name for file in files if said.search(file.read_text())] == []


def test_each_dependency_has_an_oldest_version() -> None:
    assert [each for each in PROJECT["dependencies"] if ">=" not in each] == []
