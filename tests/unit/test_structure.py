"""The rooms and the one way through them: who may import whom, and what a DAG file may hold."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    "qbank": ROOT / "plugins" / "qbank",
    "qbank_airflow": ROOT / "include" / "qbank_airflow",
    "qbank_ledger": ROOT / "include" / "qbank_ledger",
    "qbank_sandbox": ROOT / "include" / "qbank_sandbox",
}
# What each package may not know. qbank.hook alone meets Airflow.
FORBIDDEN = {
    "qbank": {
        "airflow",
        "qbank_airflow",
        "qbank_ledger",
        "qbank_sandbox",
        "sqlalchemy",
        "great_expectations",
        "pandas",
    },
    "qbank_airflow": {"qbank_sandbox", "great_expectations", "pandas", "requests"},
    "qbank_ledger": {"airflow", "qbank", "qbank_airflow", "qbank_sandbox", "requests"},
    "qbank_sandbox": {
        "airflow",
        "qbank",
        "qbank_airflow",
        "qbank_ledger",
        "sqlalchemy",
        "great_expectations",
    },
}
ALLOWED = {"qbank/hook.py": {"airflow"}}
MODULES = [(package, file) for package, folder in SOURCES.items() for file in sorted(folder.rglob("*.py"))]
DAGS = sorted((ROOT / "dags").glob("qbank_*.py"))


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(("package", "file"), MODULES, ids=lambda value: getattr(value, "stem", value))
def test_imports_go_one_way(package: str, file: Path) -> None:
    assert imported(file) & FORBIDDEN[package] <= ALLOWED.get(f"{package}/{file.name}", set())


@pytest.mark.parametrize("file", DAGS, ids=lambda file: file.stem)
def test_a_dag_file_is_wiring_only(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) < 140
    assert not imported(file) & {"requests", "sqlalchemy", "psycopg2", "great_expectations", "os"}
    assert "SELECT " not in text


def test_nothing_heavy_is_loaded_by_a_dag_file() -> None:
    code = "import sys, qbank_balance_sync; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "dags", capture_output=True, text=True, check=True
    )
    assert {"great_expectations", "pandas"}.isdisjoint(done.stdout.split())


def test_the_ledgers_pure_modules_load_without_a_database_driver() -> None:
    code = "import sys, qbank_ledger.sync.accounts_file; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"sqlalchemy", "airflow", "great_expectations", "psycopg2"}.isdisjoint(done.stdout.split())
