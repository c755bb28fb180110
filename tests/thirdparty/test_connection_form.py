"""The connection's form and its test button, in a real browser, on an API server of the test's own."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet
from playwright.sync_api import Locator, Page, sync_playwright

from tests.conftest import REPOSITORY, free_port
from tests.words.bank import CLIENT_ID, SandboxProcess

START_S = 180  # on a busy machine; 20 on a quiet one
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


@dataclass(frozen=True)
class ApiServer:
    """Airflow's API server and its one user."""

    url: str
    password: str

    def call(self, method: str, path: str, **options: Any) -> Any:
        login = {"username": "admin", "password": self.password}
        token = requests.post(f"{self.url}/auth/token", json=login, timeout=30).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        told = requests.request(method, f"{self.url}/api/v2{path}", headers=headers, timeout=30, **options)
        assert told.ok, told.text
        return told.json()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    running = SandboxProcess(tmp_path / "sandbox.log")
    yield running
    running.stop()


@pytest.fixture
def airflow(tmp_path: Path) -> Iterator[ApiServer]:
    """Airflow's API server alone, with the project's provider as it is installed."""
    home, port, password = tmp_path / "airflow", free_port(), secrets.token_urlsafe(12)
    (home / "dags").mkdir(parents=True)
    (home / "passwords.json").write_text(json.dumps({"admin": password}))
    url = f"http://127.0.0.1:{port}"
    environ = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "airflow"]
    log = tmp_path / "api-server.log"
    with log.open("wb") as file:
        subprocess.run([*command, "db", "migrate"], env=environ, stdout=file, stderr=file, check=True)
        process = subprocess.Popen([*command, "api-server"], env=environ, stdout=file, stderr=file)
    try:
        end = time.monotonic() + START_S
        while not answers(f"{url}/api/v2/version"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield ApiServer(url, password)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture
def page(airflow: ApiServer, chromium: str) -> Iterator[Page]:
    """The list of connections, as a user who has logged in sees it."""
    quiet = ("gpu", "quic", "background-networking", "component-update", "sync")
    flags = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in quiet)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
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
