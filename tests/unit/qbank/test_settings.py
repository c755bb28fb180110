"""A connection's fields: each bad one is a sentence that names it."""

from pathlib import Path
from typing import Any

import pytest

from qbank.client import QBankClient
from qbank.errors import QBankConfigError
from qbank.settings import Settings


def settings(host: str | None = None, login: str | None = "id", **extra: Any) -> Settings:
    return Settings.from_fields(host=host, login=login, password="x" * 9, extra=extra)


def test_everything_but_the_credentials_has_the_contracts_default() -> None:
    made = settings()
    assert made.api_url == "https://api.qbankconnect.com"
    assert made.token_url == "https://auth.qbankconnect.com/token"
    assert (made.scope, made.concurrency, made.timeout_s) == ("balances.read", 16, 10.0)
    assert (made.max_attempts, made.max_backoff_s, made.fetch_budget_s) == (5, 60.0, 1500.0)
    assert (made.ca_bundle, made.proxy, made.requests_per_second) == (None, None, None)


def test_empty_and_null_extras_count_as_absent() -> None:
    made = settings(concurrency="", timeout_s=None, scope="", requests_per_second=None)
    assert made == settings()


def test_numbers_may_be_text_as_a_connection_uri_has_only_text() -> None:
    made = settings(concurrency="32", timeout_s="2.5", requests_per_second="90", max_backoff_s="0")
    assert (made.concurrency, made.timeout_s, made.requests_per_second) == (32, 2.5, 90.0)
    assert isinstance(made.concurrency, int)
    assert made.max_backoff_s == 0.0


def test_a_host_without_a_scheme_is_https() -> None:
    assert settings("api.qbankconnect.com").api_url == "https://api.qbankconnect.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("concurrency", 0),
        ("concurrency", 1.5),
        ("concurrency", "many"),
        ("concurrency", True),
        ("concurrency", []),
        ("concurrency", 10**9),
        ("timeout_s", 0),
        ("timeout_s", -1),
        ("timeout_s", float("nan")),
        ("timeout_s", "inf"),
        ("max_attempts", 0),
        ("max_attempts", "5.5"),
        ("max_backoff_s", -0.1),
        ("fetch_budget_s", 0),
        ("requests_per_second", 0),
        ("requests_per_second", {}),
        ("scope", 5),
        ("scope", "a  b"),
        ("scope", 'a"b'),
        ("scope", "a\nb"),
        ("token_url", 5),
        ("token_url", "https://evil.example/token"),
        ("ca_bundle", True),
        ("proxy", "https://127.0.0.1:3128"),
        ("proxy", "socks5://127.0.0.1:3128"),
        ("proxy", "http://user:pass@127.0.0.1:3128"),
        ("proxy", "127.0.0.1:3128"),
        ("proxy", "http://127.0.0.1:3128/path"),
    ],
)
def test_a_bad_extra_is_one_sentence_that_names_the_field(name: str, value: Any) -> None:
    with pytest.raises(QBankConfigError, match=rf"^{name} .*\.$") as caught:
        settings(**{name: value})
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"login": None}, "login"), ({"login": ""}, "login"), ({"password": None}, "password")],
)
def test_missing_credentials_are_named(fields: dict[str, Any], name: str) -> None:
    with pytest.raises(QBankConfigError, match=f"^{name} is empty"):
        Settings.from_fields(**({"host": None, "login": "a", "password": "b", "extra": {}} | fields))


@pytest.mark.parametrize("name", ["bad.pem", "absent.pem"])
def test_a_bad_bundle_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(QBankConfigError, match=r"^ca_bundle is not a PEM file"):
        QBankClient(settings(ca_bundle=str(tmp_path / name)))


def test_the_secret_is_not_in_the_text_of_the_settings() -> None:
    assert "x" * 9 not in repr(settings())
