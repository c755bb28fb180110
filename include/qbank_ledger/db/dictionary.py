"""The data dictionary: every relation, column and function of the ledger, and how the tables relate.

``docs/data-dictionary.md`` is what this makes of a freshly migrated database; a test holds them
together. What is to be said of a column is said in ``COMMENT ON``, in a migration.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine

from qbank_ledger.db.sql import execute
from qbank_ledger.db.transaction import transaction

_HEAD = """# Data dictionary

Made from the database's own comments by `python -m qbank_ledger dictionary`: to change a line, change its
`COMMENT ON` in a new migration and make this page again. Times are `timestamptz`, in UTC; money is
`numeric` without a scale, exact, in the currency beside it.

The diagram of each schema shows the keys of its tables, and what refers to which table: a solid line is a
foreign key, a dotted one a column that has the name of the table's key.
"""


def dictionary(engine: Engine) -> str:
    """The page, in Markdown, of the database as it is."""
    with transaction(engine) as connection:
        return "\n".join([_HEAD, *_schemas(connection)])


def _schemas(connection: Connection) -> Iterator[str]:
    functions = execute(connection, "describe_functions").all()
    references = execute(connection, "describe_references").all()
    rows = execute(connection, "describe_columns").all()
    for schema, group in groupby(rows, key=lambda row: (row.schema, row.schema_says)):
        of_schema = list(group)
        yield f"## {schema[0]}\n\n{schema[1]}\n"
        yield from _diagram(of_schema, [found for found in references if found.schema == schema[0]])
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


def _diagram(columns: Sequence[Any], references: Sequence[Any]) -> Iterator[str]:
    """An entity-relationship diagram in Mermaid: the keys of the tables, and what refers to which."""
    keys: dict[str, list[str]] = {}
    yield "```mermaid\nerDiagram"
    for relation, of_relation in groupby(columns, key=lambda row: f"{row.schema}.{row.relation}"):
        key = [column for column in of_relation if column.is_key]
        if key:
            keys[relation] = [column.column for column in key]
            yield f'    "{relation}" {{'
            # A type is one word there.
            yield from (f"        {column.type.replace(' ', '_')} {column.column} PK" for column in key)
            yield "    }"
    for found in references:
        line = "--" if found.enforced else ".."
        many = "|" if keys.get(found.child) == [found.columns] else "{"
        yield f'    "{found.parent}" ||{line}o{many} "{found.child}" : "{found.columns}"'
    yield "```\n"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")
