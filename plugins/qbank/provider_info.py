"""What Airflow's provider registry reads: the connection type, and its form in the UI."""

from importlib.metadata import version
from typing import Any

DISTRIBUTION = "airflow-provider-qbank-ledger"


def get_provider_info() -> dict[str, Any]:
    """The metadata behind the `apache_airflow_provider` entry point."""
    return {
        "package-name": DISTRIBUTION,
        "name": "QBank",
        "description": "Account balances from QBank Connect, hourly, audited and exact.",
        "versions": [version(DISTRIBUTION)],
        "connection-types": [
            {
                "connection-type": "qbank",
                "hook-class-name": "qbank.hook.QBankHook",
                "hook-name": "QBank",
                "ui-field-behaviour": {
                    # Not the port: Airflow 3.3.2 tests no connection without one (apache/airflow #73298).
                    "hidden-fields": ["schema"],
                    "relabeling": {
                        "host": "API base URL",
                        "login": "Client ID",
                        "password": "Client secret",
                    },
                    "placeholders": {"host": "https://api.qbankconnect.com", "port": "443"},
                },
                "conn-fields": _CONN_FIELDS,
            }
        ],
        "asset-uris": [
            {
                "schemes": ["qbank"],
                "handler": None,
                "to_openlineage_converter": "qbank_airflow.lineage.bank_dataset",
            }
        ],
    }


def _field(label: str, kind: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "label": label,
        "description": description,
        "schema": {"type": [kind, "null"], **schema},
    }


_CONN_FIELDS = {
    "token_url": _field("Token URL", "string", "Default: https://auth.qbankconnect.com/token", format="url"),
    "scope": _field("Scope", "string", "Default: balances.read"),
    "concurrency": _field(
        "Concurrency", "integer", "Concurrent calls in one fetch task. Default: 16", minimum=1
    ),
    "requests_per_second": _field(
        "Requests per second", "number", "Most calls a second in one fetch task. Default: no limit"
    ),
    "timeout_s": _field("Timeout (s)", "number", "For one whole request. Default: 10"),
    "max_attempts": _field("Attempts", "integer", "Most requests for one account. Default: 5", minimum=1),
    "max_backoff_s": _field("Longest wait (s)", "number", "Between two attempts. Default: 60"),
    "fetch_budget_s": _field("Budget (s)", "number", "For a whole fetch task. Default: 1500"),
    "ca_bundle": _field("CA bundle", "string", "PEM file or folder on the worker. Default: certifi's"),
    "proxy": _field("Proxy", "string", "http://host:port. Default: none, whatever *_PROXY says"),
}
