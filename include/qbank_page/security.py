"""What keeps other sites from acting in a visitor's name, and texts from being run.

Nothing acts by GET. A form that acts carries a token that only this page can make: for one visitor, in one
session, for one action, for some hours. It is asked for by the page's own origin, or refused.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import HTTPException, Request

from qbank_page.host import Visitor

_HOURS = 12
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_REFUSED = 403


def new_token(secret: bytes, visitor: Visitor) -> str:
    """A token for one action of the visitor's, in this session."""
    asked, until = secrets.token_hex(16), str(int(time.time()) + _HOURS * 3600)
    return f"{asked}.{until}.{_signature(secret, visitor, asked, until)}"


def require_token(secret: bytes, visitor: Visitor, token: str) -> str:
    """The number of the action that the token is for. Raises HTTPException where it is another's, or old."""
    asked, _, rest = token.partition(".")
    until, _, signature = rest.partition(".")
    expected = _signature(secret, visitor, asked, until)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise HTTPException(
            _REFUSED,
            "This form was not made for you in this session: go back, reload the page, and try again.",
        )
    if int(until) < time.time():
        raise HTTPException(
            _REFUSED, f"This form is older than {_HOURS} hours: reload the page, and try again."
        )
    return asked


def _signature(secret: bytes, visitor: Visitor, asked: str, until: str) -> str:
    session = hashlib.sha256(visitor.credential.encode("utf-8", "replace")).hexdigest()
    said = "\n".join(("qbank_page", session, asked, until, visitor.name))
    return hmac.new(secret, said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def require_own_origin(request: Request, origins: Iterable[str]) -> None:
    """Raise HTTPException unless the page itself sent the form; browsers say where each comes from."""
    origin = request.headers.get("origin") or _origin_of(request.headers.get("referer", ""))
    own = {each.lower() for each in origins} | {f"{request.url.scheme}://{request.url.netloc}".lower()}
    if origin.lower() not in own or request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(_REFUSED, "Another site sent this form: nothing was done.")


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
