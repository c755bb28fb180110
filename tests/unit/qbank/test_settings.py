"""A connection's fields: each bad one is a sentence that names it."""

import os
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


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/balances", "/v1/balances/"])
@pytest.mark.parametrize("base", ["https://api.qbankconnect.com", "http://127.0.0.1:8090/base"])
def test_a_base_url_with_the_apis_own_path_is_taken_without_it(base: str, path: str) -> None:
    assert settings(base + path).api_url == base
    assert settings(f"{base}/v2").api_url == f"{base}/v2"
    assert settings(f"{base}/v1/v1").api_url == f"{base}/v1"


@pytest.mark.parametrize("host", ["127.0.0.1", "http://127.0.0.1:8090", "http://127.0.0.1/"])
def test_a_port_is_part_of_the_host_wherever_its_path_begins(host: str) -> None:
    fields = {"login": "a", "password": "b", "extra": {}, "port": 8090}
    made = Settings.from_fields(host=f"{host}", **fields)
    assert made.api_url.endswith("://127.0.0.1:8090")
    made = Settings.from_fields(host=f"{host.rstrip('/')}/base/v1/", **fields)
    assert made.api_url.endswith("://127.0.0.1:8090/base")


def test_two_ports_are_one_too_many() -> None:
    with pytest.raises(QBankConfigError, match=r"^host names the port 8090 and port is 443: .*\.$"):
        Settings.from_fields(host="http://127.0.0.1:8090", login="a", password="b", extra={}, port=443)


@pytest.mark.parametrize("field", ["login", "password"])
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("planted ", "begins or ends with a blank"),
        (" planted", "begins or ends with a blank"),
        ("planted\n", "begins or ends with a blank or a line break"),
        ("planted\r\n", "begins or ends with a blank or a line break"),
        ("\tplanted", "begins or ends with a blank"),
        ("planted\u00a0", "begins or ends with a blank"),
        ("planted\u2028", "begins or ends with a blank"),
        ("plan\nted", "can't be seen"),
        ("planted\u200b", "can't be seen"),
        ("\ufeffplanted", "can't be seen"),
        ("plan\x00ted", "can't be seen"),
        ("plan\u00a0ted", "can't be seen"),
        ("   ", "is empty"),
        ("\n", "is empty"),
    ],
)
def test_credentials_that_were_pasted_with_more_are_named_and_not_shown(
    field: str, value: str, says: str
) -> None:
    fields = {"login": "a", "password": "b"} | {field: value}
    with pytest.raises(QBankConfigError, match=rf"^{field} .*{says}.*\.$") as caught:
        Settings.from_fields(host=None, extra={}, **fields)
    assert "plan" not in str(caught.value)


@pytest.mark.parametrize("value", ["pass word", "pässwörd", "a b+c/=~%&\"'\\"])
def test_credentials_may_have_blanks_within_and_any_letters(value: str) -> None:
    assert Settings.from_fields(host=None, login=value, password=value, extra={}).client_secret == value


@pytest.mark.parametrize(
    "name", ["timeout", "Concurrency", "client_secret", "retries", "extra__qbank__scope"]
)
def test_an_unknown_field_of_the_extra_is_named_beside_those_there_are(name: str) -> None:
    with pytest.raises(QBankConfigError, match=rf"^extra has the unknown field {name}: .*timeout_s.*\.$"):
        settings(scope="balances.read", **{name: "planted"})


def test_several_unknown_fields_are_named_but_for_what_may_hold_the_secret() -> None:
    with pytest.raises(QBankConfigError, match="unknown fields retries, user, …:") as caught:
        settings(**{"user": 1, "retries": 2, "x" * 9: 3, "a name\nwith more": 4})
    assert "x" * 9 not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_airflow_itself_puts_into_the_extra_is_no_unknown_field() -> None:
    assert settings(__extra__='{"timeout_s": 5}') == settings()


@pytest.mark.parametrize("extra", [[], ["timeout_s"], "timeout_s", 5])
def test_an_extra_that_is_no_object_is_a_sentence(extra: Any) -> None:
    with pytest.raises(QBankConfigError, match=r"^extra must be a JSON object.*\.$"):
        Settings.from_fields(host=None, login="a", password="b", extra=extra)


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


@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", ["bad.pem", "absent.pem", "pipe", "n\0l.pem", "\ud800.pem", "x" * 300])
def test_a_bad_bundle_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(QBankConfigError, match=r"^ca_bundle is not a PEM file"):
        QBankClient(settings(ca_bundle=str(tmp_path / name)))


def test_the_secret_is_not_in_the_text_of_the_settings() -> None:
    assert "x" * 9 not in repr(settings())
