"""Behind a real nginx: the bank, with its limiter, its cuts, and certificates that prove nothing (bar 8 to 11);
and the page, below a path of nginx's own, with TLS ending there."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy.engine import URL

from qbank.client import QBankClient
from qbank.errors import QBankAuthError, QBankUnavailableError
from tests.conftest import free_port
from tests.contract.bank import Bank
from tests.contract.conftest import settings_of
from tests.contract.test_bank_tls import Authority
from tests.thirdparty.api_server import ApiServer, api_server
from tests.thirdparty.program import FLAGS, from_debian, running
from tests.words.books import Books, day
from tests.words.ledger import Ledger

IDS = [f"account-{number}" for number in range(400)]
Nginx = Callable[..., str]
CONFIG = Template("""
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events { worker_connections 512; }
http {
    access_log access.log;
    client_body_temp_path bodies;
    proxy_temp_path answers;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    limit_req_zone $$binary_remote_addr zone=bank:1m rate=100r/s;
    limit_req_status 429;
    split_clients $$request_id $$cut { 20% 1; * 0; }
    upstream bank { server 127.0.0.1:$upstream; keepalive 32; }
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    server {
        listen 127.0.0.1:$port$tls;
        location / { proxy_pass http://bank; }
        location /token { $token proxy_pass http://bank; }
        location /v1/ { $api proxy_pass http://bank; }
    }
}
""")

BELOW = "/treasury/airflow"
# As Airflow's documentation has it, "Running Airflow behind a reverse proxy".
BEFORE_AIRFLOW = Template("""
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events { worker_connections 512; }
http {
    access_log access.log;
    client_body_temp_path bodies;
    proxy_temp_path answers;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    client_max_body_size 25m;
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate $certificate;
        ssl_certificate_key $certificate;
        location $below/ {
            proxy_pass http://127.0.0.1:$upstream;
            proxy_http_version 1.1;
            proxy_redirect off;
            proxy_set_header Host $$http_host;
            proxy_set_header X-Forwarded-For $$proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $$scheme;
        }
    }
}
""")


@pytest.fixture(scope="session")
def nginx_program() -> tuple[str, dict[str, str]]:
    return from_debian("nginx")


@pytest.fixture
def nginx(nginx_program: tuple[str, dict[str, str]], tmp_path: Path) -> Iterator[Nginx]:
    """Start nginx before a bank; gives its base URL. `token` and `api` are directives for the two paths."""
    program, environment = nginx_program
    with ExitStack() as stack:

        def start(bank: Bank, *, certificate: Path | None = None, token: str = "", api: str = "") -> str:
            port = free_port()
            folder = tmp_path / f"nginx-{port}"
            folder.mkdir()
            tls = f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}"
            config = CONFIG.substitute(
                port=port, upstream=bank.port, tls=tls if certificate else "", token=token, api=api
            )
            (folder / "nginx.conf").write_text(config)
            command = [program, "-p", str(folder), "-e", "error.log", "-c", "nginx.conf"]
            log = folder / "output.log"
            stack.enter_context(running(command, port=port, log=log, env=environment))
            return f"http{'s' if certificate else ''}://127.0.0.1:{port}"

        yield start


@pytest.fixture
def bank() -> Iterator[Bank]:
    with Bank().serving() as serving:
        yield serving


def client_of(bank: Bank, url: str, **fields: Any) -> QBankClient:
    known = {"api_url": url, "token_url": f"{url}/token", "timeout_s": 10, "max_backoff_s": 2}
    return QBankClient(settings_of(bank, **(known | fields)))


def test_the_bank_is_reached_through_nginx(bank: Bank, nginx: Nginx) -> None:
    """The control of all the others."""
    with client_of(bank, nginx(bank)) as client:
        assert outcomes(client, IDS[:20]) == {"answered"}
    assert (len(bank.token_calls), len(bank.balance_calls)) == (1, 20)


@pytest.mark.parametrize("burst", [20, 0])
def test_400_accounts_at_a_limit_of_100_a_second_lose_nothing_and_throttle_little(
    bank: Bank, nginx: Nginx, burst: int
) -> None:
    """Without a burst nginx takes no two calls within 10 ms: as strict as a limiter can be."""
    url = nginx(bank, api=f"limit_req zone=bank{f' burst={burst} nodelay' if burst else ''};")
    began = time.monotonic()
    with client_of(bank, url) as client:
        answers = list(client.get_balances(IDS))
    took = time.monotonic() - began
    assert {answer.reason or answer.state for answer in answers} == {"answered"}
    assert sorted(answer.account_id for answer in answers) == sorted(IDS)
    made = sum(answer.attempts for answer in answers)
    throttled = made - len(bank.balance_calls)  # what nginx did not let through
    assert throttled < 0.1 * made
    assert (len(IDS) - burst) / 100 - 0.1 < took < 40  # the limiter was there, and we near it


def test_connections_that_are_cut_at_random_lose_no_account(bank: Bank, nginx: Nginx) -> None:
    url = nginx(bank, api="if ($cut) { return 444; }")
    with client_of(bank, url, max_backoff_s=0.2, max_attempts=10) as client:
        answers = list(client.get_balances(IDS))
    assert {answer.reason or answer.state for answer in answers} == {"answered"}
    cut = sum(answer.attempts for answer in answers) - len(bank.balance_calls)
    assert 0.05 * len(IDS) < cut < 0.5 * len(IDS)
    assert len(bank.token_calls) == 1


def test_connections_that_are_always_cut_cost_the_attempts_and_no_more(bank: Bank, nginx: Nginx) -> None:
    url = nginx(bank, api="return 444;")
    with client_of(bank, url, max_backoff_s=0.05, max_attempts=3) as client:
        answers = list(client.get_balances(IDS[:20]))
    assert {(answer.state, answer.reason, answer.attempts) for answer in answers} == {
        ("failed", "connection", 3)
    }
    assert bank.balance_calls == []


def test_a_token_host_that_cuts_every_connection_is_one_error_to_retry(bank: Bank, nginx: Nginx) -> None:
    url = nginx(bank, token="return 444;")
    with client_of(bank, url, max_backoff_s=0.05) as client, pytest.raises(QBankUnavailableError) as caught:
        list(client.get_balances(IDS[:20]))
    assert caught.value.retryable
    assert bank.calls == []


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def certificate(authority: Authority, host: str, days: int) -> Path:
    """A new certificate, and its key, in one PEM file."""
    known = set(authority.folder.glob("server-*.pem"))
    authority.serve_as(host, days)
    (made,) = set(authority.folder.glob("server-*.pem")) - known
    return made


def test_an_nginx_that_proves_itself_is_asked(
    bank: Bank, nginx: Nginx, authority: Authority, tmp_path: Path
) -> None:
    url = nginx(bank, certificate=certificate(authority, "127.0.0.1", 10))
    with client_of(bank, url, ca_bundle=str(authority.bundle)) as client:
        assert outcomes(client, IDS[:20]) == {"answered"}
    assert len(heard(tmp_path)) == 21


@pytest.fixture(
    params=[
        pytest.param(("127.0.0.1", 10, False), id="unknown authority"),
        pytest.param(("api.qbankconnect.com", 10, True), id="another host"),
        pytest.param(("127.0.0.1", -1, True), id="expired"),
    ]
)
def unproven(request: pytest.FixtureRequest, authority: Authority, tmp_path: Path) -> tuple[Path, str]:
    """A server's certificate that proves nothing, and the bundle of the authority that is known."""
    host, days, trusted = request.param
    known = authority if trusted else Authority(tmp_path)
    return certificate(authority, host, days), str(known.bundle)


def test_a_token_host_that_can_not_prove_itself_gets_no_secret(
    bank: Bank, nginx: Nginx, unproven: tuple[Path, str], tmp_path: Path
) -> None:
    file, bundle = unproven
    url = nginx(bank, certificate=file)
    with client_of(bank, url, ca_bundle=bundle) as client:
        answers = client.get_balances(IDS[:20])
        with pytest.raises(QBankAuthError, match="certificate is not trusted") as caught:
            next(answers)
    assert not caught.value.retryable
    assert bank.calls == []
    assert heard(tmp_path) == []


def test_an_api_that_can_not_prove_itself_gets_no_token(
    bank: Bank, nginx: Nginx, unproven: tuple[Path, str], tmp_path: Path
) -> None:
    file, bundle = unproven
    url = nginx(bank, certificate=file)
    with client_of(bank, url, ca_bundle=bundle, token_url=f"{bank.url}/token") as client:
        assert outcomes(client, IDS[:20]) == {"connection"}
    assert (len(bank.token_calls), len(bank.balance_calls)) == (1, 0)
    assert heard(tmp_path) == []


def outcomes(client: QBankClient, ids: list[str]) -> set[str]:
    return {answer.reason or answer.state for answer in client.get_balances(ids)}


def heard(folder: Path) -> list[str]:
    """What nginx read of requests, whole or not: a line for each, soon after its end."""
    (log,) = folder.glob("nginx-*/access.log")
    time.sleep(0.5)  # the answer is there before its line
    return log.read_text().splitlines()


@dataclass(frozen=True)
class Behind:
    """The page's site behind nginx, the ledger that it shows, and a browser's window."""

    airflow: ApiServer
    ledger: Ledger
    page: Page
    bundle: str  # of the authority that nginx's certificate is of
    refused: list[str]  # what the page asked for and did not get


@pytest.fixture
def behind(
    nginx_program: tuple[str, dict[str, str]],
    authority: Authority,
    ledger_url: URL,
    chromium: str,
    tmp_path: Path,
) -> Iterator[Behind]:
    ledger = Ledger(ledger_url, tmp_path)
    books = Books(ledger)
    books.account()
    books.bank(day(1), "100")
    books.gl((day(1), "100"))
    books.reconcile(day(1))
    ledger.rows("SELECT recon.grant_signatory('Ann', 'airflow:admin', 'prepare')")
    program, environment = nginx_program
    port, upstream = free_port(), free_port()
    config = BEFORE_AIRFLOW.substitute(
        port=port, upstream=upstream, below=BELOW, certificate=certificate(authority, "127.0.0.1", 10)
    )
    folder = tmp_path / "nginx"
    folder.mkdir()
    (folder / "nginx.conf").write_text(config)
    command = [program, "-p", str(folder), "-e", "error.log", "-c", "nginx.conf"]
    url = f"https://127.0.0.1:{port}{BELOW}"
    refused: list[str] = []
    with (
        ledger.people({"desk": "qbank_desk"}) as people,
        api_server(
            tmp_path, upstream, base_url=url, AIRFLOW_CONN_LEDGER_DESK=as_connection(people["desk"].url)
        ) as airflow,
        running(command, port=port, log=folder / "output.log", env=environment),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(ignore_https_errors=True)
        page.set_default_timeout(60_000)
        page.on("response", lambda got: refused.append(got.url) if got.status >= 400 else None)
        yield Behind(airflow, ledger, page, str(authority.bundle), refused)
        browser.close()
    ledger.owner.dispose()


def as_connection(url: URL) -> str:
    return url.set(drivername="postgres").render_as_string(hide_password=False)


@pytest.mark.timeout(600)
def test_the_page_is_used_below_a_path_of_nginx(behind: Behind) -> None:
    """Somebody logs in, finds it in Airflow's navigation, signs, and takes files along; another site does nothing."""
    page, url = behind.page, behind.airflow.url
    page.goto(f"{url}/qbank/reconciliation?date={day(1)}")
    page.locator("[name=username]").fill("admin")
    page.locator("[name=password]").fill(behind.airflow.password)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Signed in as admin")).to_be_visible(timeout=60_000)
    assert page.url == f"{url}/qbank/reconciliation?date={day(1)}"
    behind.refused.clear()

    page.locator("table#accounts").get_by_role("checkbox").check()
    page.get_by_role("button", name="Prepare").click()
    expect(page.get_by_role("status").first).to_contain_text("1 of 1 done", timeout=60_000)
    assert behind.ledger.rows("SELECT actor FROM recon.sign_off") == [("airflow:admin",)]

    with page.expect_download() as caught:
        page.get_by_role("link", name="Accounts as CSV").click()
    assert ",prepared," in Path(caught.value.path()).read_text()
    page.goto(f"{url}/qbank/close?month={day(1):%Y-%m}")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Make the workbook").click()
    assert caught.value.suggested_filename == f"{day(1):%Y-%m}.xlsx"

    page.goto(url)
    page.get_by_role("link", name="Ledger", exact=True).click()
    expect(page.frame_locator("iframe").get_by_role("heading", name="Position")).to_be_visible(timeout=60_000)
    assert [each for each in behind.refused if "/qbank/" in each] == []

    page.goto(f"{url}/qbank/close?month={day(1):%Y-%m}")
    token = page.locator("[name=token]").first.get_attribute("value")
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    for origin in ("https://evil.example", "null"):
        answer = requests.post(
            f"{url}/qbank/close/pack",
            data={"token": token, "month": f"{day(1):%Y-%m}", "file": "html"},
            headers={"Origin": origin},
            cookies=cookies,
            timeout=60,
            verify=behind.bundle,
        )
        assert (answer.status_code, "Another site sent this form" in answer.text) == (403, True), origin
