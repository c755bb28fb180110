"""What a module of this package may touch, and what its import may do."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import qbank

MODULES = sorted(Path(qbank.__file__).parent.glob("*.py"))


def imports_of(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_only_the_hook_knows_airflow_and_nobody_the_ledger(module: Path) -> None:
    names = imports_of(module)
    assert ("airflow" in names) == (module.stem == "hook")
    assert not names & {"qbank_ledger", "qbank_sandbox", "pandas", "great_expectations"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_one_module_reads_the_environment(module: Path) -> None:
    text = module.read_text()
    assert ("os.environ" in text or "getenv" in text) == (module.stem == "hosts")


def test_the_client_loads_without_airflow_and_the_payload_without_a_network() -> None:
    code = (
        "import sys, qbank.payload; assert 'requests' not in sys.modules;"
        "import qbank.client; assert 'airflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_only_the_payload_knows_the_banks_field_names(module: Path) -> None:
    quoted = ('"available_balance"', '"ledger_balance"', '"accountId"', '"as_of"')
    known = any(name in module.read_text() for name in quoted)
    assert known == (module.stem == "payload")
