"""Alerts by Airflow's connections: who is told, and one warning for each who could not be."""

import logging
from collections.abc import Sequence

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from sqlalchemy import Engine

from qbank_ledger.errors import AlertNotSentError
from qbank_ledger.watch.receiver import Receiver
from qbank_ledger.watch.watch import watch

log = logging.getLogger(__name__)


def watch_ledger(engine: Engine, conn_ids: Sequence[str], remind_hours: int) -> str:
    """Look once and tell these connections; what can't be sent is a warning, and is tried again."""
    done = watch(engine, conn_ids, receiver, remind_hours)
    for why in done.unsent:
        log.warning(why)
    return str(done)


def receiver(conn_id: str) -> Receiver:
    """Who is told by a connection; raises AlertNotSentError where there is none, or it can't be read."""
    try:
        conn = Connection.get(conn_id)
        return Receiver(
            conn_id, conn.conn_type, conn.host, conn.port, conn.login, conn.password, conn.extra_dejson
        )
    except AirflowNotFoundException:
        raise AlertNotSentError(
            f"There is no connection {conn_id}: create it in Airflow, or take it out of "
            "QBANK_ALERT_CONNECTIONS."
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever a vault, Fernet or the API raises; it may hold a secret
        raise AlertNotSentError(
            f"The connection {conn_id} can't be read ({type(error).__name__}): check it in Airflow."
        ) from None
