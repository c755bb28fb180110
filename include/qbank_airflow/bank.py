"""The bank's hosts, as QBank connections name them."""

import logging
from collections.abc import Iterable

from airflow.sdk.exceptions import AirflowNotFoundException

from qbank.errors import QBankError
from qbank.hook import QBankHook

log = logging.getLogger(__name__)


def find_host(connections: Iterable[str]) -> str:
    """The host name to which the first of these connections points that is fit for use.

    One that is not costs its own accounts, in its own fetch task, and not the run. Raises what is wrong with
    the first where none is.
    """
    failure: Exception | None = None
    for conn_id in connections:
        try:
            return QBankHook(conn_id).api_host
        except (QBankError, AirflowNotFoundException) as error:
            log.warning("plan: the connection %s can't be used: %s", conn_id, error)
            failure = failure or error
    raise failure or LookupError("no connection is given")
