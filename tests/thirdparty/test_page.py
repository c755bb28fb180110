"""The ledger's page in Chromium, in a whole stack: four people do a controller's work, without a terminal."""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from local.state import open_keys
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from tests.conftest import REPOSITORY
from tests.words.ledger import Ledger
from tests.words.stack import Commands, own_stack

ACCOUNTS = Path(__file__).parent / "page_accounts.yaml"
MONTH, DATE = "2026-10", "2026-10-31"
CLOSINGS = {"checking": "1000.00", "payroll": "250.10", "savings": "90071992547409.93", "hostile": "-12.34"}
# As NetSuite writes it; Savings is a hundred off, which is the break.
BOOKS = """QB Holdings Inc.
Parent Company : US Subsidiary
Trial Balance
End of Oct 2026


Account ,Debit ,Credit 
10010 - Checking Account,"$1,000.00",
10020 - Payroll Account,$250.10,
10030 - Savings Account,"$90,071,992,547,509.93",
10040 - Overdraft Account,,$12.34
30000 - Retained Earnings,,"$90,071,992,548,747.69"
Total,"$90,071,992,548,760.03","$90,071,992,548,760.03"
"""
SHOTS = os.environ.get("QBANK_TEST_SHOTS")  # a folder for docs/page.md's pictures
# What axe-core calls these, a reader can't get past.
GRAVE = ("serious", "critical")


@dataclass(frozen=True)
class Office:
    """A stack that is up, its people's passwords, and a browser."""

    commands: Commands
    url: str
    passwords: dict[str, str]
    browser: Browser
    axe: str

    def login(self, user: str, *, scheme: str = "light", width: int = 1400) -> Page:
        """A window of this person's, signed in, on the position."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            accept_downloads=True,
            bypass_csp=False,
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(f"{self.url}/qbank/position")
        page.locator("[name=username]").fill(user)
        page.locator("[name=password]").fill(self.passwords[user])
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"Signed in as {user}")).to_be_visible()
        return page

    def cookies(self, page: Page) -> dict[str, str]:
        return {each["name"]: each["value"] for each in page.context.cookies()}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, chromium: str, node_folder: Path) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    with own_stack(folder / "state", QBANK_ACCOUNTS_FILE=str(ACCOUNTS)) as commands:
        up = commands.run("run")
        assert up.returncode == 0, up.stdout + up.stderr
        keys = open_keys(commands.state)
        remember_october(commands, keys["postgres"], folder)
        people = {name.removeprefix("ui_"): word for name, word in keys.items() if name.startswith("ui_")}
        url = f"http://127.0.0.1:{commands.environ['QBANK_UI_PORT']}"
        axe = (node_folder / "node_modules/axe-core/axe.min.js").read_text()
        quiet = ("gpu", "quic", "background-networking", "component-update", "sync")
        flags = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in quiet)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            yield Office(commands, url, people, browser, axe)
            browser.close()


def remember_october(commands: Commands, password: str, folder: Path) -> None:
    """Balances as the stack would have them, had it run on the evening of 31 October."""
    port = int(commands.environ["QBANK_POSTGRES_PORT"])
    url = URL.create("postgresql+psycopg2", "postgres", password, "127.0.0.1", port, "ledger")
    at = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    ledger = Ledger(url, folder)
    ledger.observed(
        [{"id": id_, "at": at, "amount": amount, "currency": "USD"} for id_, amount in CLOSINGS.items()]
    )
    # The preparer could approve, too: what keeps her from it is that she prepared.
    ledger.rows("SELECT recon.grant_signatory('preparer', 'airflow:preparer', 'approve')")
    ledger.owner.dispose()


def go(page: Page, path: str) -> None:
    page.goto(f"{page.url.split('/qbank/')[0]}/qbank/{path}")


def said(page: Page) -> str:
    return page.get_by_role("status").first.inner_text()


@pytest.mark.timeout(600)
def test_four_people_close_october(office: Office, tmp_path: Path) -> None:
    operator = office.login("operator")
    operator.goto(f"{office.url}/dags/qbank_balance_sync")
    operator.get_by_role("button", name="Trigger").first.click()
    operator.get_by_role("dialog").get_by_role("button", name="Trigger").click()
    newest = newest_run(office)
    operator.goto(f"{office.url}/plugin/ledger")
    frame = operator.frame_locator("iframe")
    frame.get_by_role("link", name="Runs").click()
    for _ in range(60):
        if newest_run(office) > newest:
            break
        time.sleep(1)
    frame.get_by_role("link", name="Position").click()
    expect(frame.get_by_role("row", name=re.compile("Checking.*US01.*fresh"))).to_be_visible()

    preparer = office.login("preparer")
    books = tmp_path / "tb.csv"
    books.write_text(BOOKS)
    go(preparer, "books")
    preparer.get_by_label("File").set_input_files(books)
    preparer.get_by_label("Profile").select_option("netsuite-trial-balance")
    preparer.get_by_label("Entity").fill("US01")
    preparer.get_by_label("Currency").fill("USD")
    preparer.get_by_role("button", name="Preview").click()
    expect(preparer.get_by_text("90,071,992,547,509.93").first).to_be_visible()
    preparer.get_by_role("button", name="Load").click()
    expect(preparer.get_by_role("status").first).to_contain_text("The reconciliation has begun")

    for _ in range(90):
        go(preparer, f"reconciliation?date={DATE}")
        if preparer.get_by_role("row", name=re.compile("Savings.*break")).count():
            break
        time.sleep(1)
    expect(preparer.get_by_role("row", name=re.compile("Checking.*matched"))).to_be_visible()


def newest_run(office: Office) -> int:
    (found,) = office.commands.query("SELECT coalesce(max(run_no), 0) FROM sync.run WHERE state = 'complete'")
    return int(found)
