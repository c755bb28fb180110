"""Airflow's way to the bank: a connection's fields in, a client out, secrets masked in every log."""

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from urllib.parse import urlsplit

from airflow.sdk import BaseHook
from airflow.sdk.log import mask_secret

from qbank.answer import BalanceAnswer
from qbank.client import QBankClient
from qbank.errors import QBankConfigError, QBankError
from qbank.masking import forms
from qbank.settings import Settings


class QBankHook(BaseHook):  # type: ignore[misc]  # Airflow is not typed for mypy here
    """Balances from QBank Connect, with the credentials of an Airflow connection of type `qbank`.

    host is the API's base URL, login the client id, password the client secret; the extra's fields
    are those of `qbank.settings.Settings`, and described in docs/connection.md.
    """

    conn_name_attr = "qbank_conn_id"
    default_conn_name = "qbank_default"
    conn_type = "qbank"
    hook_name = "QBank"

    def __init__(self, qbank_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.qbank_conn_id = qbank_conn_id

    def get_conn(self) -> QBankClient:
        """The client, made on first use. Raises QBankConfigError, naming the field."""
        return self._client

    def get_balances(
        self, account_ids: Iterable[str], *, budget_s: float | None = None
    ) -> Iterator[BalanceAnswer]:
        """As `QBankClient.get_balances`; the budget is the connection's fetch_budget_s by default."""
        budget = self._settings.fetch_budget_s if budget_s is None else budget_s
        return self._client.get_balances(account_ids, budget_s=budget)

    @property
    def api_host(self) -> str:
        """The host name of the API's base URL, without a port."""
        return urlsplit(self._settings.api_url).hostname or ""

    @property
    def uri(self) -> str:
        """The balances of this host as an asset, such as `qbank://api.qbankconnect.com/v1/balances`."""
        return f"{self.conn_type}://{urlsplit(self._settings.api_url).netloc}/v1/balances"

    @property
    def fetch_budget_s(self) -> float:
        """How long one fetch task may ask, in seconds, over all its tries."""
        return self._settings.fetch_budget_s

    def test_connection(self) -> tuple[bool, str]:
        """Whether the bank gives a token. Airflow shows the message unmasked: it has no secret."""
        try:
            self._client.check()
        except QBankError as error:
            return False, str(error)
        return True, f"QBank granted a token for the scope {self._settings.scope}."

    @cached_property
    def _settings(self) -> Settings:
        connection = self.get_connection(self.qbank_conn_id)
        _mask(connection.password)
        if connection.conn_type != self.conn_type:  # its password is for somebody else
            raise QBankConfigError(
                f"The connection {self.qbank_conn_id} is of type {connection.conn_type}: it must be of type "
                f"{self.conn_type}."
            )
        try:
            extra = json.loads(connection.extra or "{}")
        except (ValueError, RecursionError):
            extra = None  # extra_dejson would take it for an empty one
        return Settings.from_fields(
            host=connection.host,
            port=connection.port,
            login=connection.login,
            password=connection.password,
            extra=extra,
        )

    @cached_property
    def _client(self) -> QBankClient:
        return QBankClient(self._settings, on_token=_mask)


def _mask(secret: str | None) -> None:
    """Hide a secret in Airflow's logs, also as it looks in a URL, in JSON or within base64."""
    if not secret:
        return
    for form in forms(secret):
        mask_secret(form)
