"""Where the configured accounts come from: a file, object storage, an Airflow Variable, or a query."""

import csv
import io
from datetime import time
from typing import Any

from airflow.sdk import BaseHook, Variable

from qbank_airflow.storage import at
from qbank_ledger.errors import AccountsFileError, in_one_line
from qbank_ledger.files.source import AnySource, TextSource

VARIABLE, QUERY = "variable://", "sql://"


def accounts_from(source: str) -> AnySource:
    """What to read the accounts of: a path, an object-storage URL, or one of these.

    * ``variable://NAME``: the text of an Airflow Variable, in YAML, or in CSV where it begins with a header;
    * ``sql://CONN_ID?SELECT …``: the rows of a query by any SQL connection; its columns are a CSV's.

    Raises AccountsFileError where the Variable is not there, or the query fails or gives a float.
    """
    if source.startswith(VARIABLE):
        return _variable(source.removeprefix(VARIABLE))
    if source.startswith(QUERY):
        conn_id, _, query = source.removeprefix(QUERY).partition("?")
        return _query(conn_id, query)
    place: AnySource = at(source)
    return place


def _variable(name: str) -> TextSource:
    text = Variable.get(name, default=None)
    if text is None:
        raise AccountsFileError(
            f"There is no Airflow Variable {name}: create it, with the accounts as YAML or CSV."
        )
    first = str(text).lstrip("\ufeff\r\n ").partition("\n")[0]
    in_csv = "account_id" in first and any(separator in first for separator in ",;") and ":" not in first
    return TextSource(f"in the Airflow Variable {name}", str(text), ".csv" if in_csv else ".yaml")


def _query(conn_id: str, query: str) -> TextSource:
    name = f"from a query by {conn_id}"
    if not (conn_id and query.strip()):
        raise AccountsFileError("Write the accounts' query as sql://CONN_ID?SELECT account_id, currency, …")
    try:
        hook = BaseHook.get_hook(conn_id)
        columns, rows = hook.run(query, handler=_columns_and_rows)
    except Exception as error:  # noqa: BLE001 - whatever a hook's library raises
        raise AccountsFileError(f"The accounts can't be read {name}: {in_one_line(error)}.") from None
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(name, column, value) for column, value in zip(columns, row, strict=True)])
    return TextSource(name, text.getvalue(), ".csv")


def _columns_and_rows(cursor: Any) -> tuple[list[str], list[Any]]:
    return [column[0] for column in cursor.description], cursor.fetchall()


def _cell(name: str, column: str, value: Any) -> str:
    if isinstance(value, float):
        raise AccountsFileError(
            f"The accounts {name} have floats as {column}: cast it to numeric or text there."
        )
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)
