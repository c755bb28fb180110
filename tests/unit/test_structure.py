"""The rooms and the one way through them: who may import whom, and what a DAG file may hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    "qbank": ROOT / "plugins" / "qbank",
    "qbank_airflow": ROOT / "include" / "qbank_airflow",
    "qbank_ledger": ROOT / "include" / "qbank_ledger",
    "qbank_page": ROOT / "include" / "qbank_page",
    "qbank_sandbox": ROOT / "include" / "qbank_sandbox",
}
# What each package may not know. qbank.hook alone meets Airflow.
FORBIDDEN = {
    "qbank": {
        "airflow",
        "qbank_airflow",
        "qbank_ledger",
        "qbank_page",
        "qbank_sandbox",
        "sqlalchemy",
        "great_expectations",
        "pandas",
    },
    "qbank_airflow": {"qbank_page", "qbank_sandbox", "great_expectations", "pandas", "requests"},
    "qbank_ledger": {
        "airflow",
        "fastapi",
        "qbank",
        "qbank_airflow",
        "qbank_page",
        "qbank_sandbox",
        "requests",
    },
    "qbank_page": {
        "airflow",
        "qbank",
        "qbank_airflow",
        "qbank_sandbox",
        "great_expectations",
        "pandas",
        "requests",
    },
    "qbank_sandbox": {
        "airflow",
        "qbank",
        "qbank_airflow",
        "qbank_ledger",
        "qbank_page",
        "sqlalchemy",
        "great_expectations",
    },
}
ALLOWED = {
    "qbank/hook.py": {"airflow"},
    "qbank_page/airflow.py": {"airflow"},
    "qbank_page/plugin.py": {"airflow"},
}
# The ledger's rooms, and what lies below them; the command line alone stands above.
ROOMS = {"sync", "recon", "seals", "export", "month_end", "watch"}
TOP = "the top level"
MAY_IMPORT = {room: {"db", "files", TOP} for room in ROOMS} | {"db": {TOP}, "files": {TOP}, TOP: set[str]()}
# The page's rooms stand on its frame; its top level puts them together.
FRAME = "frame"
PAGE_ROOMS = {
    "position",
    "account",
    "coverage",
    "runs",
    "books",
    "reconciliation",
    "close",
    "monitors",
}
PAGE_MAY_IMPORT = {room: {FRAME} for room in PAGE_ROOMS} | {FRAME: set[str](), TOP: {*PAGE_ROOMS, FRAME}}
MODULES = [(package, file) for package, folder in SOURCES.items() for file in sorted(folder.rglob("*.py"))]
DAGS = sorted((ROOT / "dags").glob("qbank_*.py"))


def imported(file: Path) -> set[str]:
    """The packages that a file imports anything of."""
    return {name.partition(".")[0] for name in imported_modules(file)}


def imported_modules(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(module: str, may_import: Mapping[str, set[str]] = MAY_IMPORT) -> str:
    """Where in the ledger, or the page, a module stands: a room, what lies below them, or the top level."""
    parts = module.split(".")
    return parts[1] if parts[1] in may_import else TOP


def rooms_reached(file: Path, package: str, may_import: Mapping[str, set[str]]) -> tuple[str, set[str]]:
    """Where a module stands, and what of its own package it imports."""
    here = ".".join(file.relative_to(SOURCES[package].parent).with_suffix("").parts)
    reached = {name for name in imported_modules(file) if name.startswith(f"{package}.")}
    return room_of(here, may_import), {room_of(name, may_import) for name in reached}


def statements_named(file: Path) -> set[str]:
    """The names of statements in a module: after the connection, in a call of ``execute``, or in a table."""
    tree = ast.parse(file.read_text())
    return {
        argument.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        for argument in call.args[:2]
        if call.func.id in {"execute", "statement", "Sheet"}
        if isinstance(argument, ast.Constant) and re.fullmatch("[a-z_]+", str(argument.value))
    }


def texts(file: Path) -> set[object]:
    return {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}


@pytest.mark.parametrize(("package", "file"), MODULES, ids=lambda value: getattr(value, "stem", value))
def test_imports_go_one_way(package: str, file: Path) -> None:
    named = f"{package}/{file.relative_to(SOURCES[package])}"
    assert imported(file) & FORBIDDEN[package] <= ALLOWED.get(named, set())


LEDGER = SOURCES["qbank_ledger"]
OF_THE_LEDGER = [file for package, file in MODULES if package == "qbank_ledger"]
PAGE = SOURCES["qbank_page"]
OF_THE_PAGE = [file for package, file in MODULES if package == "qbank_page"]
FOLDERS_OF_SQL = [*sorted(LEDGER.glob("*/sql")), *sorted(PAGE.glob("*/sql"))]


def test_every_folder_of_the_ledger_is_a_room_or_below_them() -> None:
    folders = {path.parent.name for path in LEDGER.glob("*/__init__.py")}
    assert folders == MAY_IMPORT.keys() - {TOP}


@pytest.mark.parametrize("file", OF_THE_LEDGER, ids=lambda file: str(file.relative_to(LEDGER)))
def test_a_room_of_the_ledger_imports_no_other(file: Path) -> None:
    if file.name == "__main__.py":
        return
    here, reached = rooms_reached(file, "qbank_ledger", MAY_IMPORT)
    assert reached <= MAY_IMPORT[here] | {here}


def test_every_folder_of_the_page_is_a_room_or_the_frame() -> None:
    folders = {path.parent.name for path in PAGE.glob("*/__init__.py")}
    assert folders == PAGE_MAY_IMPORT.keys() - {TOP}


@pytest.mark.parametrize("file", OF_THE_PAGE, ids=lambda file: str(file.relative_to(PAGE)))
def test_a_room_of_the_page_imports_no_other(file: Path) -> None:
    here, reached = rooms_reached(file, "qbank_page", PAGE_MAY_IMPORT)
    assert reached <= PAGE_MAY_IMPORT[here] | {here}


@pytest.mark.parametrize(
    "file", sorted(PAGE.rglob("*.j2")), ids=lambda file: str(file.relative_to(SOURCES["qbank_page"]))
)
def test_a_template_of_a_room_takes_from_no_other(file: Path) -> None:
    taken = re.findall(r'(?:extends|from|include|import) "(\w+)/', file.read_text())
    assert set(taken) <= PAGE_MAY_IMPORT[file.parent.name] | {file.parent.name}


@pytest.mark.parametrize("file", OF_THE_LEDGER, ids=lambda file: str(file.relative_to(LEDGER)))
def test_what_a_person_must_act_on_stands_in_errors(file: Path) -> None:
    errors = {
        node.name
        for node in ast.walk(ast.parse((LEDGER / "errors.py").read_text()))
        if isinstance(node, ast.ClassDef)
    }
    elsewhere = {
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef) and errors & {ast.unparse(base) for base in node.bases}
    }
    assert file.name == "errors.py" or not elsewhere


@pytest.mark.parametrize(
    "file",
    [*sorted(LEDGER.rglob("*.sql")), *sorted(PAGE.rglob("*.sql"))],
    ids=lambda file: str(file.relative_to(LEDGER.parent)),
)
def test_no_line_of_sql_is_over_120_characters(file: Path) -> None:
    assert [line for line in file.read_text().splitlines() if len(line) > 120] == []


@pytest.mark.parametrize(
    "folder", FOLDERS_OF_SQL, ids=lambda folder: f"{folder.parts[-3]}-{folder.parts[-2]}"
)
def test_every_statement_is_used_and_every_one_that_is_named_exists(folder: Path) -> None:
    modules = list(folder.parent.glob("*.py"))
    files = {file.stem for file in folder.glob("*.sql")}
    assert files
    assert set[str]().union(*map(statements_named, modules)) - files == set()
    assert files - set[object]().union(*map(texts, modules)) == set()


@pytest.mark.parametrize("file", DAGS, ids=lambda file: file.stem)
def test_a_dag_file_is_wiring_only(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) < 170
    assert not imported(file) & {"requests", "sqlalchemy", "psycopg2", "great_expectations", "os"}
    assert "SELECT " not in text


def test_nothing_heavy_is_loaded_by_a_dag_file() -> None:
    code = "import sys, qbank_balance_sync; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "dags", capture_output=True, text=True, check=True
    )
    assert {"great_expectations", "pandas"}.isdisjoint(done.stdout.split())


def test_the_audit_loads_great_expectations_without_its_charts_and_distributions() -> None:
    """They are 40 % of what it takes to load, and 80 MB."""
    code = """
import sys
from qbank_ledger.sync.deferred import deferred
from qbank_ledger.sync.gx import _UNUSED
with deferred(*_UNUSED):
    import great_expectations
    import qbank_ledger.sync.broken_rule
print(*sys.modules)
import altair, scipy.stats
assert altair.Chart and scipy.stats.norm.cdf(0) == 0.5
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "great_expectations" in loaded
    assert {"altair.vegalite", "scipy.stats.distributions", "scipy.optimize"}.isdisjoint(loaded)


def test_a_command_and_what_reads_a_ledger_load_without_alembic() -> None:
    """It takes half as long to load as all the rest."""
    code = "import sys, qbank_ledger.__main__, local.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"alembic", "mako"}.isdisjoint(done.stdout.split())


def test_the_ledgers_pure_modules_load_without_a_database_driver() -> None:
    code = "import sys, qbank_ledger.sync.accounts_file; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"sqlalchemy", "airflow", "great_expectations", "psycopg2"}.isdisjoint(done.stdout.split())
