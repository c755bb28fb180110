"""How SQL is written here: what a reader, and a table that gets another column, rely on."""

import re

import pytest

from tests.conftest import REPOSITORY

LEDGER = REPOSITORY / "include" / "qbank_ledger"
FILES = [*LEDGER.rglob("*.sql"), *LEDGER.rglob("*.py")]
UNNAMED = re.compile(r"INSERT INTO (?:ledger|sync|recon)\.\w+(?: AS \w+)?(?!\w| AS )\s*(?!\s|\(|\"\n)")


def test_every_insert_names_its_columns() -> None:
    found = [
        f"{file.name}: {match[0]}" for file in FILES for match in UNNAMED.finditer(file.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger.missing_hour_reason VALUES (1)",
        "INSERT INTO ledger.missing_hour_reason\nSELECT 1",
        "INSERT INTO ledger.missing_hour_reason AS g VALUES (1)",
    ],
)
def test_an_insert_that_does_not_is_found(statement: str) -> None:
    assert UNNAMED.search(statement)


def test_no_line_of_the_schema_is_longer_than_a_window_is_wide() -> None:
    lines = [
        f"{file.name}:{number}"
        for file in (LEDGER / "migrations").rglob("*.sql")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if len(line) > 120
    ]
    assert lines == []
