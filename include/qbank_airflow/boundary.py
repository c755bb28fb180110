"""Where Airflow meets the rooms: the ledger's connection, and errors as one sentence.

Knows Airflow, the bank and the ledger; neither of those knows the other two.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException
from sqlalchemy import Engine

from qbank.errors import QBankError
from qbank_ledger.config import postgres_url
from qbank_ledger.database import engine_for
from qbank_ledger.errors import LedgerConnectionError, LedgerError

LEDGER = "ledger_default"


def ledger() -> Engine:
    """The ledger database of the connection ``ledger_default``, as the loader."""
    try:
        conn = Connection.get(LEDGER)
    except AirflowNotFoundException:
        raise LedgerConnectionError(
            f"There is no connection {LEDGER}: create one of type postgres, or set "
            "AIRFLOW_CONN_LEDGER_DEFAULT."
        ) from None
    try:
        url = postgres_url(
            conn_type=conn.conn_type,
            host=conn.host,
            port=conn.port,
            login=conn.login,
            password=conn.password,
            schema=conn.schema,
            extra=json.loads(conn.extra or "{}"),
        )
    except ValueError:
        raise LedgerConnectionError(f"The connection {LEDGER} is not of type postgres.") from None
    return engine_for(url)


@contextmanager
def one_sentence() -> Iterator[None]:
    """Fail the task with the error's own sentence, and retry only what may pass by itself."""
    try:
        yield
    except (QBankError, LedgerError) as error:
        kind = AirflowException if error.retryable else AirflowFailException
        raise kind(str(error)) from None
    except AirflowNotFoundException as error:
        raise AirflowFailException(f"{error}: create it in Airflow, Admin > Connections.") from None
