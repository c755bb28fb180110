"""The page where people log in with Airflow's FAB auth manager, as the deployment by Docker Compose has it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy.engine import URL

from tests.conftest import free_port
from tests.thirdparty.api_server import api_server
from tests.thirdparty.program import FLAGS
from tests.thirdparty.test_reverse_proxy import as_connection
from tests.words.books import Books, day
from tests.words.ledger import Ledger

MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
ROLES = {"pat": "Viewer", "nobody": "Public"}


@dataclass(frozen=True)
class Site:
    """Where people log in, each with a browser of their own."""

    url: str
    password: str
    browser: Browser
    ledger: Ledger

    @contextmanager
    def logged_in(self, name: str, path: str) -> Iterator[Page]:
        """Somebody who asked for a page of the ledger's, was sent to the login, and came back."""
        context = self.browser.new_context()
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{self.url}/qbank/{path}")
        page.locator("[name=username]").fill(name)
        page.locator("[name=password]").fill(self.password)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.url}/qbank/{path}")
        yield page
        context.close()


@pytest.fixture
def site(ledger_url: URL, chromium: str, tmp_path: Path) -> Iterator[Site]:
    ledger = Ledger(ledger_url, tmp_path)
    books = Books(ledger)
    books.account()
    books.bank(day(1), "100")
    books.gl((day(1), "100"))
    books.reconcile(day(1))
    ledger.rows("SELECT recon.grant_signatory('Pat', 'airflow:pat', 'prepare')")
    password, port = secrets.token_urlsafe(12), free_port()
    users = [
        f"users create --username {name} --role {role} --password={password} --firstname F --lastname L"
        f" --email {name}@example.com".split()
        for name, role in ROLES.items()
    ]
    with (
        ledger.people({"desk": "qbank_desk"}) as people,
        api_server(
            tmp_path,
            port,
            before=users,
            AIRFLOW__CORE__AUTH_MANAGER=MANAGER,
            AIRFLOW_CONN_LEDGER_DESK=as_connection(people["desk"].url),
        ) as airflow,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield Site(airflow.url, password, browser, ledger)
        browser.close()
    ledger.owner.dispose()


@pytest.mark.timeout(600)
def test_each_is_known_by_the_name_of_their_login(site: Site) -> None:
    """A viewer of Airflow's who may prepare in the ledger does so; who may not see the DAG sees nothing."""
    path = f"reconciliation?date={day(1)}"
    with site.logged_in("pat", path) as page:
        expect(page.get_by_text("Signed in as pat")).to_be_visible()
        page.locator("table#accounts").get_by_role("checkbox").check()
        page.get_by_role("button", name="Prepare").click()
        expect(page.get_by_role("status").first).to_contain_text("1 of 1 done")
    with site.logged_in("nobody", path) as page:
        expect(page.get_by_text("Airflow does not let you see qbank_balance_sync")).to_be_visible()
        expect(page.locator("table#accounts")).to_have_count(0)
    assert site.ledger.rows("SELECT actor FROM recon.sign_off") == [("airflow:pat",)]
