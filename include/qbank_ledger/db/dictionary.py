"""The data dictionary: every relation, column and function of the ledger, from their comments.

``docs/data-dictionary.md`` is what this makes of a freshly migrated database; a test holds them
together. What is to be said of a column is said in ``COMMENT ON``, in a migration.
"""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, Engine

from qbank_ledger.db.sql import execute
from qbank_ledger.db.transaction import transaction

_HEAD = """# Data dictionary

Made from the database's own comments by `python -m qbank_ledger dictionary`: to change a line, change its
`COMMENT ON` in a new migration and make this page again. Times are `timestamptz`, in UTC; money is
`numeric` without a scale, exact, in the currency beside it.
"""


def dictionary(engine: Engine) -> str:
    """The page, in Markdown, of the database as it is."""
    with transaction(engine) as connection:
        return "\n".join([_HEAD, *_schemas(connection)])


def _schemas(connection: Connection) -> Iterator[str]:
    functions = execute(connection, "describe_functions").all()
    rows = execute(connection, "describe_columns").all()
    for schema, of_schema in groupby(rows, key=lambda row: (row.schema, row.schema_says)):
        yield f"## {schema[0]}\n\n{schema[1]}\n"
        for relation, columns in groupby(of_schema, key=lambda row: (row.relation, row.kind, row.says)):
            yield f"### {schema[0]}.{relation[0]}\n\n{relation[1]}. {relation[2]}\n"
            yield "| column | type | meaning |\n| --- | --- | --- |"
            for column in columns:
                key = " (key)" if column.is_key else ""
                yield f"| `{column.column}`{key} | `{column.type}` | {_cell(column.column_says)} |"
            yield ""
        named = [function for function in functions if function.schema == schema[0]]
        if named:
            yield f"### Functions of {schema[0]}\n\n| function | returns | meaning |\n| --- | --- | --- |"
            for function in named:
                yield f"| `{function.signature}` | `{function.returns}` | {_cell(function.says)} |"
            yield ""


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")
