"""The rows of a query by any SQL connection of Airflow, as a CSV."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from airflow.sdk import BaseHook

from qbank_ledger.errors import in_one_line


def rows_as_csv(conn_id: str, query: str, refuse: Callable[[str], Exception]) -> str:
    """What the query gives, under the names of its columns; a number is exact, what is null is empty.

    Raises what ``refuse`` makes of the reason where there is no such connection, where the query fails, or
    gives a float or bytes.
    """
    try:
        hook = BaseHook.get_hook(conn_id)
    except Exception as error:  # noqa: BLE001 - whatever a hook's library raises
        raise refuse(f"the connection {conn_id} can't be used: {in_one_line(error)}") from None
    try:
        columns, rows = hook.run(query, handler=_columns_and_rows)
    except Exception as error:  # noqa: BLE001 - the same
        raise refuse(f"the query failed: {in_one_line(error)}") from None
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, float):
                raise refuse(f"the query's column {column} is a float: cast it to numeric or text there")
            if isinstance(value, bytes | bytearray | memoryview):
                raise refuse(f"the query's column {column} is bytes: cast it to text there")
        writer.writerow(map(_cell, row))
    return text.getvalue()


def _columns_and_rows(cursor: Any) -> tuple[list[str], list[Any]]:
    return [column[0] for column in cursor.description], cursor.fetchall()


def _cell(value: Any) -> str:
    if isinstance(value, datetime) and value.time() == time():
        return f"{value:%Y-%m-%d}"  # what some databases call a date
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)
