"""What Airflow loads: the page below /qbank, and its entry in the navigation.

Every process of Airflow's loads plugins, and the API server alone serves them: nothing is imported here that
a scheduler or a worker would wait for.
"""

from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

PREFIX = "/qbank"


class LazyPage:
    """The page as an ASGI application that is made at its first request."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand the request on."""
        if self._app is None:
            from qbank_page.airflow import page_in_airflow  # noqa: PLC0415 - FastAPI and the ledger

            self._app = page_in_airflow()
        await self._app(scope, receive, send)

    def __repr__(self) -> str:
        return "The ledger's page"


def _below(path: str) -> str:
    """A path as the browser sees it, where Airflow itself lies below one."""
    base: str = conf.get("api", "base_url", fallback="")
    return urlsplit(base).path.rstrip("/") + path


class PagePlugin(AirflowPlugin):  # type: ignore[misc]
    """Registered by the entry point ``airflow.plugins``."""

    name = "qbank_page"
    fastapi_apps = ({"app": LazyPage(), "url_prefix": PREFIX, "name": "QBank ledger"},)
    external_views = [  # noqa: RUF012 - Airflow takes out what it can't load
        {
            "name": "Ledger",
            "href": _below(f"{PREFIX}/position"),
            "destination": "nav",
            "nav_top_level": True,
            "url_route": "ledger",
            "icon": _below(f"{PREFIX}/static/ledger.svg"),
        }
    ]
