"""The connection's form and its test button, in a real browser, on an API server of the test's own."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, sync_playwright

from tests.conftest import free_port
from tests.thirdparty.api_server import ApiServer, api_server
from tests.thirdparty.program import FLAGS
from tests.words.bank import CLIENT_ID, SandboxProcess

# Label in the form → field of an Airflow connection; all the fields of docs/connection.md.
STANDARD = {"API base URL": "host", "Client ID": "login", "Client secret": "password"}
EXTRA = {
    "Token URL": "token_url",
    "Scope": "scope",
    "Concurrency": "concurrency",
    "Requests per second": "requests_per_second",
    "Timeout (s)": "timeout_s",
    "Attempts": "max_attempts",
    "Longest wait (s)": "max_backoff_s",
    "Budget (s)": "fetch_budget_s",
    "CA bundle": "ca_bundle",
    "Proxy": "proxy",
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    running = SandboxProcess(tmp_path / "sandbox.log")
    yield running
    running.stop()


@pytest.fixture
def airflow(tmp_path: Path) -> Iterator[ApiServer]:
    with api_server(tmp_path, free_port()) as server:
        yield server


@pytest.fixture
def page(airflow: ApiServer, chromium: str) -> Iterator[Page]:
    """The list of connections, as a user who has logged in sees it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1500})
        page.set_default_timeout(60_000)
        page.goto(f"{airflow.url}/connections")
        page.locator("[name=username]").fill("admin")
        page.locator("[name=password]").fill(airflow.password)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Add Connection").wait_for()
        yield page
        browser.close()


def test_a_connection_is_made_and_tested_in_the_browser(
    page: Page, airflow: ApiServer, sandbox: SandboxProcess
) -> None:
    wrong = secrets.token_urlsafe(16)
    page.get_by_role("button", name="Add Connection").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Connection ID").fill("bank")
    form.get_by_label("Connection Type").fill("QBank")
    form.get_by_role("option", name="QBank", exact=True).click()

    assert_visible(form, STANDARD, "{}")
    assert form.locator("[name=schema]").count() == 0
    host, _, port = sandbox.url.rpartition(":")
    fill(form, {"host": host, "port": port, "login": CLIENT_ID, "password": wrong})
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    assert_visible(form, EXTRA, "element_{}")
    fill(form, {"element_token_url": f"{sandbox.url}/token", "element_max_attempts": "2"})
    save(form)

    saved = airflow.call("GET", "/connections/bank")
    assert (saved["conn_type"], saved["host"], saved["login"]) == ("qbank", host, CLIENT_ID)
    extra = json.loads(saved["extra"])
    assert set(extra) == set(EXTRA.values())
    assert extra["max_attempts"] == 2

    said, message = press_test(page)
    assert said is False
    assert "invalid_client" in message
    assert_unseen(page, message, wrong)

    page.get_by_role("button", name="Edit Connection").click()
    fill(form, {"password": sandbox.secret})
    save(form)
    page.reload()
    said, message = press_test(page)
    assert (said, message) == (True, "QBank granted a token for the scope balances.read.")
    assert_unseen(page, message, sandbox.secret, wrong)


def assert_visible(form: Locator, fields: dict[str, str], name: str) -> None:
    for label, field in fields.items():
        form.locator(f"[name={name.format(field)}]").wait_for(state="visible")
        assert form.locator("label", has_text=label).first.is_visible(), label


def fill(form: Locator, values: dict[str, str]) -> None:
    for name, value in values.items():
        form.locator(f"[name={name}]").fill(value)


def save(form: Locator) -> None:
    form.get_by_role("button", name="Save").click()
    form.wait_for(state="hidden")


def press_test(page: Page) -> tuple[bool, str]:
    """Press the button; what the server answered, once the page shows it."""
    with page.expect_response(lambda response: response.url.endswith("/connections/test")) as caught:
        page.get_by_role("button", name="Test Connection").click()
    assert caught.value.status == 200, caught.value.text()
    answer = caught.value.json()
    page.get_by_text(answer["message"]).first.wait_for()
    return answer["status"], answer["message"]


def assert_unseen(page: Page, message: str, *hidden: str) -> None:
    assert [secret for secret in hidden if secret in message or secret in page.content()] == []
