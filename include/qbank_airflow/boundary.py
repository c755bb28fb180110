"""Where Airflow meets the rooms: the ledger's connection, and errors as one sentence.

Knows Airflow, the bank and the ledger; neither of those knows the other two.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from airflow.sdk import Connection, get_current_context
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowNotFoundException,
    AirflowSkipException,
)
from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

from qbank.errors import QBankError
from qbank_airflow import lineage
from qbank_airflow.names import LEDGER
from qbank_ledger.config import connection_extra, postgres_url
from qbank_ledger.db.allowed_server import require_allowed
from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import LedgerConnectionError, LedgerError, NoPackError

log = logging.getLogger(__name__)

# Stands for a cloud's token until somebody connects, so that what holds for passwords holds.
_TOKEN = "a token, at each connection"  # noqa: S105


def ledger(conn_id: str = LEDGER, *, reads: Iterable[str] = (), writes: Iterable[str] = ()) -> Engine:
    """The ledger database of an Airflow connection, as the loader.

    What the task reads and writes there, and elsewhere by URI, is reported as lineage.
    """
    try:
        conn = Connection.get(conn_id)
    except AirflowNotFoundException:
        raise LedgerConnectionError(
            f"There is no connection {conn_id}: create one of type postgres, or set "
            f"AIRFLOW_CONN_{conn_id.upper()}."
        ) from None
    extra = connection_extra(conn_id, conn.extra)
    by_token = bool(extra.get("iam"))
    try:
        url = postgres_url(
            conn_type=conn.conn_type,
            host=conn.host,
            port=conn.port,
            login=conn.login,
            password=_TOKEN if by_token else conn.password,
            schema=conn.schema,
            extra=extra,
        )
    except ValueError:
        raise LedgerConnectionError(f"The connection {conn_id} is not of type postgres.") from None
    require_allowed(url)
    lineage.report(url, reads, writes)
    # Fetch writes down its answers some at a time: one connection for all of its transactions.
    engine = engine_for(url, poolclass=QueuePool)
    if by_token:
        from qbank_airflow.iam import log_in_by_token  # noqa: PLC0415 - the postgres hook is heavy

        log_in_by_token(engine, conn)
    return engine


def refuse_unknown_conf() -> None:
    """Fail the task where the run's configuration has a key that the DAG does not know: it may be misspelt.

    Airflow checks the values of the keys that it knows, and lets all others pass.
    """
    context = get_current_context()
    known = set(context["dag"].params)
    for key in context["dag_run"].conf or {}:
        if key not in known:
            near = get_close_matches(str(key).lower(), known, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise AirflowFailException(
                f"The configuration has the unknown key {str(key)!r:.80}.{meant} "
                f"Known keys: {', '.join(sorted(known))}."
            )


@contextmanager
def task_errors() -> Iterator[None]:
    """Fail the task with the error's own sentence, and retry only what may pass by itself.

    A close pack that has no place is a warning, and skips the task: it costs the run nothing.
    """
    try:
        yield
    except NoPackError as error:
        log.warning("%s", error)
        raise AirflowSkipException(str(error)) from None
    except (QBankError, LedgerError) as error:
        kind = AirflowException if error.retryable else AirflowFailException
        raise kind(str(error)) from None
    except AirflowNotFoundException as error:
        raise AirflowFailException(f"{error}: create it in Airflow, Admin > Connections.") from None
