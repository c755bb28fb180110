"""The accounts file: checked whole, turned into ``Account``s.

Every problem is found before anything is refused, and each names the line and the entry. What the
file's values mean stands in README.md and in the comments on ``ledger.account``.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import time
from decimal import Decimal
from zoneinfo import available_timezones

from qbank_ledger.errors import AccountsFileError
from qbank_ledger.files.cell import shown, unfit
from qbank_ledger.files.problems import Problems, TooManyProblemsError
from qbank_ledger.files.source import AnySource
from qbank_ledger.files.text_file import UnreadableFileError
from qbank_ledger.money import MINOR_UNITS, is_amount, is_unsigned_amount, looks_grouped
from qbank_ledger.sync.account import Account
from qbank_ledger.sync.account_entries import Entry, read_entries

_REQUIRED = ("account_id", "currency", "entity", "gl_account")
_OPTIONAL = (
    "name", "time_zone", "max_age_minutes", "tolerance", "minimum_balance",
    "cut_off", "closing_grace_minutes", "bank_account", "bank_id", "active",
    "connection",
)  # fmt: skip
_KEYS = frozenset(_REQUIRED + _OPTIONAL)
_OF_ONE_ACCOUNT = frozenset({"account_id", "name", "gl_account", "bank_account", "bank_id"})
_BUILT_IN = {
    "time_zone": "UTC",
    "closing_grace_minutes": "5",
    "max_age_minutes": "90",
    "tolerance": "0",
    "active": "true",
}
_ABSENT = {key: _BUILT_IN.get(key, "") for key in _KEYS}
_AMOUNTS = ("tolerance", "minimum_balance")
# YAML would read 0.10 as a float and 17:30 as the number 1050; these are text.
_NEVER_FLOAT = frozenset({"account_id", "gl_account", "bank_account", "bank_id", *_AMOUNTS})
_SINGLE = frozenset({"str", "int", "float", "bool", "timestamp"})


# What lies among the zones and is none: this machine's own, and that of one which was never set. And what
# PostgreSQL takes for an abbreviation, without summer time: each closing of a summer would be an hour off.
_NO_ZONES = frozenset({"localtime", "Factory", "posixrules", "CET", "EET", "MET", "WET"})


@functools.cache
def _time_zones() -> frozenset[str]:
    """IANA's zones; finding them walks the disk."""
    return frozenset(available_timezones()) - _NO_ZONES


def _matches(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.ASCII).fullmatch


_AMOUNT = "write a plain decimal such as '0.05', in quotes"
_FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "account_id": (_matches(r"[A-Za-z0-9_-]{1,64}"), "write 1 to 64 of A-Z, a-z, 0-9, _ and -"),
    "currency": (
        MINOR_UNITS.__contains__,
        "write the ISO 4217 code of a currency with minor units",
    ),
    "time_zone": (
        lambda zone: zone in _time_zones(),
        "write the IANA time zone of a place, such as Europe/Berlin",
    ),
    # A day that closed as it begins would hold the end of the day before, under its own date.
    "cut_off": (
        _matches(r"(?!00:00)([01][0-9]|2[0-3]):[0-5][0-9]"),
        "write a time such as '17:30', in quotes, or leave the key out for the end of the day",
    ),
    "closing_grace_minutes": (
        _matches(r"[0-9]|[1-9][0-9]|1[01][0-9]|120"),
        "write a whole number of minutes from 0 to 120",
    ),
    "max_age_minutes": (_matches(r"[1-9][0-9]{0,5}"), "write a whole number of minutes above 0"),
    "minimum_balance": (is_amount, _AMOUNT),
    "tolerance": (is_unsigned_amount, f"{_AMOUNT}, not below zero"),
    "connection": (
        _matches(r"[\w#!()\-.:/\\]{1,200}"),  # as Airflow takes an id
        "write the id of a QBank connection, such as qbank_treasury",
    ),
    "active": (_matches(r"true|false|True|False|TRUE|FALSE"), "write true or false"),
}
_ANY = (bool, "")
_MOST_SHOWN = 50


def read_accounts(path: AnySource) -> tuple[Account, ...]:
    """Every account of the file, active or not, in the file's order.

    Raises AccountsFileError, naming the file and every problem, when the file is missing, empty or
    malformed, holds no active account, a duplicate id, an unknown key or currency, or a float
    where money or an account number belongs.
    """
    problems = Problems()
    accounts: tuple[Account, ...] = ()
    try:
        with suppress(TooManyProblemsError):
            accounts = tuple(_accounts(*read_entries(path, _KEYS, problems), problems))
            if not problems and not any(account.active for account in accounts):
                problems.add(1, "none of its accounts is active" if accounts else "it lists no account")
    except UnreadableFileError as error:
        raise AccountsFileError(
            f"The accounts file {path} can't be read: {error} (QBANK_ACCOUNTS_FILE says where it is)."
        ) from None
    if problems:
        raise AccountsFileError(
            f"The accounts file {path} has {problems.count}:{problems.listed(_MOST_SHOWN)}"
        )
    return accounts


def _accounts(defaults: Entry, entries: Iterable[tuple[int, Entry]], problems: Problems) -> Iterator[Account]:
    """The entries in which nothing is wrong, as Accounts; what is wrong goes to ``problems``."""
    for key in sorted(defaults.keys() - (_KEYS - _OF_ONE_ACCOUNT)):
        problems.add(defaults[key].line, f"defaults can't give {shown(key)}")
    first_line: dict[str, int] = {}
    for line, entry in entries:
        id_ = entry["account_id"].text if "account_id" in entry else ""
        if id_ in first_line:
            problems.add(line, f"account_id {shown(id_)} duplicates line {first_line[id_]}")
        elif id_:
            first_line[id_] = line
        if account := _account({**defaults, **entry}, line, problems):
            yield account


def _account(entry: Entry, line: int, problems: Problems) -> Account | None:
    """The entry as an Account; None, with its problems added, when anything is wrong."""
    texts = _ABSENT | {key: value.text for key, value in entry.items()}
    found = dict(_wrong_texts(entry, texts["currency"])) | dict(_wrong_values(entry))
    id_ = texts["account_id"]
    if found:
        of = f"account {(id_ if id_.isprintable() and len(id_) <= 64 else shown(id_)) or 'without an id'}"
        for key, what in found.items():
            problems.add(entry[key].line if key in entry else line, what, of)
        return None
    return Account(
        account_id=id_,
        name=texts["name"] or id_,
        currency=texts["currency"],
        minor_units=MINOR_UNITS[texts["currency"]],
        entity=texts["entity"],
        gl_account=texts["gl_account"],
        time_zone=texts["time_zone"],
        cut_off=time.fromisoformat(texts["cut_off"]) if texts["cut_off"] else None,
        closing_grace_minutes=int(texts["closing_grace_minutes"]),
        max_age_minutes=int(texts["max_age_minutes"]),
        minimum_balance=Decimal(texts["minimum_balance"]) if texts["minimum_balance"] else None,
        tolerance=Decimal(texts["tolerance"]),
        bank_account=texts["bank_account"] or None,
        bank_id=texts["bank_id"] or None,
        active=texts["active"].lower() == "true",
        connection=texts["connection"] or None,
    )


def _wrong_values(entry: Entry) -> Iterator[tuple[str, str]]:
    """Keys that nobody knows, and values of a kind that can't be text, or a text that nobody can see."""
    for key, value in entry.items():
        if key not in _KEYS:
            yield key, f"unknown key {shown(key)} (known: {', '.join(sorted(_KEYS))})"
        elif value.kind == "float" and key in _NEVER_FLOAT:
            yield key, f"{key} is the float {value.text:.40}: it is text, write it in quotes"
        elif value.kind not in _SINGLE:
            yield key, f"{key} must be a single value, not a {value.kind}"
        elif why := unfit(value.text):
            yield key, f"{key} is {shown(value.text)}: {why}"
        elif value.text != value.text.strip(" "):
            yield key, f"{key} is {shown(value.text)}: it holds a space around it"


def _wrong_texts(entry: Entry, currency: str) -> Iterator[tuple[str, str]]:
    """What is missing, and what does not read as its key needs it."""
    for key in _REQUIRED:
        if key not in entry or not entry[key].text:
            yield key, f"{key} is missing"
    for key, value in entry.items():
        if not value.text:
            if key in _BUILT_IN:
                yield key, f"{key} is empty: write a value, or leave the key out"
            continue
        fits, what = _FORMS.get(key, _ANY)
        if not fits(value.text):
            yield key, f"{key} is {shown(value.text)}: {what}"
        elif key in _AMOUNTS and currency in MINOR_UNITS and (why := looks_grouped(value.text, currency)):
            yield key, f"{key} is {shown(value.text)}: {why}"
