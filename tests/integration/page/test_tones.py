"""Tones: each word of a state has one, the same wherever it is shown."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import qbank_page
from qbank_page.frame.tones import RUNS, SIGN_OFFS, STATUSES
from tests.words.ledger import Ledger

MODULES = sorted(Path(qbank_page.__file__).parent.rglob("*.py"))
TONES = {"good", "warn", "bad", "plain"}


@pytest.mark.parametrize(
    ("table", "column", "tones"),
    [
        ("sync.run", "state", RUNS),
        ("recon.reconciliation", "status", STATUSES),
        ("recon.sign_off", "state", SIGN_OFFS),
    ],
)
def test_each_word_that_the_ledger_may_hold_has_a_tone(
    ledger: Ledger, table: str, column: str, tones: Mapping[str, str]
) -> None:
    of_column = (
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = CAST(:table AS regclass)"
        " AND contype = 'c' AND pg_get_constraintdef(oid) LIKE :begins"
    )
    words = {
        word
        for row in ledger.rows(of_column, table=table, begins=f"CHECK (({column} = ANY%")
        for word in re.findall(r"'(\w+)'::text", row[0])
    }
    assert words
    assert tones.keys() - words <= {"open"}, "nobody has signed: no row says so"
    assert words <= tones.keys()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_words_have_their_tones_in_one_module(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Dict) and node.values:
            values = {each.value if isinstance(each, ast.Constant) else None for each in node.values}
            assert module.stem == "tones" or not values <= TONES, (
                f"line {node.lineno}: it belongs to tones.py"
            )
