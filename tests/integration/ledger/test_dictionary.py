"""The data dictionary says what the database says, of everything that is in it."""

import pytest

from qbank_ledger.db.dictionary import dictionary
from tests.conftest import REPOSITORY
from tests.words.ledger import Ledger

PAGE = REPOSITORY / "docs" / "data-dictionary.md"


def test_the_page_is_what_the_database_says(ledger: Ledger) -> None:
    said = dictionary(ledger.engine)
    assert PAGE.read_text("utf-8").rstrip("\n") == said.rstrip("\n"), (
        "make the page again: python -m qbank_ledger dictionary > docs/data-dictionary.md"
    )


def test_a_comment_that_changes_changes_the_page(ledger: Ledger) -> None:
    before = dictionary(ledger.engine)
    told = ledger.value("SELECT obj_description('ledger.missing_hour_reason'::regclass)")
    ledger.rows("COMMENT ON TABLE ledger.missing_hour_reason IS 'Something | else.'")
    assert dictionary(ledger.engine) != before
    with ledger.owner.begin() as connection:
        connection.exec_driver_sql("SELECT set_config('qbank.told', %s, true)", (told,))
        connection.exec_driver_sql(
            "DO $$ BEGIN EXECUTE format('COMMENT ON TABLE ledger.missing_hour_reason IS %%L', current_setting('qbank.told')); END $$"
        )
    assert dictionary(ledger.engine) == before


@pytest.mark.parametrize("kind", ["schema", "relation", "column", "function"])
def test_nothing_is_without_a_comment(ledger: Ledger, kind: str) -> None:
    queries = {
        "schema": "SELECT nspname FROM pg_namespace WHERE {in_scope} AND obj_description(oid, 'pg_namespace') IS NULL",
        "relation": "SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace"
        " WHERE {in_scope} AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition"
        " AND obj_description(c.oid, 'pg_class') IS NULL",
        "column": "SELECT format('%s.%s', c.oid::regclass, attname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace"
        " JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped"
        " WHERE {in_scope} AND relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition AND col_description(c.oid, attnum) IS NULL",
        "function": "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace"
        " WHERE {in_scope} AND obj_description(p.oid, 'pg_proc') IS NULL",
    }
    scope = "nspname IN ('ledger', 'sync', 'recon', 'reporting', 'reporting_all')"
    assert ledger.rows(queries[kind].format(in_scope=scope)) == []
