"""What GitHub runs and keeps up to date."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from tests.unit.deployment.compose import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "check.yml"


@pytest.mark.parametrize(
    ("file", "schema"),
    [(WORKFLOW, "github-workflows"), (ROOT / ".github" / "dependabot.yml", "dependabot")],
    ids=["workflow", "dependabot"],
)
def test_the_file_is_valid_by_its_schema(file: Path, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_python_that_is_supported_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    supported = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"])
    assert supported
    tried = yaml.safe_load(WORKFLOW.read_text())["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert tried == [f"3.{minor}" for minor in range(int(supported[1]), int(supported[2]))]
