"""Where the ledger's password may go: whoever deploys says, not whoever edits the connection."""

from typing import Any

import pytest

from qbank_ledger.config import LEDGER_CONNECTION, ledger_url, postgres_url
from qbank_ledger.db.allowed_server import require_allowed
from qbank_ledger.errors import LedgerConnectionError

DEPLOYED = {LEDGER_CONNECTION: "postgres://runs:hunter2@db.example/ledger"}


def check(host: str | None, environment: dict[str, str], extra: dict[str, Any] | None = None) -> None:
    url = postgres_url(
        conn_type="postgres", host=host, port=None, login="runs", password="hunter2", schema=None, extra=extra or {},
        environment=environment,
    )  # fmt: skip
    require_allowed(url, environment)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "", None, "/run/postgresql"])
def test_this_machine_is_allowed(host: str | None) -> None:
    check(host, {})


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        (DEPLOYED, "db.example"),
        (DEPLOYED, "DB.Example"),
        ({"QBANK_LEDGER_HOSTS": "one.example, Two.example"}, "two.example"),
        ({"QBANK_LEDGER_HOSTS": "one.example, two.example"}, "one.example,two.example"),
        ({"QBANK_LEDGER_HOSTS": " "}, "localhost"),
    ],
)
def test_what_who_deploys_names_is_allowed(environment: dict[str, str], host: str) -> None:
    check(host, environment)


@pytest.mark.parametrize(
    ("environment", "host", "extra"),
    [
        ({}, "evil.example", {}),
        ({}, "127.0.0.1.evil.example", {}),
        ({}, "localhost,evil.example", {}),
        ({}, "localhost", {"hostaddr": "192.0.2.7"}),
        ({}, "localhost", {"host": "evil.example"}),
        (DEPLOYED, "db.example,evil.example", {}),
        ({**DEPLOYED, "QBANK_LEDGER_HOSTS": "other.example"}, "db.example2", {}),
        ({"QBANK_LEDGER_HOSTS": "one.example"}, "localhost", {}),
        ({"QBANK_LEDGER_HOSTS": "one.example"}, "", {}),
    ],
)
def test_any_other_host_is_refused_and_the_sentence_says_what_to_set(
    environment: dict[str, str], host: str, extra: dict[str, Any]
) -> None:
    with pytest.raises(LedgerConnectionError, match="to add it to QBANK_LEDGER_HOSTS") as caught:
        check(host, environment, extra)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["service", "servicefile", "dsn"])
def test_a_host_is_named_in_its_own_field(name: str) -> None:
    with pytest.raises(LedgerConnectionError, match=f"has {name} in its extra"):
        check("localhost", {}, {name: "host=evil.example"})


@pytest.mark.parametrize("method", ["password", "md5", "none", "scram-sha-256,password", "!gss", ""])
def test_another_login_method_is_who_deploys_to_allow(method: str) -> None:
    with pytest.raises(LedgerConnectionError, match="allow it with QBANK_LEDGER_AUTH"):
        check("localhost", {}, {"require_auth": method})
    if method and "!" not in method:
        check("localhost", {"QBANK_LEDGER_AUTH": f"{method}, scram-sha-256"}, {"require_auth": method})


def test_another_connection_than_that_of_runs_is_called_by_its_name() -> None:
    for url in (
        ledger_url({LEDGER_CONNECTION: f"postgres://page:x@{host}"})
        for host in ("a.example/b", "/b?service=c")
    ):
        with pytest.raises(LedgerConnectionError, match=r"The connection ledger_desk (names|has) "):
            require_allowed(url, {}, connection="ledger_desk")


def test_what_stands_in_the_environment_was_set_by_who_deploys() -> None:
    text = "postgres://runs:hunter2@db.example/ledger?require_auth=md5&service=x"
    environment = {LEDGER_CONNECTION: text, "QBANK_LEDGER_HOSTS": "other.example"}
    url = ledger_url(environment)
    assert url.query["require_auth"] == "md5"
    require_allowed(url, environment)


def test_a_password_is_given_by_scram_alone() -> None:
    assert ledger_url(DEPLOYED).query["require_auth"] == "scram-sha-256"
    assert ledger_url({**DEPLOYED, "QBANK_LEDGER_AUTH": "md5"}).query["require_auth"] == "md5"
    assert "require_auth" not in ledger_url({LEDGER_CONNECTION: "postgres:///ledger"}).query


def test_without_a_password_there_is_none_to_give_away() -> None:
    url = postgres_url(
        conn_type="postgres",
        host="",
        port=None,
        login=None,
        password=None,
        schema=None,
        extra={},
        environment={},
    )
    require_allowed(url, {})
