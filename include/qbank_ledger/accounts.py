"""The accounts file: read, checked whole, turned into ``Account``s.

Every problem is found before anything is refused, and each names the line and the entry. What the
file's values mean stands in README.md and in the comments on ``ledger.account``.
"""

import csv
import functools
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from pathlib import Path
from zoneinfo import available_timezones

import yaml
from iso4217 import Currency

from qbank_ledger.errors import AccountsFileError
from qbank_ledger.model import Account

_REQUIRED = ("account_id", "currency", "entity", "gl_account")
_OPTIONAL = (
    "name", "time_zone", "max_age_minutes", "tolerance", "minimum_balance",
    "cut_off", "bank_account", "bank_id", "active",
)  # fmt: skip
_KEYS = frozenset(_REQUIRED + _OPTIONAL)
_OF_ONE_ACCOUNT = frozenset({"account_id", "name", "gl_account", "bank_account", "bank_id"})
_BUILT_IN = {"time_zone": "UTC", "max_age_minutes": "90", "tolerance": "0", "active": "true"}
# YAML would read 0.10 as a float and 17:30 as the number 1050; these are text.
_NEVER_FLOAT = frozenset(
    {"account_id", "gl_account", "bank_account", "bank_id", "tolerance", "minimum_balance"}
)

_SCALARS = frozenset({"str", "int", "float", "bool", "timestamp"})

_CURRENCIES = {currency.code: currency.exponent for currency in Currency}


@functools.cache
def _time_zones() -> frozenset[str]:
    """IANA's zones; finding them walks the disk."""
    return frozenset(available_timezones())


def _matches(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern, re.ASCII).fullmatch


_AMOUNT = "write a plain decimal such as '0.05', in quotes"
_FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "account_id": (_matches(r"[A-Za-z0-9_-]{1,64}"), "write 1 to 64 of A-Z, a-z, 0-9, _ and -"),
    "currency": (
        lambda code: _CURRENCIES.get(code) is not None,
        "write the ISO 4217 code of a currency with minor units",
    ),
    "time_zone": (lambda zone: zone in _time_zones(), "write an IANA time zone such as Europe/Berlin"),
    "cut_off": (_matches(r"([01][0-9]|2[0-3]):[0-5][0-9]"), "write a time such as '17:30', in quotes"),
    "max_age_minutes": (_matches(r"[1-9][0-9]{0,5}"), "write a whole number of minutes above 0"),
    "minimum_balance": (_matches(r"-?[0-9]{1,38}(\.[0-9]{1,38})?"), _AMOUNT),
    "tolerance": (_matches(r"[0-9]{1,38}(\.[0-9]{1,38})?"), f"{_AMOUNT}, not below zero"),
    "active": (_matches(r"true|false|True|False|TRUE|FALSE"), "write true or false"),
}
_MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class _Value:
    """A value as written, and where; ``tag`` is YAML's (str in a CSV)."""

    text: str
    tag: str
    line: int


_Entry = Mapping[str, _Value]


def read_accounts(path: Path) -> tuple[Account, ...]:
    """Every account of the file, active or not, in the file's order.

    Raises AccountsFileError, naming the file and every problem, when the file is missing, empty or
    malformed, holds no active account, a duplicate id, an unknown key or currency, or a float
    where money or an account number belongs.
    """
    problems: list[str] = []
    try:
        content = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise AccountsFileError(f"The accounts file {path} can't be read: {why}.") from None
    if path.suffix.lower() == ".csv":
        entries = _csv_entries(content, problems)
    elif path.suffix.lower() in (".yaml", ".yml"):
        entries = _yaml_entries(content, problems)
    else:
        raise AccountsFileError(f"The accounts file {path} must end in .yaml or .csv.")
    accounts = [_account(entry, line, problems) for line, entry in entries]
    _check_together(entries, accounts, problems)
    if problems:
        shown = problems[:_MOST_PROBLEMS]
        more = f"\n  … and {len(problems) - len(shown)} more" if len(problems) > len(shown) else ""
        listed = "".join(f"\n  {problem}" for problem in shown)
        raise AccountsFileError(f"The accounts file {path} has {len(problems)} problem(s):{listed}{more}")
    return tuple(account for account in accounts if account is not None)


def fingerprint(accounts: Iterable[Account]) -> str:
    """SHA-256, in hex, over the sorted ids of the active accounts, a line each."""
    ids = sorted(account.account_id for account in accounts if account.active)
    return hashlib.sha256("".join(f"{id_}\n" for id_ in ids).encode()).hexdigest()


def _check_together(
    entries: list[tuple[int, _Entry]], accounts: list[Account | None], problems: list[str]
) -> None:
    first_line: dict[str, int] = {}
    for line, entry in entries:
        id_ = entry["account_id"].text if "account_id" in entry else ""
        if id_ and id_ in first_line:
            problems.append(f"line {line}: account_id {id_!r} stands already at line {first_line[id_]}")
        first_line.setdefault(id_, line)
    if not problems and not entries:
        problems.append("line 1: it lists no account")
    elif not problems and not any(account and account.active for account in accounts):
        problems.append("line 1: none of its accounts is active")


def _account(entry: _Entry, line: int, problems: list[str]) -> Account | None:
    """The entry as an Account; None, with its problems added, when anything is wrong."""
    texts = {key: entry[key].text if key in entry else _BUILT_IN.get(key, "") for key in _KEYS}
    found = [*_wrong_keys(entry), *_wrong_texts(texts)]
    for key, what in found:
        at = entry[key].line if key in entry else line
        problems.append(f"line {at}, account {texts['account_id'] or 'without an id'}: {key} {what}")
    if found:
        return None
    return Account(
        account_id=texts["account_id"],
        name=texts["name"] or texts["account_id"],
        currency=texts["currency"],
        minor_units=_CURRENCIES[texts["currency"]] or 0,
        entity=texts["entity"],
        gl_account=texts["gl_account"],
        time_zone=texts["time_zone"],
        cut_off=time.fromisoformat(texts["cut_off"]) if texts["cut_off"] else None,
        max_age_minutes=int(texts["max_age_minutes"]),
        minimum_balance=Decimal(texts["minimum_balance"]) if texts["minimum_balance"] else None,
        tolerance=Decimal(texts["tolerance"]),
        bank_account=texts["bank_account"] or None,
        bank_id=texts["bank_id"] or None,
        active=texts["active"].lower() == "true",
    )


def _wrong_keys(entry: _Entry) -> Iterator[tuple[str, str]]:
    """Keys that nobody knows, and values of a kind that can't be text."""
    for key, value in entry.items():
        if key not in _KEYS:
            yield key, f"is no key of an account (known: {', '.join(sorted(_KEYS))})"
        elif value.tag == "float" and key in _NEVER_FLOAT:
            yield key, f"is the float {value.text}: money and account numbers are text, write it in quotes"
        elif value.tag not in _SCALARS:
            yield key, f"must be a single value, not a {value.tag}"
        elif "\x00" in value.text:
            yield key, "holds a NUL character"


def _wrong_texts(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is missing, and what does not read as its key needs it."""
    for key in _REQUIRED:
        if not texts[key]:
            yield key, "is missing"
    for key, (fits, what) in _FORMS.items():
        if texts[key] and not fits(texts[key]):
            yield key, f"is {texts[key]!r}: {what}"


def _csv_entries(content: str, problems: list[str]) -> list[tuple[int, _Entry]]:
    reader = csv.reader(content.splitlines(), strict=True)
    entries: list[tuple[int, _Entry]] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        for name in header:
            if name not in _KEYS:
                problems.append(f"line 1: {name!r} is no column (known: {', '.join(sorted(_KEYS))})")
            elif header.count(name) > 1:
                problems.append(f"line 1: column {name!r} stands twice")
        if problems:
            return []
        for row in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                problems.append(f"line {line}: it has {len(row)} fields, the header {len(header)}")
                continue
            cells = zip(header, row, strict=True)
            entries.append((line, {k: _Value(c.strip(), "str", line) for k, c in cells if c.strip()}))
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}")
    return entries


def _yaml_entries(content: str, problems: list[str]) -> list[tuple[int, _Entry]]:
    """The entries with the defaults filled in; scalars as written, never as YAML reads them."""
    try:
        root = yaml.compose(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = mark.line + 1 if mark else 1
        problems.append(f"line {at}: it is not YAML: {getattr(error, 'problem', None) or 'unreadable'}")
        return []
    except RecursionError:
        problems.append("line 1: it is nested too deeply")
        return []
    if root is None:
        return []
    top = _mapping(root, "the file", problems)
    for key in top.keys() - {"defaults", "accounts"}:
        problems.append(f"line {_line(top[key])}: {key!r} is no key of the file (known: defaults, accounts)")
    defaults = _scalars(top["defaults"], "defaults", problems) if "defaults" in top else {}
    for key in defaults.keys() - (_KEYS - _OF_ONE_ACCOUNT):
        problems.append(f"line {defaults[key].line}: defaults can't give {key!r}")
    listed = top.get("accounts")
    if listed is None:
        return []
    if not isinstance(listed, yaml.SequenceNode):
        problems.append(f"line {_line(listed)}: accounts must be a list")
        return []
    return [
        (_line(node), {**defaults, **_scalars(node, f"entry {number}", problems)})
        for number, node in enumerate(listed.value, start=1)
    ]


def _mapping(node: yaml.Node, what: str, problems: list[str]) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        problems.append(f"line {_line(node)}: {what} must be a mapping of keys to values")
        return {}
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in found:
            problems.append(f"line {_line(key)}: {what} gives {name!r} twice")
        found[name] = value
    return found


def _scalars(node: yaml.Node, what: str, problems: list[str]) -> dict[str, _Value]:
    values = {}
    for name, value in _mapping(node, what, problems).items():
        tag = str(value.tag).rpartition(":")[2]
        text = str(value.value) if isinstance(value, yaml.ScalarNode) else "…"
        if tag != "null":
            values[name] = _Value(text, tag, _line(value))
    return values


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
