"""The ledger's page in Chromium, in a whole stack: four people do a controller's work, without a terminal."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

import pytest
import requests
from local.state import open_keys
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from sqlalchemy.engine import URL

from tests.thirdparty.program import FLAGS
from tests.words.books import Books
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


Account,Debit,Credit
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

    def login(self, user: str, *, scheme: Literal["light", "dark"] = "light") -> Page:
        """A window of this person's, signed in, on the position."""
        context = self.browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme=scheme)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(f"{self.url}/qbank/position")
        page.locator("[name=username]").fill(user)
        page.locator("[name=password]").fill(self.passwords[user])
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"Signed in as {user}")).to_be_visible(timeout=60_000)
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
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            yield Office(commands, url, people, browser, axe)
            browser.close()


def remember_october(commands: Commands, password: str, folder: Path) -> None:
    """Balances as the stack would have them, had it run on the evening of 31 October."""
    port = int(commands.environ["QBANK_POSTGRES_PORT"])
    url = URL.create("postgresql+psycopg2", "postgres", password, "127.0.0.1", port, "ledger")
    ledger = Ledger(url, folder)
    for day in (30, 31):
        at = datetime(2026, 10, day, 23, 30, tzinfo=UTC)
        ledger.observed(
            [{"id": id_, "at": at, "amount": amount, "currency": "USD"} for id_, amount in CLOSINGS.items()]
        )
    # Of the 30th the books are there, and agree.
    books = Books(ledger)
    for gl, amount in zip(("10010", "10020", "10030", "10040"), CLOSINGS.values(), strict=True):
        books.gl((date(2026, 10, 30), amount), gl=gl, currency="USD", entity="US01")
    books.reconcile(date(2026, 10, 30))
    # The preparer could approve, too: what keeps her from it is that she prepared.
    ledger.rows("SELECT recon.grant_signatory('preparer', 'airflow:preparer', 'approve')")
    ledger.owner.dispose()


def go(page: Page, path: str) -> None:
    page.goto(f"{page.url.split('/qbank/')[0]}/qbank/{path}")


def row(page: Page, name: str) -> Locator:
    """The row of an account in the table of a date's reconciliations."""
    return page.locator("table#accounts").get_by_role("row", name=name)


def sign(page: Page, verb: str, *accounts: str, comment: str = "") -> str:
    """Tick the accounts, and press the button; what the page says then."""
    for account in accounts:
        row(page, account).get_by_role("checkbox").check()
    page.get_by_label("Comment").fill(comment)
    page.get_by_role("button", name=verb).click()
    return page.get_by_role("status").first.inner_text()


@pytest.mark.timeout(600)
def test_four_people_close_october(office: Office, tmp_path: Path) -> None:
    trigger_a_run_and_find_its_balances(office)

    preparer = office.login("preparer")
    load_books(preparer, tmp_path)
    reconciled(preparer)
    assert "3 of 3 done" in sign(preparer, "Prepare", "Checking", "Payroll", "Söhne")
    note_the_break(preparer)
    assert "1 of 1 done" in sign(preparer, "Prepare", "Savings")
    refused = sign(preparer, "Approve", "Checking")
    assert "0 of 1 done" in refused
    assert "airflow:preparer prepared it: somebody else has to look at it" in refused

    approver = office.login("approver")
    go(approver, f"reconciliation?date={DATE}")
    assert "3 of 3 done" in sign(approver, "Approve", "Checking", "Payroll", "Söhne")
    refused = sign(approver, "Approve", "Savings")
    assert "approving that needs a comment" in refused
    assert "1 of 1 done" in sign(approver, "Approve", "Savings", comment="Booked on 2 November")
    expect(row(approver, "Savings")).to_contain_text("approved")
    signed = office.commands.query(
        "SELECT account_id, actor, via FROM recon.sign_off WHERE state = 'approved' ORDER BY account_id"
    )
    assert signed == [f"{account},airflow:approver,ledger_desk" for account in sorted(CLOSINGS)]

    go(approver, f"close?month={MONTH}")
    with approver.expect_download() as caught:
        approver.get_by_role("button", name="workbook").click()
    caught.value.save_as(tmp_path / "pack.xlsx")
    assert "Booked on 2 November" in text_of(tmp_path / "pack.xlsx")


def trigger_a_run_and_find_its_balances(office: Office) -> None:
    operator = office.login("operator")
    before = newest_run(office)
    operator.goto(f"{office.url}/dags/qbank_balance_sync")
    operator.get_by_role("button", name="Trigger").first.click()
    operator.get_by_role("dialog").get_by_role("button", name="Trigger").click()
    operator.get_by_role("link", name="Ledger", exact=True).click()
    ledger = operator.frame_locator("iframe")
    for _ in range(120):
        ledger.get_by_role("link", name="Runs", exact=True).click()
        newest = ledger.locator("table").first.locator("tbody tr").first
        if "complete" in newest.inner_text() and newest_run(office) > before:
            break
        operator.wait_for_timeout(1000)
    ledger.get_by_role("link", name="Position", exact=True).click()
    expect(ledger.get_by_role("row", name=re.compile("^Checking.*US01.*fresh"))).to_be_visible()


def load_books(preparer: Page, folder: Path) -> None:
    go(preparer, "books")
    preview(preparer, folder)
    preparer.get_by_role("button", name="Load it").click()
    expect(preparer.get_by_role("status").first).to_contain_text("The reconciliation has started")
    expect(preparer.locator("table#loads")).to_contain_text("airflow:preparer")


def preview(preparer: Page, folder: Path) -> None:
    file = folder / "trial-balance.csv"
    file.write_text(BOOKS)
    form = preparer.get_by_role("form", name="Load a file")
    form.locator("[name=file]").set_input_files(file)
    form.get_by_role("combobox", name="Profile").select_option("netsuite-trial-balance")
    form.get_by_label("Entity").fill("US01")
    form.get_by_label("Currency").fill("USD")
    preparer.get_by_role("button", name="Preview").click()
    savings = preparer.get_by_role("table", name="Rows of the file").get_by_role("row", name="Savings")
    expect(savings).to_contain_text("90,071,992,547,509.93")


def reconciled(page: Page) -> None:
    """Wait until the date is compared."""
    for _ in range(120):
        go(page, f"reconciliation?date={DATE}")
        if page.locator("table#accounts").count() and row(page, "Savings").count():
            break
        page.wait_for_timeout(1000)
    for account in ("Checking", "Payroll", "Söhne"):
        expect(row(page, account)).to_contain_text("matched")
    expect(row(page, "Savings")).to_contain_text("break")
    expect(row(page, "Savings")).to_contain_text("-100.00")


def note_the_break(preparer: Page) -> None:
    row(preparer, "Savings").get_by_role("link", name="Savings").click()
    expect(preparer.locator("table#books")).to_contain_text("trial-balance.csv")
    preparer.get_by_label("Owner").fill("preparer")
    preparer.get_by_label("Note", exact=True).fill("A fee of 100.00, booked in November.")
    preparer.get_by_role("button", name="Save note", exact=True).click()
    expect(preparer.locator("table#notes")).to_contain_text("A fee of 100.00")
    go(preparer, f"reconciliation?date={DATE}")
    expect(row(preparer, "Savings")).to_contain_text("preparer")


def text_of(workbook: Path) -> str:
    with ZipFile(workbook) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))


def newest_run(office: Office) -> int:
    (found,) = office.commands.query("SELECT coalesce(max(run_no), 0) FROM sync.run WHERE state = 'complete'")
    return int(found)


PAGES = ("position", "coverage", "runs", "books", "reconciliation", "close", "accounts/hostile")
OPENED = ("runs/1", "reconciliation/checking?date=2026-10-30")
ACTIONS = (
    "reconciliation/sign",
    "reconciliation/savings/note",
    "runs/1/release",
    "books/load",
    "books/preview",
    "close/pack",
)


def test_a_viewer_looks_and_does_nothing(office: Office) -> None:
    viewer = office.login("viewer")
    for path in PAGES:
        go(viewer, path)
        expect(viewer.get_by_role("heading", level=1)).to_be_visible()
        assert (
            viewer.get_by_role(
                "button", name=re.compile("Prepare|Approve|Reject|Release|Load|Preview")
            ).count()
            == 0
        )
    own = {"Origin": office.url, "Accept": "text/html"}
    for action in ACTIONS[:-1]:
        answer = requests.post(
            f"{office.url}/qbank/{action}",
            data={"token": "x"},
            headers=own,
            cookies=office.cookies(viewer),
            timeout=30,
        )
        assert answer.status_code in (403, 422), action


@pytest.mark.parametrize("path", [*PAGES, "position.csv"])
def test_a_stranger_sees_nothing(office: Office, path: str) -> None:
    answer = requests.get(f"{office.url}/qbank/{path}", allow_redirects=False, timeout=30)
    assert answer.status_code == 401
    sent = requests.get(
        f"{office.url}/qbank/{path}", headers={"Accept": "text/html"}, allow_redirects=False, timeout=30
    )
    assert sent.status_code == (401 if path.endswith(".csv") else 302)
    assert "US01" not in answer.text + sent.text
    forged = requests.get(f"{office.url}/qbank/{path}", cookies={"_token": "forged"}, timeout=30)
    assert forged.status_code in (401, 403)


def test_a_form_of_another_site_does_nothing(office: Office) -> None:
    """Also with the preparer's own cookie and a token of hers."""
    preparer = office.login("preparer")
    go(preparer, "books")
    token = preparer.locator("[name=token]").first.get_attribute("value")
    cookies = office.cookies(preparer)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        answer = requests.post(
            f"{office.url}/qbank/books/load",
            data={"token": token},
            headers=headers,
            cookies=cookies,
            timeout=30,
        )
        assert (answer.status_code, "Another site sent this form" in answer.text) == (403, True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(office: Office, scheme: Literal["light", "dark"], tmp_path: Path) -> None:
    """Without anything grave in light and dark, from a telephone's width to a wall's; pictures for the docs."""
    preparer = office.login("preparer", scheme=scheme)
    for path in (*PAGES, *OPENED):
        go(preparer, path)
        usable(preparer, office, path, scheme)
    go(preparer, "books")
    preview(preparer, tmp_path)
    usable(preparer, office, "preview", scheme)


def usable(page: Page, office: Office, name: str, scheme: str) -> None:
    """It has nothing grave, and fits each width; of each the picture is taken where pictures are asked for."""
    assert violations(page, office.axe) == [], name
    for width in (360, 2560, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        assert page.evaluate(OUT_OF_SIGHT) == [], (name, width)
        assert page.evaluate(BROKEN) == [], (name, width)
        if SHOTS:
            size = "" if width == 1400 else f"-{width}"
            page.screenshot(path=Path(SHOTS) / f"{re.split(r'[/?]', name)[-1]}-{scheme}{size}.png")


# The captions that go by with a table that is moved to its right end.
OUT_OF_SIGHT = """
[...document.querySelectorAll('.wide')].filter((wide) => {
  wide.scrollLeft = wide.scrollWidth;
  const said = document.createRange();
  said.selectNodeContents(wide.querySelector('caption'));
  const {left, right} = said.getBoundingClientRect(), seen = wide.getBoundingClientRect();
  wide.scrollLeft = 0;
  return left < seen.left - 1 || right > seen.right + 1;
}).map((wide) => wide.getAttribute('aria-label'))
"""
# The dates, times and amounts that stand on more than one line.
BROKEN = r"""
(() => {
  const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());) {
    if (text.parentElement.closest('script, pre')) continue;
    for (const {0: figure, index} of text.data.matchAll(/\d{4}-\d\d-\d\d|\d\d:\d\d|[\d,]+\.\d+|\d{1,3}(,\d{3})+/g)) {
      const where = document.createRange();
      where.setStart(text, index);
      where.setEnd(text, index + figure.length);
      const lines = new Set([...where.getClientRects()].filter((each) => each.width > 0).map((each) => each.top));
      if (lines.size > 1 && figure.length < 32) found.push(figure);
    }
  }
  return found;
})()
"""


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds on the page, of what is grave."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in found["violations"]
        if each["impact"] in GRAVE
    ]


@pytest.mark.timeout(600)
def test_the_keyboard_alone_prepares_and_approves(office: Office) -> None:
    for user, verb in (("preparer", "Prepare"), ("approver", "Approve")):
        page = office.login(user)
        go(page, "reconciliation?date=2026-10-30")
        press_until(page, "Tab", "document.activeElement.type === 'checkbox'")
        page.keyboard.press("Space")
        press_until(page, "Shift+Tab", f"document.activeElement.textContent.trim() === '{verb}'")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("1 of 1 done")


def press_until(page: Page, key: str, is_there: str) -> None:
    """Press the key until the focus is there."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate(is_there):
            return
    raise AssertionError("the keyboard does not get there")
