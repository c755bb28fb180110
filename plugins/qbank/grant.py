"""A token out of the token host's answer, or the error that says why there is none."""

import math
import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import Any

from qbank.errors import QBankAuthError
from qbank.masking import shown
from qbank.payload import UnusableAnswerError, decode_json
from qbank.refusal import error_code, refusal
from qbank.settings import Settings
from qbank.transport import NoReply, Reply

UNKNOWN_LIFETIME_S = 300.0  # where expires_in is missing or makes no sense; a 401 renews earlier
LONGEST_LIFETIME_S = 86400.0
_GRANTING = (200, 201, 203)
_BEARER = re.compile(r"[\x21-\x7e]{1,16384}")
_ELSEWHERE = ("accessToken", "AccessToken", "id_token", "token", "data", "result", "response")
_FLAWS = {"body_too_big": "is larger than 64 KiB", "bad_encoding": "can't be decompressed"}
_UNFIT = {
    "not_json": "is not JSON",
    "duplicate_key": "has a name twice",
    "bad_encoding": "is not text in UTF-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A token, and the seconds that it lives from now on."""

    value: str = field(repr=False)
    lifetime_s: float


def read_grant(outcome: Reply | NoReply, settings: Settings) -> Grant:
    """The token of an exchange.

    Raises QBankAuthError for what would be the same again and QBankUnavailableError for what may pass,
    each a sentence for whoever can mend it.
    """
    if isinstance(outcome, NoReply) or outcome.status not in _GRANTING:
        raise refusal(outcome, settings)
    answer = _members(outcome)
    if error_code(outcome)[0]:  # some refuse with 200
        raise refusal(outcome, settings)
    value = answer.get("access_token")
    if value is None:
        there = next((name for name in _ELSEWHERE if name in answer), None)
        raise _unusable(outcome, f"has {f'{there} and ' if there else ''}no access_token")
    if type(value) is not str or not _BEARER.fullmatch(value):  # numbers are a kind of str
        raise _unusable(outcome, "has an access_token that is empty or has characters no token has")
    secrets = [settings.client_secret, value]
    _require_bearer(answer.get("token_type"), secrets, outcome.status)
    _require_scope(answer.get("scope"), settings.scope, secrets, outcome.status)
    return Grant(value=value, lifetime_s=_lifetime(answer.get("expires_in")))


def _members(reply: Reply) -> dict[str, Any]:
    if reply.flaw:
        raise _unusable(reply, _FLAWS.get(reply.flaw, "can't be read"))
    start = reply.body.removeprefix(BOM_UTF8).lstrip()[:13]
    if not start:
        raise _unusable(reply, "is empty")
    if start.startswith(b"<"):
        raise QBankAuthError(
            f"The token host's answer is a web page and not a token (HTTP {reply.status}): a gateway, a "
            "login page or maintenance answers in its place, so ask your network team and check token_url.",
            status=reply.status,
        )
    if start == b"access_token=":
        raise _unusable(reply, "is a form and not JSON")
    try:
        answer = decode_json(reply.body)
    except UnusableAnswerError as unfit:
        raise _unusable(reply, _UNFIT[unfit.reason]) from None
    if not isinstance(answer, dict):
        raise _unusable(reply, "is not a JSON object")
    return answer


def _require_bearer(kind: Any, secrets: list[str], status: int) -> None:
    """Absent, null and empty are taken as Bearer, as most clients do."""
    if kind is None or (type(kind) is str and kind.strip().lower() in ("", "bearer")):
        return
    word = shown(kind, secrets)
    raise QBankAuthError(
        f"QBank's token answer has {f'the token_type {word}' if word else 'another token_type'}, "
        "and only Bearer can be used: ask QBank for Bearer tokens for this client.",
        status=status,
    )


def _require_scope(granted: Any, asked: str, secrets: list[str], status: int) -> None:
    """Absent means as asked; a list, or names with commas, are read as what they mean."""
    if granted is None:
        return
    parts = granted if isinstance(granted, list) else [granted]
    texts = [part for part in parts if type(part) is str]
    names = [name for text in texts for name in re.split(r"[\s,]+", text) if name]
    with_commas = " ".join(texts).split()  # a name may have one
    missing = sorted(set(asked.split()) - {*names, *with_commas})
    if not missing:
        return
    words = [word for name in names if (word := shown(name, secrets, r"[A-Za-z0-9_.:/-]{1,64}"))]
    nothing = not names and len(texts) == len(parts)
    instead = " ".join(words[:5]) or ("none" if nothing else "another")
    raise QBankAuthError(
        f"QBank did not grant the scope {' '.join(missing)} (granted: {instead}): ask your account "
        "manager at QBank to grant it to this client.",
        status=status,
    )


def _lifetime(expires_in: Any) -> float:
    """Seconds that a token lives, bounded; text that is a number counts as one."""
    if not isinstance(expires_in, str) or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", expires_in):
        return UNKNOWN_LIFETIME_S
    seconds = float(expires_in[:20]) if len(expires_in.partition(".")[0]) <= 20 else math.inf
    return min(seconds, LONGEST_LIFETIME_S) if seconds > 0 else UNKNOWN_LIFETIME_S


def _unusable(reply: Reply, what: str) -> QBankAuthError:
    return QBankAuthError(f"QBank's token answer {what}: check token_url.", status=reply.status)
