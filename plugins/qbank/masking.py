"""What a secret looks like once it was written somewhere, and which of a server's words may be shown."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection
from urllib.parse import quote, quote_plus

_PART = 6  # characters of a secret in a row that nobody may be shown


def escaped(secret: str) -> set[str]:
    """A secret as it is, and as JSON, Python's repr and JSON of that write it: a log has all of them.

    Also Airflow's `secret_mask_adapter`, for the secrets that this package doesn't know of.
    """
    texts = {secret, repr(secret)[1:-1], secret.replace("/", r"\/")}
    return texts | {json.dumps(text, ensure_ascii=ascii)[1:-1] for text in texts for ascii in (True, False)}


def forms(secret: str) -> set[str]:
    """A secret as it is, and as it looks escaped, in a URL, or within base64 of more."""
    data = secret.encode("utf-8", "surrogatepass")
    found = escaped(secret) | {quote(data), quote(data, safe=""), quote_plus(data)}
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
