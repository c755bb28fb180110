"""Rows on their way into a table by COPY, in its text format: a line a row, exact, and quick."""

import io
import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_to_be_escaped = re.compile(r"[\\\t\n\r]").search


def copy_text(rows: Iterable[Iterable[Any]]) -> io.StringIO:
    """The rows as COPY reads them; what is no text is as ``str`` has it, so that no number is rounded."""
    return io.StringIO(
        "".join(
            ["\t".join([r"\N" if cell is None else _copied(cell) for cell in row]) + "\n" for row in rows]
        )
    )


def copy_into(connection: Connection, table: str, columns: Iterable[str], text: io.StringIO) -> None:
    """Write what ``copy_text`` gave into these columns of a table."""
    cursor = connection.connection.cursor()
    cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text)


def _copied(cell: Any) -> str:
    text = cell if type(cell) is str else str(cell)
    return text.translate(_ESCAPED) if _to_be_escaped(text) else text
