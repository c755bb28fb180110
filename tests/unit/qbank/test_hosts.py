"""Where the secret may go: bar line 11."""

import pytest

from qbank.errors import QBankConfigError
from qbank.hosts import check_url, is_loopback


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://api.qbankconnect.com", "https://api.qbankconnect.com"),
        ("https://API.QBankConnect.com:443/", "https://api.qbankconnect.com:443"),
        ("https://auth.qbankconnect.com/token", "https://auth.qbankconnect.com/token"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("http://127.9.9.9/", "http://127.9.9.9"),
        ("http://localhost:1/a/b/", "http://localhost:1/a/b"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
    ],
)
def test_the_banks_hosts_and_loopback_are_allowed(url: str, canonical: str) -> None:
    assert check_url(url, "host") == canonical


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://169.254.169.254/latest/meta-data",
        "http://169.254.169.254",
        "https://api.qbankconnect.com.evil.example",
        "https://evil.example/api.qbankconnect.com",
        "https://127.0.0.1.nip.io",
        "https://10.0.0.1",
        "https://0.0.0.0",
        "http://0.0.0.0:80",
        "http://2130706433",
        "http://127.1",
        "http://0x7f.0.0.1",
        "http://[::ffff:169.254.169.254]",
        "http://[::]",
        "https://localhost.",
    ],
)
def test_any_other_host_is_refused_by_name(url: str) -> None:
    with pytest.raises(QBankConfigError, match=r"token_url names the host .* not on the list"):
        check_url(url, "token_url")


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pass@api.qbankconnect.com",
        "https://user@api.qbankconnect.com",
        "https://api.qbankconnect.com\\@evil.example",
        "https://api.qbankconnect.com@evil.example",
        "https://evil.example#@api.qbankconnect.com",
        "https://api.qbankconnect.com?x=y",
        "https://api.qbankconnect.com#x",
        "https://api.qbankconnect.com/../x",
        "https://api.qbankconnect.com/%2e%2e",
        "https://api.qbankconnect.com//x",
        "https://api.qbankconnect.com/a b",
        "https://api.qbankconnect.com\r\nX: y",
        "https://api.qbankconnect.com\n",
        " https://api.qbankconnect.com",
        "https://\uff41pi.qbankconnect.com",
        "https://api.qbankconnect.com:",
        "https://127.0.0.1:99999",
        "https://",
        "//api.qbankconnect.com",
        "ftp://api.qbankconnect.com",
        "file:///etc/passwd",
        "api.qbankconnect.com",
        "",
    ],
)
def test_what_two_parsers_could_read_in_two_ways_is_no_url(url: str) -> None:
    with pytest.raises(QBankConfigError, match="host is not a valid URL") as caught:
        check_url(url, "host")
    assert "pass" not in str(caught.value).replace("password", "")


def test_plain_http_is_for_loopback_only() -> None:
    with pytest.raises(QBankConfigError, match="must begin with https"):
        check_url("http://api.qbankconnect.com", "host")


@pytest.mark.parametrize("port", [80, 8443, 22])
def test_another_port_is_for_loopback_only(port: int) -> None:
    with pytest.raises(QBankConfigError, match="must not name a port"):
        check_url(f"https://api.qbankconnect.com:{port}", "host")


def test_the_list_is_the_deployers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QBANK_ALLOWED_HOSTS", " Bank.example ,auth.bank.example,")
    assert check_url("https://bank.example", "host") == "https://bank.example"
    for url in ("https://api.qbankconnect.com", "http://127.0.0.1:8090", "http://localhost"):
        with pytest.raises(QBankConfigError, match="QBANK_ALLOWED_HOSTS"):
            check_url(url, "host")
    monkeypatch.setenv("QBANK_ALLOWED_HOSTS", "bank.example,loopback")
    assert check_url("http://127.0.0.1:8090", "host") == "http://127.0.0.1:8090"
    monkeypatch.setenv("QBANK_ALLOWED_HOSTS", "bank.example,127.0.0.1")
    assert check_url("http://127.0.0.1:8090", "host") == "http://127.0.0.1:8090"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("127.1", False), ("", False)],
)
def test_loopback_is_an_address_or_localhost(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
