"""POST /token: OAuth 2.0 client credentials (RFC 6749, 4.4) exactly as the bank's page has it.

Form-encoded, everything in the body. What the page does not document is refused: JSON, credentials
in the URL or in an Authorization header, a parameter twice. No credential is ever logged or echoed.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from qbank_sandbox.reply import Reply, error_reply, json_members
from qbank_sandbox.tokens import Grant

GRANTABLE = frozenset({"balances.read", "accounts.read"})
MAX_BODY = 16 * 1024
NOT_STORED = (("cache-control", "no-store"), ("pragma", "no-cache"))
_FORM = "application/x-www-form-urlencoded"


class TokenRefusedError(Exception):
    """The request is refused; ``reply`` says why, in the words of RFC 6749 (5.2)."""

    def __init__(self, error: str, why: str, *, status: int = 400) -> None:
        super().__init__(why)
        self.reply = error_reply(status, error, why, *NOT_STORED)


@dataclass(frozen=True, slots=True)
class Client:
    """The one registered client."""

    client_id: str
    client_secret: str = field(repr=False)

    def is_named_by(self, client_id: str, client_secret: str) -> bool:
        """Whether both fit, in a time that tells nothing of where they don't."""
        same_id = hmac.compare_digest(client_id.encode(), self.client_id.encode())
        same_secret = hmac.compare_digest(client_secret.encode(), self.client_secret.encode())
        return same_id and same_secret


async def read_grant(request: Request, client: Client, lifetime_s: float) -> Grant:
    """What the request asks for and the client may have; else TokenRefusedError."""
    form = await _form(request)
    for name in ("grant_type", "client_id", "client_secret"):
        if not form.get(name):
            raise TokenRefusedError("invalid_request", f"The parameter {name} is missing.")
    if not client.is_named_by(form["client_id"], form["client_secret"]):
        raise TokenRefusedError("invalid_client", "The client is unknown or its secret is wrong.", status=401)
    if form["grant_type"] != "client_credentials":
        raise TokenRefusedError("unsupported_grant_type", "The grant_type must be client_credentials.")
    scopes = frozenset(form.get("scope", "").split())
    if not scopes or not scopes <= GRANTABLE:
        raise TokenRefusedError(
            "invalid_scope", f"This client may have the scopes {' and '.join(sorted(GRANTABLE))}."
        )
    return Grant(scopes=scopes, lifetime_s=lifetime_s)


def token_reply(token: str, grant: Grant) -> Reply:
    """The successful answer of the page's section 2.2; it must not be cached."""
    members = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": int(grant.lifetime_s),
        "scope": " ".join(sorted(grant.scopes)),
    }
    return Reply(members=json_members(members), headers=NOT_STORED)


async def _form(request: Request) -> Mapping[str, str]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != _FORM:
        raise TokenRefusedError("invalid_request", f"The body must be {_FORM}.")
    if request.url.query:
        raise TokenRefusedError("invalid_request", "Parameters belong in the body, never in the URL.")
    if "authorization" in request.headers:
        raise TokenRefusedError("invalid_request", "Credentials belong in the body, not in a header.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TokenRefusedError("invalid_request", "The body is too long.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict"
        )
    except ValueError:
        raise TokenRefusedError("invalid_request", "The body does not read as a form.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenRefusedError("invalid_request", "A parameter stands twice.")
    return form
