"""A page that the tests of a module share, over a ledger that is empty again for each of them."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Engine, exc, text

from qbank_page.frame import ledger as of_the_page
from tests.words.ledger import PASSWORD, Ledger
from tests.words.page import Site, served

DESK = "of_the_page"


@pytest.fixture(scope="module")
def _site(_shared: Ledger, server: Engine) -> Iterator[Site]:
    with server.connect() as connection, suppress(exc.ProgrammingError):
        connection.execute(
            text(f"CREATE ROLE {DESK} LOGIN PASSWORD '{PASSWORD}'; GRANT qbank_desk TO {DESK}")
        )
    with served(_shared.url.set(username=DESK, password=PASSWORD)) as site:
        yield site


@pytest.fixture
def site(_site: Site, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The page, and in it what the test puts into ``ledger``; its connection is as the test last set it."""
    monkeypatch.setattr(of_the_page, "_KEPT_S", 0.0)
    _site.host.reconciled_by.clear()
    _site.host.gl_sources_file = None
    return _site


@pytest.fixture
def grant(ledger: Ledger) -> "Grant":
    """Enter somebody in the register of signatories: their name in Airflow, what they may do, for which entity."""
    return Grant(ledger)


class Grant:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __call__(self, name: str, *rights: str, entity: str | None = None, person: str | None = None) -> None:
        for may in rights:
            self._ledger.rows(
                "SELECT recon.grant_signatory(:person, :identity, :may, :entity)",
                person=person or name,
                identity=f"airflow:{name}",
                may=may,
                entity=entity,
            )
