"""The hook in Airflow: connection in, balances out, and no secret in a log or a message."""

import base64
import json
import logging
import math
import os
import pickle
import tempfile
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-"))

from airflow.providers_manager import ProvidersManager
from airflow.sdk import Connection
from airflow.sdk._shared.secrets_masker import redact

from qbank.client import QBankClient
from qbank.errors import QBankAuthError, QBankConfigError, QBankError
from qbank.hook import QBankHook
from qbank.provider_info import get_provider_info
from qbank.settings import Settings
from tests.contract.bank import Answer, Bank

Connect = Callable[..., QBankHook]


@pytest.fixture
def connect(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """A hook whose connection is the bank's, with other fields where a test gives them."""

    def make(extra: dict[str, Any] | str | None = None, **fields: Any) -> QBankHook:
        known = {"token_url": f"{bank.url}/token", "max_backoff_s": 0.1}
        connection = {
            "conn_type": "qbank",
            "host": bank.url,
            "login": bank.client_id,
            "password": bank.client_secret,
            "extra": extra if isinstance(extra, str) else known | (extra or {}),
        } | fields
        monkeypatch.setenv("AIRFLOW_CONN_QBANK_TEST", json.dumps(connection))
        return QBankHook("qbank_test")

    return make


def test_making_a_hook_does_nothing() -> None:
    assert QBankHook("no_such_connection").qbank_conn_id == "no_such_connection"
    assert QBankHook().qbank_conn_id == "qbank_default"


def test_a_hook_gives_a_client_and_streams_balances(bank: Bank, connect: Connect) -> None:
    hook = connect()
    assert isinstance(hook.get_conn(), QBankClient)
    assert hook.get_conn() is hook.get_conn()
    assert {a.state for a in hook.get_balances(["a", "b"])} == {"answered"}
    assert hook.api_host == "127.0.0.1"
    assert len(bank.token_calls) == 1


def test_the_budget_is_the_connections_unless_given(bank: Bank, connect: Connect) -> None:
    bank.balance = lambda call: Answer(delay_s=0.4)
    hook = connect({"fetch_budget_s": 0.2})
    assert [a.reason for a in hook.get_balances(["a"])] == ["timeout"]
    assert [a.state for a in hook.get_balances(["a"], budget_s=5)] == ["answered"]


def test_a_connection_as_a_uri_works(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = (
        f"qbank://{quote(bank.client_id, safe='')}:{quote(bank.client_secret, safe='')}"
        f"@{quote(bank.url, safe='')}/?token_url={quote(bank.url, safe='')}/token&concurrency=4"
    )
    monkeypatch.setenv("AIRFLOW_CONN_QBANK_TEST", uri)
    assert QBankHook("qbank_test").test_connection()[0]


def test_a_port_of_its_own_is_part_of_the_host(bank: Bank, connect: Connect) -> None:
    hook = connect(host="http://127.0.0.1", port=bank.port)
    assert [a.state for a in hook.get_balances(["a"])] == ["answered"]
    assert hook.api_host == "127.0.0.1"


def test_a_base_url_that_ends_in_the_apis_path_is_asked_without_doubling(
    bank: Bank, connect: Connect
) -> None:
    for host, port in ((f"{bank.url}/v1", None), ("http://127.0.0.1/v1/", bank.port), (bank.url, bank.port)):
        assert [a.state for a in connect(host=host, port=port).get_balances(["a"])] == ["answered"]
    assert {call.path for call in bank.balance_calls} == {"/v1/balances/a"}


def test_a_nested_extra_as_airflow_writes_it_into_a_uri_works(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"token_url": f"{bank.url}/token", "concurrency": 4}
    uri = Connection(
        conn_id="c", conn_type="qbank", host=bank.url, login=bank.client_id, password=bank.client_secret,
        extra=json.dumps(extra),
    ).get_uri()  # fmt: skip
    assert "__extra__" in uri
    monkeypatch.setenv("AIRFLOW_CONN_QBANK_TEST", uri)
    assert QBankHook("qbank_test").test_connection()[0]


def test_what_is_wrong_with_a_connection_is_said_before_any_request(bank: Bank, connect: Connect) -> None:
    for fields, says in (
        ({"password": bank.client_secret + "\n"}, "password begins or ends"),
        ({"login": " " + bank.client_id}, "login begins or ends"),
        ({"extra": {"timeout": 5}}, "extra has the unknown field timeout"),
        ({"extra": "{not json"}, "extra must be a JSON object"),
    ):
        good, message = connect(**fields).test_connection()
        assert (good, says in message) == (False, True), message
        assert bank.client_secret not in message
    assert bank.calls == []


def test_the_test_button_tells_right_from_wrong(bank: Bank, connect: Connect) -> None:
    assert connect().test_connection() == (
        True,
        "QBank granted a token for the scope balances.read.",
    )
    wrong = "wrong-" + bank.client_secret
    good, message = connect(password=wrong).test_connection()
    assert (good, "invalid_client" in message) == (False, True)
    assert wrong not in message
    for fields in ({"login": ""}, {"extra": {"timeout_s": "soon"}}, {"host": "https://evil.test"}):
        good, message = connect(**fields).test_connection()
        assert not good
        assert bank.client_secret not in message
        assert message.endswith(".")


def test_a_rotated_secret_needs_a_new_hook_and_no_more(bank: Bank, connect: Connect) -> None:
    assert connect().test_connection()[0]
    bank.client_secret += "-rotated"
    assert connect().test_connection()[0]


def test_a_host_that_is_not_on_the_list_is_refused(
    bank: Bank, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QBANK_ALLOWED_HOSTS", "api.qbankconnect.com")
    with pytest.raises(QBankConfigError, match="QBANK_ALLOWED_HOSTS"):
        connect().get_conn()
    assert bank.calls == []


def forms(secret: str) -> set[str]:
    data = secret.encode()
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode(),
        json.dumps(secret)[1:-1],
    }


def test_secret_and_token_are_masked_in_every_form(bank: Bank, connect: Connect) -> None:
    connect().get_conn().check()
    (token,) = bank.valid
    basic = base64.b64encode(f"{bank.client_id}:{bank.client_secret}".encode()).decode()
    for form in {*forms(bank.client_secret), *forms(token), basic}:
        shown = str(redact(f"before {form} after"))
        assert "***" in shown
        assert len(shown) < len("before  after") + len("***") + 32  # of Basic, the id may show
    assert redact("a control text that is no secret") == "a control text that is no secret"


def test_no_secret_in_a_log_of_any_level(
    bank: Bank, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    served = iter([Answer(status=503), Answer(raw=b""), Answer(status=401)])
    bank.balance = lambda call: next(served, None) or Answer()
    hook = connect()
    list(hook.get_balances(["a", "b", "c"]))
    said = caplog.text + repr(hook.get_conn()) + repr(hook._settings)
    assert "connected to" in caplog.text  # the control: something was logged
    for call in bank.balance_calls:
        assert call.headers["authorization"][7:] not in said
    assert not any(form in said for form in forms(bank.client_secret))


def test_no_secret_in_an_error_its_traceback_or_its_pickle(bank: Bank, connect: Connect) -> None:
    hostile = Answer(
        status=400,
        body={"error": "invalid_client", "error_description": bank.client_secret},
    )
    for answer in (hostile, Answer(raw=b""), Answer(body=b"\xff" + bank.client_secret.encode())):
        bank.token = lambda call, answer=answer: answer
        with pytest.raises(QBankError) as caught:
            connect().get_conn().check()
        error = caught.value
        said = f"{error} {error!r} {''.join(traceback.format_exception(error))}"
        said += repr(pickle.dumps(error)) + repr(vars(error))
        assert not any(form in said for form in forms(bank.client_secret))


def test_a_token_that_a_server_echoes_is_not_in_the_payload(bank: Bank, connect: Connect) -> None:
    bank.balance = lambda call: Answer(status=404, body=json.dumps(call.headers))
    (answer,) = connect().get_balances(["a"])
    (token,) = bank.valid
    assert "***" in (answer.payload or "")
    assert token not in (answer.payload or "")


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace("/", r"\/"),
        quote_plus,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    ],
    ids=["slashes escaped", "in a URL", "in base64", "letters escaped"],
)
def test_nor_is_one_that_it_writes_in_another_way(
    bank: Bank, connect: Connect, written: Callable[[str], str]
) -> None:
    token = "abc/def+ghi/jklm=="
    bank.valid[token] = math.inf
    bank.token = lambda call: Answer(body={"access_token": token, "token_type": "Bearer", "expires_in": 3600})
    said = written(f"Bearer {token}")
    bank.balance = lambda call: Answer(
        body=f'{{"available_balance": 1, "ledger_balance": 1, "currency": "{said}"}}'
    )
    (answer,) = connect().get_balances(["a"])
    assert answer.state == "answered"
    assert "***" in (answer.echoed_currency or "")
    assert token not in (answer.echoed_currency or "")
    if "u00" not in said:
        assert written(token)[:12] not in (answer.payload or "")


def test_a_secret_that_is_wrong_is_permanent_for_airflow(bank: Bank, connect: Connect) -> None:
    with pytest.raises(QBankAuthError) as caught:
        list(connect(password="not the secret at all").get_balances(["a"]))
    assert not caught.value.retryable


def test_the_form_in_the_ui_has_every_field_of_the_contract() -> None:
    (kind,) = get_provider_info()["connection-types"]
    contract = {"token_url", "scope", "concurrency", "timeout_s", "max_attempts", "max_backoff_s"}
    contract |= {"fetch_budget_s", "ca_bundle", "proxy", "requests_per_second"}
    fields = set(kind["conn-fields"])
    assert fields == contract
    assert fields < set(Settings.__dataclass_fields__)
    manager = ProvidersManager()
    widgets = {name for name in manager.connection_form_widgets if "__qbank__" in name}
    assert widgets == {f"extra__qbank__{name}" for name in contract}
    assert manager.field_behaviours["qbank"]["relabeling"]["password"] == "Client secret"


def test_the_provider_has_the_distributions_name_and_version() -> None:
    provider = ProvidersManager().providers["airflow-provider-qbank-ledger"]
    assert [provider.version] == get_provider_info()["versions"]


def test_descriptions_in_the_form_say_the_true_defaults() -> None:
    defaults = Settings(client_id="a", client_secret="b")
    (kind,) = get_provider_info()["connection-types"]
    for name, field in kind["conn-fields"].items():
        default = getattr(defaults, name)
        if default is not None:
            text = f"{default:g}" if isinstance(default, int | float) else default
            assert field["description"].endswith(f"Default: {text}")
