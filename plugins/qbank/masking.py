"""What a secret looks like once it was written somewhere, and which of a server's words may be shown."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection
from urllib.parse import quote, quote_plus

_PART = 6  # characters of a secret in a row that nobody may be shown


def forms(secret: str) -> set[str]:
    """A secret as it is, and as a URL, JSON, Python's repr, or base64 of more than it would show it."""
    data = secret.encode("utf-8", "surrogatepass")
    found = {secret, quote(data), quote(data, safe=""), quote_plus(data)}
    for text in (secret, repr(secret)[1:-1]):
        found |= {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    for shift, head in ((0, 0), (1, 2), (2, 3)):  # how base64 looks depends on what stands before
        shifted = bytes(shift) + data
        whole = len(shifted) * 8 // 6  # characters that don't depend on what comes after
        found |= {encode(shifted).decode()[head:whole] for encode in (b64encode, urlsafe_b64encode)}
    return found


def shown(word: object, secrets: Collection[str], pattern: str = r"[A-Za-z0-9_-]{1,32}") -> str | None:
    """A short word that a server sent, where it has no part of a secret in any form; else None."""
    if type(word) is not str or not re.fullmatch(pattern, word):
        return None
    for form in {form for secret in secrets for form in forms(secret)}:
        if any(form[at : at + _PART] in word for at in range(max(1, len(form) - _PART + 1))):
            return None
    return word
