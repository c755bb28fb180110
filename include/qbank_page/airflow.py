"""Airflow as the page's host: the one module here that knows it.

Importing what its API server is made of takes seconds: it is there already when somebody asks.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from airflow.configuration import conf
from airflow.exceptions import AirflowException, AirflowNotFoundException
from airflow.models import Connection
from airflow.sdk import ObjectStoragePath
from airflow.utils.types import DagRunTriggeredByType
from fastapi import FastAPI, HTTPException, Request
from sqlalchemy.engine import URL

from qbank_ledger.config import connection_extra, gl_sources_place, postgres_url
from qbank_ledger.db.allowed_server import require_allowed
from qbank_ledger.errors import GLSourcesFileError, LedgerConnectionError, in_one_line
from qbank_ledger.recon.profile_file import GLSources, read_gl_sources
from qbank_page.app import page
from qbank_page.frame.host import Visitor
from qbank_page.frame.ledger import LOGIN
from qbank_page.runs.page import SYNC

LEDGER_DESK = LOGIN.connection
RECONCILIATION = "qbank_reconciliation"  # the DAG


class Airflow:
    """The API server that serves the page."""

    async def visitor(self, request: Request) -> Visitor:
        """Whom Airflow's login proves; whoever may see the sync's DAG may see the ledger that it writes."""
        bearer = await bearer_scheme(request)
        user = await get_user(request, None, bearer)
        if not get_auth_manager().is_authorized_dag(method="GET", details=DagDetails(id=SYNC), user=user):
            raise HTTPException(403, f"Airflow does not let you see {SYNC}: ask whoever runs Airflow.")
        credential = bearer.credentials if bearer else request.cookies.get(COOKIE_NAME_JWT_TOKEN, "")
        return Visitor(str(user.get_name()), credential, user)

    def login(self, request: Request) -> str:
        """Airflow's own door, with the way back."""
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return f"{_base()}/api/v2/auth/login?{urlencode({'next': here})}"

    def ledger(self) -> URL:
        """The connection ``ledger_desk``, of type postgres."""
        try:
            conn = Connection.get_connection_from_secrets(LEDGER_DESK)
        except AirflowNotFoundException:
            raise LedgerConnectionError(
                f"There is no connection {LEDGER_DESK}: create one of type postgres in Airflow, with a login "
                "of the ledger that is a member of qbank_desk."
            ) from None
        try:
            url = postgres_url(
                conn_type=conn.conn_type,
                host=conn.host,
                port=conn.port,
                login=conn.login,
                password=conn.password,
                schema=conn.schema,
                extra=connection_extra(LEDGER_DESK, conn.extra),
            )
        except ValueError:
            raise LedgerConnectionError(f"The connection {LEDGER_DESK} is not of type postgres.") from None
        require_allowed(url, connection=LEDGER_DESK)
        return url

    def origins(self) -> Iterable[str]:
        """Airflow's own address."""
        parts = urlsplit(conf.get("api", "base_url", fallback=""))
        return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []

    def secret(self) -> bytes:
        """The API server's own key, which all API servers share."""
        key: str = conf.get_mandatory_value("api", "secret_key")
        return key.encode()

    def run_url(self, dag_id: str, dag_run_id: str) -> str:
        """The page of a run in Airflow's UI."""
        return f"{_base()}/dags/{quote(dag_id)}/runs/{quote(dag_run_id, safe='')}"

    def reconcile(self, visitor: Visitor) -> str:
        """Start the DAG where Airflow lets the visitor trigger it; else its next run compares."""
        may = get_auth_manager().is_authorized_dag(
            method="POST",
            access_entity=DagAccessEntity.RUN,
            details=DagDetails(id=RECONCILIATION),
            user=visitor.user,
        )
        if may:
            try:
                trigger_dag(
                    RECONCILIATION,
                    triggered_by=DagRunTriggeredByType.UI,
                    triggering_user_name=visitor.name,
                    conf={},
                )
            except (AirflowException, ValueError) as error:
                return (
                    f"It will be reconciled with the next balances: {RECONCILIATION} could not be started "
                    f"({error})."
                )
            return "The reconciliation has started: reload this page in a minute."
        return "It will be reconciled with the next balances, within the hour."

    def gl_sources(self) -> GLSources:
        """The file on the API server's disk, or in object storage by a connection of Airflow's."""
        place = gl_sources_place()
        if "://" not in place:
            return read_gl_sources(Path(place) if place else None)
        try:
            path = ObjectStoragePath(place)
        except (ImportError, TypeError, ValueError) as error:  # of a protocol that nobody here knows
            why = in_one_line(error)
            raise GLSourcesFileError(
                f"QBANK_GL_SOURCES_FILE is {place}, which can't be read: {why}."
            ) from None
        return read_gl_sources(path)


@cache
def _base() -> str:
    url: str = conf.get("api", "base_url", fallback="")
    return urlsplit(url).path.rstrip("/")


def page_in_airflow() -> FastAPI:
    """The page as the API server serves it."""
    return page(Airflow())
