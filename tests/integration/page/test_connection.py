"""The page's connection to the ledger: kept for a while, and looked up anew where the ledger refuses it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from qbank_ledger.db.transaction import transaction
from qbank_ledger.errors import LedgerConnectionError, LedgerUnavailableError
from qbank_page.frame import ledger as of_the_page
from qbank_page.frame.ledger import Ledger as LedgerOfThePage
from tests.integration.page.conftest import DESK, Grant
from tests.words.ledger import PASSWORD, Ledger
from tests.words.page import Cookies, Site, read


class Vault(Cookies):
    """A host that counts how often it is asked for its connection."""

    def __init__(self, ledger: URL) -> None:
        super().__init__(ledger)
        self.asked = 0

    def ledger(self) -> URL:
        self.asked += 1
        return super().ledger()


@pytest.fixture
def vault(site: Site, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setattr(of_the_page, "_KEPT_S", 60.0)
    return Vault(site.host.url)


@pytest.fixture
def rotated(server: Engine) -> Iterator[str]:
    """Another password than the login had."""
    _set_password(server, "another")
    yield "another"
    _set_password(server, PASSWORD)


def _set_password(server: Engine, word: str) -> None:
    with server.begin() as connection:
        connection.execute(text(f"ALTER ROLE {DESK} PASSWORD '{word}'"))


def look(ledger: LedgerOfThePage) -> None:
    with ledger.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


def test_many_pages_ask_for_the_connection_once(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = LedgerOfThePage(vault)
    for _ in range(5):
        look(ledger)
    assert ledger.desk is ledger.desk
    assert vault.asked == 1
    monkeypatch.setattr(of_the_page, "_KEPT_S", 0.0)
    look(ledger)
    assert vault.asked == 2


def test_a_new_password_is_looked_up_where_the_old_one_is_refused(
    vault: Vault, rotated: str, request: pytest.FixtureRequest
) -> None:
    ledger = LedgerOfThePage(vault)
    with pytest.raises(LedgerConnectionError, match="refused the connection"):
        look(ledger)
    vault.url = vault.url.set(password=rotated)
    look(ledger)
    asked = vault.asked
    look(ledger)
    look(ledger)
    assert vault.asked == asked + 1


def test_a_ledger_that_was_restarted_answers_the_next_page_action_and_monitor(
    site: Site, ledger: Ledger, grant: Grant, server: Engine
) -> None:
    grant("ann", "load")
    monitor = site.get("health").text

    def act() -> int:
        token = site.token("books", "ann")
        form = {"verb": "prepare", "chosen": []}
        return site.post("reconciliation/sign?date=2024-10-01", "ann", token=token, data=form).status_code

    def restart() -> None:
        """As the page sees it: all its sessions have ended."""
        with server.begin() as connection:
            ended = connection.execute(
                text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{DESK}'")
            ).all()
        assert ended

    assert act() == 200
    restart()
    assert site.get("position").status_code == 200
    assert act() == 200  # the sessions that act are others
    restart()
    time.sleep(1.1)  # what was asked last is no longer fresh
    assert site.get("health").text == monitor


def test_a_page_that_finds_every_connection_in_use_says_so(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_the_page, "_POOL_TIMEOUT_S", 0.1)
    ledger = LedgerOfThePage(vault)
    with ExitStack() as held:
        for _ in range(15):
            held.enter_context(ledger.reading())
        with pytest.raises(LedgerUnavailableError, match="is in use: try again in a minute"):
            look(ledger)
        with transaction(ledger.desk):
            pass  # who acts has connections of their own
    look(ledger)


def test_a_page_waits_for_a_connection_no_longer_than_its_visitor_does(vault: Vault) -> None:
    ledger = LedgerOfThePage(vault)
    assert ledger.reader.pool._timeout == ledger.desk.pool._timeout == 10  # type: ignore[attr-defined]


@pytest.fixture
def stranger(server: Engine) -> Iterator[str]:
    """A login that is no member of any role."""
    name = "stranger_to_the_page"
    with server.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'"))
    yield name
    with server.begin() as connection:
        connection.execute(text(f"DROP ROLE {name}"))


def test_what_is_said_against_the_pages_login_names_its_connection_and_its_role(
    site: Site, ledger: Ledger, stranger: str
) -> None:
    here, said = site.host.url, {}
    for case, change in (
        ("right", {"username": stranger}),
        ("password", {"password": "no"}),
        ("server", {"port": 1}),
        ("options", {"query": {"options": "--x"}}),
    ):
        site.host.url = here.set(**change)
        try:
            said[case] = read(site.get("position").text)
        finally:
            site.host.url = here
    assert "grant it qbank_desk" in said["right"]
    assert "check the connection ledger_desk" in said["password"]
    assert "the connection ledger_desk points to it" in said["server"]
    assert "The options of the connection ledger_desk can't be read" in said["options"]


def test_a_ledger_that_is_blocked_leaves_the_server_its_threads(site: Site, ledger: Ledger) -> None:
    site.get("static/page.css")
    with ThreadPoolExecutor(60) as visitors, ledger.owner.connect() as holder:
        with holder.begin():
            holder.exec_driver_sql("LOCK TABLE ledger.account")
            asked = [visitors.submit(site.get, "position") for _ in range(60)]
            time.sleep(1)
            began = time.monotonic()
            assert site.get("static/page.css").status_code == 200
            assert time.monotonic() - began < 2
            told = [each.result() for each in asked if each.done()]
            assert told
            assert {answer.status_code for answer in told} == {503}
            assert all("Too many requests are waiting for the ledger" in answer.text for answer in told)
        assert 200 in {each.result().status_code for each in asked}
    assert site.get("position").status_code == 200
