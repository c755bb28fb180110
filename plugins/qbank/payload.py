"""The bank's answer, from bytes to exact numbers: the only module that knows its field names.

`GET /v1/balances/{accountId}` → `available_balance`, `ledger_balance`, and, where the bank says
them, `account_id` or `accountId`, `currency` and `as_of`. Strict: what two readers could read in
two ways is not read at all. No float, and no work that grows with an exponent.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, Underflow
from functools import lru_cache
from typing import Any, Literal

MAX_DIGITS = 38
_BALANCES = ("available_balance", "ledger_balance")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(s?nan|inf|infinity)", re.IGNORECASE | re.ASCII)
_CONSTANT = re.compile(rb"NaN|Infinity")
_JSON_TYPE = re.compile(r"(application|text)/([a-z0-9.+-]+\+)?json", re.IGNORECASE)
_MARKUP_TYPE = re.compile(r"text/html|[a-z]+/([a-z0-9.+-]+\+)?xml", re.IGNORECASE)
_AS_OF = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d:?[0-5]\d)", re.ASCII)
_EXACT = Context(prec=MAX_DIGITS, traps=[Underflow, Inexact])  # zeros may be cut off, and nothing else


class UnusableAnswerError(ValueError):
    """The answer can't be used; `reason` is a code of the contract."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an answer says; every text can be stored in Postgres: no NUL, no surrogate."""

    reason: str | None = None  # None exactly when both balances are there
    available_balance: Decimal | None = None
    ledger_balance: Decimal | None = None
    echoed_account_id: str | None = None  # the bank's own words, where it says them
    echoed_currency: str | None = None
    echoed_as_of: str | None = None
    bank_as_of: datetime | None = None  # echoed_as_of in UTC; None: unreadable or without offset


class _Number(str):
    """A JSON number as it was written: converted only where it is money."""

    __slots__ = ()


class _Constant(str):
    """NaN, Infinity or -Infinity, which Python's parser takes and JSON doesn't have."""

    __slots__ = ()


def read_balance(account_id: str, body: bytes, content_type: str | None) -> Reading:
    """Read one answer with status 200, never raising: what is wrong with it is its `reason`."""
    echoes: dict[str, Any] = {}
    try:
        members = _members(
            _decode_as(content_type or "", body), has_constants=_CONSTANT.search(body) is not None
        )
        echoes = _read_echoes(account_id, members)
        available, ledger = (_read_amount(members, name) for name in _BALANCES)
    except UnusableAnswerError as unfit:
        return Reading(reason=unfit.reason, **echoes)
    return Reading(available_balance=available, ledger_balance=ledger, **echoes)


def _decode_as(content_type: str, body: bytes) -> Any:
    """`decode_json`; UnusableAnswerError `wrong_content_type`: it is called markup, or no JSON by any name.

    What is called plain text or nothing much, none at all or two things, is JSON where it reads as JSON:
    the bank's page promises no header.
    """
    called = _called(content_type)
    if called == "markup":
        raise UnusableAnswerError("wrong_content_type")
    try:
        return decode_json(body)
    except UnusableAnswerError as unfit:
        is_wrong = unfit.reason == "not_json" and called != "json"
        raise UnusableAnswerError("wrong_content_type" if is_wrong else unfit.reason) from None


@lru_cache(maxsize=16)  # a bank has one or two
def _called(content_type: str) -> Literal["json", "markup", "other"]:
    """What a content type says that the body is; JSON where it says nothing."""
    kinds = [kind.partition(";")[0].strip() for kind in content_type.split(",")]
    if kinds == [""] or any(_JSON_TYPE.fullmatch(kind) for kind in kinds):
        return "json"
    return "markup" if any(_MARKUP_TYPE.fullmatch(kind) for kind in kinds) else "other"


def decode_json(body: bytes) -> Any:
    """Bytes → JSON with every number as text, or UnusableAnswerError.

    UTF-8, with a BOM that is skipped (RFC 8259, 8.1); no NUL and no lone surrogate (`bad_encoding`:
    Postgres can't store them); no key twice in an object, at any depth (`duplicate_key`); else
    `not_json`. The constants NaN and Infinity are left in, for the caller to refuse.
    """
    try:
        text = body.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise UnusableAnswerError("bad_encoding") from None
    if "\x00" in text or text.startswith("\ufeff"):
        raise UnusableAnswerError("bad_encoding")
    try:
        document = _DECODER.decode(text)
    except (json.JSONDecodeError, RecursionError):
        raise UnusableAnswerError("not_json") from None
    if "\\u" in text and any(
        char == "\x00" or "\ud800" <= char <= "\udfff" for leaf in _leaves(document) for char in leaf
    ):
        raise UnusableAnswerError("bad_encoding")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise UnusableAnswerError("duplicate_key")
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_Number, parse_int=_Number, parse_constant=_Constant
)


def _leaves(document: Any) -> Iterator[str]:
    """Every text in a document, keys included; without recursion, as depth is the sender's."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            yield from node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _members(document: Any, *, has_constants: bool) -> dict[str, Any]:
    """The top-level members; a bare NaN or Infinity anywhere but in a balance is not JSON."""
    members = document if isinstance(document, dict) else {}
    if not has_constants:
        return members
    others = [value for name, value in members.items() if name not in _BALANCES]
    balances = [members.get(name) for name in _BALANCES]
    nested = [value for value in balances if not isinstance(value, _Constant)]
    elsewhere = [*others, *nested] if members else [document]
    if any(isinstance(leaf, _Constant) for leaf in _leaves(elsewhere)):
        raise UnusableAnswerError("not_json")
    return members


def _read_amount(members: dict[str, Any], name: str) -> Decimal:
    value = members.get(name)
    if value is None:
        raise UnusableAnswerError("missing_field")
    if not isinstance(value, str):
        raise UnusableAnswerError("not_a_number")
    return exact_amount(value)


def exact_amount(text: str) -> Decimal:
    """A number in JSON's grammar as the exact Decimal, or UnusableAnswerError. -0 is 0.

    At most 38 significant digits (`too_large`) and 38 decimals (`too_precise`), zeros at the end
    of the fraction not counted; those are kept as written, up to 38 digits in all.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UnusableAnswerError("not_finite" if _NOT_FINITE.fullmatch(text) else "not_a_number")
    if match["exponent"] is None and len(text) <= MAX_DIGITS:
        return Decimal(text) or Decimal(0)  # as most are: neither limit can be passed
    try:
        amount = _EXACT.create_decimal(text)
    except Underflow:
        raise UnusableAnswerError("too_precise") from None
    except Inexact:  # an overflow is one, too
        raise UnusableAnswerError("too_large") from None
    if not amount:
        return Decimal(0)
    if amount.adjusted() >= MAX_DIGITS:
        raise UnusableAnswerError("too_large")
    if _decimals(amount.normalize(_EXACT)) > MAX_DIGITS:
        raise UnusableAnswerError("too_precise")
    decimals = min(max(_decimals(amount), 0), MAX_DIGITS)
    return amount.quantize(Decimal((0, (1,), -decimals)), context=_EXACT)


def _decimals(amount: Decimal) -> int:
    return -int(amount.as_tuple().exponent)


def _read_echoes(account_id: str, members: dict[str, Any]) -> dict[str, Any]:
    as_of = _text(members.get("as_of"))
    ids = (_text(members.get(name)) for name in ("account_id", "accountId"))
    said = [text for text in ids if text is not None]
    other = [text for text in said if text != account_id]  # one that disagrees is the one to show
    return {
        "echoed_account_id": next(iter(other or said), None),
        "echoed_currency": _text(members.get("currency")),
        "echoed_as_of": as_of,
        "bank_as_of": None if as_of is None else _instant(as_of),
    }


def _text(value: Any) -> str | None:
    """A member as text, numbers as written; what is neither agrees with nothing."""
    if value is None:
        return None
    return str(value) if isinstance(value, str) else "(not text)"


@lru_cache(maxsize=64)  # a bank says the same second of many accounts
def _instant(text: str) -> datetime | None:
    if not _AS_OF.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def printable(body: bytes) -> str:
    """A body as text that Postgres can store: what is not UTF-8, and NUL, as \\xNN."""
    return body.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
