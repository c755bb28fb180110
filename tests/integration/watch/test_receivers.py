"""Receivers: mail and Apprise, to a real mail server and a real webhook."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qbank_ledger.errors import AlertNotSentError
from qbank_ledger.watch.message import Message
from qbank_ledger.watch.receiver import Receiver
from tests.conftest import free_port
from tests.words.authority import Authority
from tests.words.inbox import mail_server, webhook

OPENED = Message(
    "Ledger: a stale balance", "A stale balance:\n- x (Löhne 銀行)\n", is_over=False, alerts=(1,)
)
OVER = Message("Ledger: resolved: a stale balance", "…", is_over=True, alerts=(1,))
PLAIN = {"disable_ssl": True, "from_email": "ledger@example.com", "to": "a@example.com, b@example.com"}
SECRET = "mail-secret"


def mail(port: int, **fields: object) -> Receiver:
    extra = {**PLAIN, "disable_tls": True, "timeout": 5, **fields.pop("extra", {})}  # type: ignore[dict-item]
    return Receiver("ops_mail", "smtp", "127.0.0.1", port, extra=extra, **fields)  # type: ignore[arg-type]


def not_sent(receiver: Receiver) -> str:
    with pytest.raises(AlertNotSentError) as raised:
        receiver.send(OPENED)
    assert SECRET not in str(raised.value) + repr(receiver)
    return str(raised.value)


def test_a_mail_has_its_sender_receivers_subject_and_text() -> None:
    with mail_server(free_port()) as server:
        mail(server.port).send(OPENED)
    (got,) = server.mails
    assert (got["From"], got["To"], got["Subject"]) == (
        "ledger@example.com", "a@example.com, b@example.com", OPENED.title,
    )  # fmt: skip
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"].datetime.tzinfo
    assert got.get_content().replace("\r\n", "\n") == OPENED.body


def test_receivers_may_be_a_list_and_the_sender_the_login() -> None:
    with mail_server(free_port(), ("me@example.com", SECRET)) as server:
        mail(
            server.port, login="me@example.com", password=SECRET,
            extra={"from_email": None, "to": ["a@example.com", "c@example.com"]},
        ).send(OPENED)  # fmt: skip
    assert (server.mails[0]["From"], server.mails[0]["To"]) == (
        "me@example.com", "a@example.com, c@example.com",
    )  # fmt: skip


@pytest.mark.parametrize(
    "to", ["a@example.com; b@example.com", "a@example.com;b@example.com;", ["a@example.com", "b@example.com"]]
)
def test_several_receivers_are_separated_as_airflow_has_it(to: object) -> None:
    with mail_server(free_port()) as server:
        assert mail(server.port, extra={"to": to}).send(OPENED) == ""
    assert server.mails[0]["To"] == "a@example.com, b@example.com"


def test_names_may_have_dots() -> None:
    with mail_server(free_port()) as server:
        extra = {"from_email": "Acme Inc. <ledger@example.com>", "to": "A. B. Smith <a@example.com>"}
        assert mail(server.port, extra=extra).send(OPENED) == ""
    assert [each.addr_spec for each in server.mails[0]["To"].addresses] == ["a@example.com"]


@pytest.mark.parametrize("to", ["a@example.com b@example.com", "treasury", "a@example.com, treasury", ";"])
def test_receivers_that_no_mail_would_reach_are_refused(to: str) -> None:
    with mail_server(free_port()) as server:
        said = not_sent(mail(server.port, extra={"to": to}))
    assert "must be mail addresses, several of them separated by commas" in said
    assert server.mails == []


def test_a_receiver_whom_the_mail_server_does_not_know_is_named_and_the_others_are_told_once() -> None:
    with mail_server(free_port()) as server:
        server.unknown = {"b@example.com"}
        said = mail(server.port).send(OPENED)
    assert (
        said
        == "Not everyone was reached through the connection ops_mail: the mail server refused b@example.com."
    )
    assert len(server.mails) == 1


def test_a_mail_server_that_does_not_take_it_is_one_sentence_without_a_secret() -> None:
    port = free_port()
    away = not_sent(mail(port))
    assert away.startswith(
        "Alerts can't be sent by the connection ops_mail: the mail server has not taken it ("
    )
    with mail_server(port, ("me", "another")) as server:
        assert "535" in not_sent(mail(port, login="me", password=SECRET))
    with mail_server(free_port()) as server:
        server.refuses = True
        assert "try again later" in not_sent(mail(server.port))


@pytest.mark.parametrize("way", ["from the start", "by STARTTLS"])
def test_the_login_goes_to_a_mail_server_that_proves_itself(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    context = authority.serve_as("127.0.0.1")
    tls = {"ssl_context" if way == "from the start" else "tls_context": context}
    extra = {"disable_ssl": way == "by STARTTLS", "disable_tls": False}
    with mail_server(free_port(), ("me", SECRET), **tls) as server:
        receiver = mail(server.port, login="me", password=SECRET, extra=extra)
        assert "CERTIFICATE_VERIFY_FAILED" in not_sent(receiver)
        mail(server.port, login="me", password=SECRET, extra={**extra, "ssl_context": "none"}).send(OPENED)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
        receiver.send(OVER)
    assert [message["Subject"] for message in server.mails] == [OPENED.title, OVER.title]


def test_tls_is_used_unless_it_is_disabled() -> None:
    with mail_server(free_port()) as server:
        for extra in ({"disable_tls": "false"}, {"disable_ssl": False}):
            assert "the mail server has not taken it" in not_sent(mail(server.port, extra=extra))
    assert server.mails == []


@pytest.mark.parametrize(
    ("receiver", "words"),
    [
        (Receiver("x", "smtp", "127.0.0.1", 25, extra={"from_email": "a@example.com"}), "set its host, and from_email and to"),
        (Receiver("x", "smtp", None, 25, extra=PLAIN), "set its host"),
        (Receiver("x", "smtp", "127.0.0.1", 25, extra={**PLAIN, "to": "a@example.com\nBcc: z@example.com"}), "no mail address"),
        (Receiver("x", "slack"), "it is of type slack; smtp and apprise can send them"),
        (Receiver("x", "apprise"), "its extra needs a config"),
        (Receiver("x", "apprise", extra={"config": "{"}), "its extra needs a config"),
        (Receiver("x", "apprise", extra={"config": [{"path": "no-such-service://x"}]}), "its extra needs a config"),
    ],
)  # fmt: skip
def test_a_connection_that_cannot_do_is_named(receiver: Receiver, words: str) -> None:
    said = not_sent(receiver)
    assert said.startswith("Alerts can't be sent by the connection x: ")
    assert words in said


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"extra": {"to": 5}}, "must be mail addresses"),
        ({"extra": {"to": ["a@example.com", 5]}}, "must be mail addresses"),
        ({"extra": {"to": {"a@example.com": 1}}}, "must be mail addresses"),
        ({"extra": {"from_email": 5}}, "from_email in its extra must be text"),
        ({"extra": {"timeout": [1]}}, "timeout in its extra must be a number of seconds"),
        ({"extra": {"timeout": "1e400"}}, "timeout in its extra must be a number of seconds"),
        ({"extra": {"timeout": 10**400}}, "timeout in its extra must be a number of seconds"),
        ({"extra": {"timeout": "nan"}}, "timeout in its extra must be a number of seconds"),
        ({"extra": {"timeout": -1}}, "timeout in its extra must be a number of seconds"),
        ({"login": 5, "password": SECRET}, "its login must be text"),
        ({"login": "me", "password": 5}, "its password must be text"),
        ({"host": 5}, "its host must be text"),
        ({"port": 70_000}, "its port must be one up to 65535"),
        ({"conn_type": ["smtp"]}, "its conn_type must be text"),
    ],
)  # fmt: skip
def test_a_field_of_another_type_is_one_sentence(fields: dict[str, Any], words: str) -> None:
    with mail_server(free_port()) as server:
        extra = {"extra": {**mail(server.port).extra, **fields.get("extra", {})}}
        said = not_sent(replace(mail(server.port), **{**fields, **extra}))
    assert said.startswith("Alerts can't be sent by the connection ops_mail: ")
    assert words in said
    assert server.mails == []


@pytest.mark.parametrize("conn_type", ["smtp", "apprise"])
@pytest.mark.parametrize("extra", [[], 5, "5", None])
def test_an_extra_that_is_no_object_is_one_sentence(conn_type: str, extra: Any) -> None:
    receiver = Receiver("x", conn_type, "127.0.0.1", 25, extra=extra)
    assert not_sent(receiver) == "Alerts can't be sent by the connection x: its extra must be a JSON object."


def test_what_a_library_chokes_on_is_one_sentence_without_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def choke(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("apprise.Apprise.notify", choke)
    said = not_sent(Receiver("chat", "apprise", extra={"config": {"path": "json://127.0.0.1:9/"}}))
    assert said == "Alerts can't be sent by the connection chat: it failed with RuntimeError."


@pytest.mark.parametrize("shape", ["one", "list", "text"])
def test_a_webhook_is_told_by_apprise(shape: str) -> None:
    with webhook() as hook:
        one = {"path": hook.place, "tag": "alerts"}
        config = {"one": one, "list": [one], "text": f'{{"path": "{hook.place}"}}'}[shape]
        receiver = Receiver("chat", "apprise", extra={"config": config})
        receiver.send(OPENED)
        receiver.send(OVER)
    assert [(post["title"], post["message"].strip(), post["type"]) for post in hook.posts] == [
        (OPENED.title, OPENED.body.strip(), "failure"), (OVER.title, OVER.body, "success"),
    ]  # fmt: skip


def test_a_webhook_that_does_not_take_it_is_one_sentence_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with webhook() as hook:
        hook.status = 500
        said = not_sent(Receiver("chat", "apprise", extra={"config": {"path": hook.place}}))
    assert said == (
        "Alerts can't be sent by the connection chat: the service of its config has not taken it."
    )
    not_sent(Receiver("chat", "apprise", extra={"config": {"path": "hook-secret://"}}))
    assert "hook-secret" not in caplog.text


def test_a_dead_address_of_several_does_not_have_the_others_told_again() -> None:
    with webhook() as alive, webhook() as dead:
        dead.status = 500
        places = [{"path": dead.place}, {"path": alive.place}]
        said = Receiver("chat", "apprise", extra={"config": places}).send(OPENED)
    assert said == (
        "Not everyone was reached through the connection chat: address number 1 in its config did not accept it."
    )
    assert len(alive.posts) == 1
