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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qbank_page.frame.host import Visitor

_HOURS = 12
MOST_MIB = 20  # of a file that is sent
_MOST_BYTES = MOST_MIB * 1024 * 1024 + 64 * 1024  # with the fields around it
_READ_OVER = 4 * _MOST_BYTES  # beyond which nobody is waited for
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
_PORTS = {"http": 80, "https": 443}


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
            "This form belongs to another session: go back, reload the page, and try again.",
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
    """Raise HTTPException unless the page itself sent the form; browsers say where each comes from.

    ``origins`` are those that are known for the page's own, besides the address that was asked.
    """
    origin = _origin(request.headers.get("origin") or request.headers.get("referer", ""))
    own = {_origin(each) for each in origins}
    # A proxy may have taken TLS off: what is known of this host says more than how the proxy asks.
    if _host(request.url.netloc) not in {_host(urlsplit(each).netloc) for each in own}:
        own.add(_origin(str(request.url)))
    if origin not in own - {""} or request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(_REFUSED, "Another site sent this form: nothing was done.")


def _origin(address: str) -> str:
    """An address's origin as browsers write it: lower case, without the scheme's own port; empty: none."""
    try:
        parts = urlsplit(address.lower())
    except ValueError:
        return ""
    port = _PORTS.get(parts.scheme)
    return f"{parts.scheme}://{parts.netloc.removesuffix(f':{port}')}" if parts.netloc else ""


def _host(netloc: str) -> str:
    """A host with its port, unless that is one of the two that go without saying."""
    return netloc.lower().removesuffix(":443").removesuffix(":80")


class Bounded:
    """Takes no more of a request than a file of MOST_MIB and what is around it, whoever sends it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; reading too much of it raises HTTPException there."""
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > _MOST_BYTES:
                # A browser shows no answer that comes before it has sent everything.
                while message.get("more_body") and taken < _READ_OVER:
                    message = await receive()
                    taken += len(message.get("body", b""))
                raise HTTPException(
                    413, f"The file is larger than {MOST_MIB} MiB, the largest that can be uploaded."
                )
            return message

        await self._app(scope, bounded, send)
