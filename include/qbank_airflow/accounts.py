"""Where the configured accounts come from: a file, object storage, an Airflow Variable, or a query."""

from airflow.sdk import Variable

from qbank_airflow.query import rows_as_csv
from qbank_airflow.storage import at
from qbank_ledger.errors import AccountsFileError
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
    text = rows_as_csv(
        conn_id, query, lambda why: AccountsFileError(f"The accounts can't be read {name}: {why}.")
    )
    return TextSource(name, text, ".csv")
