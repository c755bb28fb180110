"""What a task reads and writes, for whoever collects lineage, such as OpenLineage's provider.

Reported while the task runs, since only its connections say which host and database that is.
"""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.sdk import plugins_manager
from airflow.sdk.lineage import get_hook_lineage_collector
from sqlalchemy.engine import URL

if TYPE_CHECKING:
    from airflow.sdk import Asset

log = logging.getLogger(__name__)


def report(ledger: URL, reads: Iterable[str] = (), writes: Iterable[str] = ()) -> None:
    """Report relations of the ledger, such as ``ledger.balance``, and URIs; what goes wrong is a warning.

    Nothing happens where no plugin of Airflow's collects lineage.
    """
    # The collector that drops everything costs a second: it loads what all providers have for URIs.
    if not plugins_manager.get_hook_lineage_readers_plugins():
        return
    try:
        collector = get_hook_lineage_collector()
        for each in reads:
            collector.add_input_asset(ledger, uri=_uri(ledger, each))
        for each in writes:
            collector.add_output_asset(ledger, uri=_uri(ledger, each))
    except Exception as error:  # noqa: BLE001 - no report may cost an hour
        log.warning("The lineage of this task is not reported: %s.", type(error).__name__)


def _uri(ledger: URL, name: str) -> str:
    """As the postgres provider names a table; without login, password and options."""
    if "://" in name:
        return name
    host = ledger.host or "localhost"  # a socket has no host
    host = f"[{host}]" if ":" in host else quote(host, safe=",")
    database = quote(ledger.database or "", safe="")
    return f"postgres://{host}:{ledger.port or 5432}/{database}/{name.replace('.', '/')}"


def bank_dataset(asset: "Asset", _context: Any) -> Any:
    """The dataset of ``qbank://host/v1/balances``: OpenLineage's provider asks for it, by that scheme."""
    # Of its library, which is there when somebody asks.
    from airflow.providers.common.compat.openlineage.facet import Dataset  # noqa: PLC0415

    parts = urlsplit(asset.uri)
    return Dataset(namespace=f"{parts.scheme}://{parts.netloc}", name=parts.path.removeprefix("/"))
