"""A cloud's token in place of the ledger's password, by Airflow's own postgres hook: new for each connection.

The connection's extra has ``{"iam": true}``, and what the hook takes beside it, such as ``aws_conn_id``.
"""

from typing import Any

from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.log import mask_secret
from sqlalchemy import Engine, event

from qbank_ledger.errors import LedgerConnectionError, LedgerUnavailableError, in_one_line


def log_in_by_token(engine: Engine, conn: Connection) -> None:
    """Have every connection of the engine ask for a token; they last minutes, a task may last longer."""

    def ask(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        try:
            login, token, _port = PostgresHook(conn.conn_id).get_iam_token(conn)
        except (AirflowException, ImportError, ValueError) as error:
            raise LedgerConnectionError(
                f"The connection {conn.conn_id} has iam in its extra, and no token: {in_one_line(error)}"
            ) from None
        except Exception as error:  # noqa: BLE001 - a cloud's library has errors of its own
            raise LedgerUnavailableError(
                f"The cloud gave no token for the connection {conn.conn_id} ({in_one_line(error)}): "
                "check the cloud's connection that its extra names."
            ) from None
        mask_secret(token)
        parameters.update(user=login, password=token)

    event.listen(engine, "do_connect", ask)
