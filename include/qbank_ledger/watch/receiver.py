"""Receivers: who is told of alerts, each by a connection as Airflow defines it."""

import json
import logging
import math
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import InvalidHeaderDefect
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from qbank_ledger.errors import AlertNotSentError, in_one_line
from qbank_ledger.watch.message import Message

log = logging.getLogger(__name__)

_TIMEOUT_S = 30.0
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Receiver:
    """A connection of type ``smtp`` (extra: from_email, to, …) or ``apprise`` (extra: config)."""

    conn_id: str
    conn_type: str
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def send(self, message: Message) -> str:
        """Send a message; returns a sentence where some of its addresses have not taken it, else nothing.

        Raises AlertNotSentError where none has. Either is without a secret.
        """
        try:
            _check(self)
            left_out = _BY.get(self.conn_type, _no_way)(self, message)
        except Exception as error:  # noqa: BLE001 - one that a library chokes on must keep no other waiting
            # What a library of others says may hold the address, and secrets are in that.
            why = error if isinstance(error, AlertNotSentError) else f"it failed with {type(error).__name__}"
            raise AlertNotSentError(
                f"Alerts can't be sent by the connection {self.conn_id}: {why}."
            ) from None
        return (
            f"Not everyone was reached through the connection {self.conn_id}: {left_out}." if left_out else ""
        )


def _check(receiver: Receiver) -> None:
    """Raise AlertNotSentError for a field of another type than it has: from JSON it may be of any."""
    if not isinstance(receiver.extra, Mapping):
        raise AlertNotSentError("its extra must be a JSON object")
    texts = {
        **{f"its {name}": getattr(receiver, name) for name in ("conn_type", "host", "login", "password")},
        "from_email in its extra": receiver.extra.get("from_email"),
    }
    for name, value in texts.items():
        if not isinstance(value, str | None):
            raise AlertNotSentError(f"{name} must be text")
    if not 0 <= (receiver.port or 0) <= _LAST_PORT:
        raise AlertNotSentError(f"its port must be one up to {_LAST_PORT}")


def _no_way(receiver: Receiver, _message: Message) -> str:
    raise AlertNotSentError(f"it is of type {receiver.conn_type}; smtp and apprise can send them")


def _mail(receiver: Receiver, message: Message) -> str:
    """By mail, from the extra's ``from_email`` to its ``to``; ports, TLS and login as Airflow's smtp hook."""
    mail = _mail_of(receiver, message)
    extra = receiver.extra
    context = None if extra.get("ssl_context") == "none" else ssl.create_default_context()
    timeout = _timeout_of(extra)
    try:
        if _is(extra, "disable_ssl"):
            server = smtplib.SMTP(receiver.host or "", receiver.port or 0, timeout=timeout)
        else:
            server = smtplib.SMTP_SSL(
                receiver.host or "", receiver.port or 0, timeout=timeout, context=context
            )
        with server:
            if _is(extra, "disable_ssl") and not _is(extra, "disable_tls"):
                server.starttls(context=context)
            if receiver.login and receiver.password:
                server.login(receiver.login, receiver.password)
            refused = server.send_message(mail)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise AlertNotSentError(f"the mail server has not taken it ({in_one_line(error)})") from None
    return f"the mail server refused {', '.join(sorted(refused))}" if refused else ""


def _timeout_of(extra: Mapping[str, Any]) -> float:
    try:
        timeout = float(extra.get("timeout") or _TIMEOUT_S)
    except (ValueError, TypeError, OverflowError):
        timeout = math.nan
    if not 0 < timeout <= threading.TIMEOUT_MAX:
        raise AlertNotSentError("timeout in its extra must be a number of seconds")
    return timeout


def _mail_of(receiver: Receiver, message: Message) -> EmailMessage:
    sender = receiver.extra.get("from_email") or receiver.login
    to = receiver.extra.get("to")
    if not (receiver.host and sender and to):
        raise AlertNotSentError("set its host, and from_email and to in its extra")
    # Separated by either, as Airflow's own hook has it.
    addresses = list(filter(str.strip, to.split(";"))) if isinstance(to, str) else to
    if not (isinstance(addresses, list) and all(isinstance(each, str) for each in addresses)):
        raise _no_addresses()
    mail = EmailMessage()
    try:
        mail["From"] = sender
        mail["To"] = ", ".join(addresses)
    except ValueError:  # a line break
        raise AlertNotSentError("from_email or to in its extra is no mail address") from None
    if not all(_reaches_somebody(mail[name]) for name in ("From", "To")):
        raise _no_addresses()
    mail["Subject"] = message.title
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = make_msgid(domain="qbank-ledger.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    return mail


def _no_addresses() -> AlertNotSentError:
    return AlertNotSentError(
        "from_email and to in its extra must be mail addresses, several of them separated by commas"
    )


def _reaches_somebody(header: Any) -> bool:
    # Obsolete forms, such as a name with a dot, are understood.
    is_broken = any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects)
    return bool(header.addresses) and not is_broken and all(each.domain for each in header.addresses)


def _push(receiver: Receiver, message: Message) -> str:
    """By Apprise (chat, SMS, a webhook), to the addresses in the extra's ``config``, as Airflow has it."""
    try:
        import apprise  # noqa: PLC0415 - not everybody installs it
    except ImportError:
        raise AlertNotSentError("install the package apprise where alerts are sent from") from None
    addresses = _addresses(receiver)
    with _quiet("apprise", "urllib3"):
        targets = [apprise.Apprise() for _ in addresses]
        if not all(target.add(address) for target, address in zip(targets, addresses, strict=True)):
            raise _no_address()
        # Each by itself: one that is dead must not have the others told again, at every watch.
        taken = [
            target.notify(
                title=message.title,
                body=message.body,
                notify_type=apprise.NotifyType.SUCCESS if message.is_over else apprise.NotifyType.FAILURE,
                body_format=apprise.NotifyFormat.TEXT,
            )
            for target in targets
        ]
    if not any(taken):
        raise AlertNotSentError("the service of its config has not taken it")
    dead = [str(number) for number, done in enumerate(taken, 1) if not done]
    return f"address number {' and '.join(dead)} in its config did not accept it" if dead else ""


def _addresses(receiver: Receiver) -> list[str]:
    try:
        config: Any = receiver.extra.get("config")
        given = json.loads(config) if isinstance(config, str) else config
        addresses = [str(each["path"]) for each in (given if isinstance(given, list) else [given])]
    except (ValueError, TypeError, LookupError):
        addresses = []
    if not addresses:
        raise _no_address()
    return addresses


def _no_address() -> AlertNotSentError:
    return AlertNotSentError(
        'its extra needs a config such as {"path": "json://hooks.example.com/ledger"}, an address that '
        "Apprise knows"
    )


@contextmanager
def _quiet(*loggers: str) -> Iterator[None]:
    """Keep from the log what they say: they say it with the address, and secrets are in that."""
    before = {name: logging.getLogger(name).level for name in loggers}
    for name in loggers:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _is(extra: Mapping[str, Any], name: str) -> bool:
    return str(extra.get(name, "")).lower() in ("true", "1")


_BY: Mapping[str, Callable[[Receiver, Message], str]] = {"smtp": _mail, "apprise": _push}
