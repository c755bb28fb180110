"""What the page needs of whoever serves it: who has logged in, the ledger's login, and runs of the DAGs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import Request
from sqlalchemy.engine import URL

from qbank_ledger.recon.profile_file import GLSources


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who has logged in: ``name`` as the login proved it, ``credential`` what proved it in this session."""

    name: str
    credential: str
    user: Any = None

    @property
    def identity(self) -> str:
        """What the ledger's register calls them, in recon.signatory."""
        return f"airflow:{self.name}"


class Host(Protocol):
    """Airflow, seen from the page; the tests have one of their own."""

    async def visitor(self, request: Request) -> Visitor:
        """Who asks. Raises HTTPException: 401 for a stranger, 403 for who may not see the ledger."""

    def login(self, request: Request) -> str:
        """Where a stranger logs in, and is sent back from."""

    def ledger(self) -> URL:
        """The ledger database as the page's login. Raises LedgerError."""

    def origins(self) -> Iterable[str]:
        """Where the page's own forms come from, as browsers write it, beside the host that was asked."""

    def secret(self) -> bytes:
        """What the page's forms are signed with."""

    def run_url(self, dag_id: str, dag_run_id: str) -> str:
        """The page of a run in Airflow's UI."""

    def reconcile(self, visitor: Visitor) -> str:
        """Start a run of qbank_reconciliation where the visitor may; says in a sentence what happens next."""

    def gl_sources(self) -> GLSources:
        """How files of the ERP are read: QBANK_GL_SOURCES_FILE. Raises GLSourcesFileError."""
