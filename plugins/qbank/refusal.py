"""Why the token host gave no token: one sentence that sends the reader to whoever can mend it.

RFC 6749 (5.2) has a code for it. What has none is seldom the token host's: a gateway, a firewall or a
wrong address answers in its place. Nothing that a server sent is repeated but a short code.
"""

import re
from http import HTTPStatus

from qbank.errors import QBankAuthError, QBankError, QBankUnavailableError
from qbank.masking import shown
from qbank.payload import UnusableAnswerError, decode_json
from qbank.retry import is_redirect, may_succeed_later
from qbank.settings import Settings
from qbank.transport import NoReply, Reply

_CREDENTIALS = "check the login (client id) and password (client secret) of the connection"
_SCOPE = "ask QBank to grant the connection's scope to this client"
_LOGIN = "this machine's network requires a login first, so ask your network team"
_LOCKED = "ask QBank to unlock this client"
_TODO = {
    "invalid_client": _CREDENTIALS,
    "invalid_grant": _CREDENTIALS,
    "invalid_client_credentials": _CREDENTIALS,
    "incorrect_client_credentials": _CREDENTIALS,
    "invalid_scope": _SCOPE,
    "access_denied": _SCOPE,
    "insufficient_scope": _SCOPE,
    "invalid_target": _SCOPE,
    "invalid_resource": _SCOPE,
    "unauthorized_client": "ask QBank to allow client_credentials for this client",
    "client_locked": _LOCKED,
    "client_disabled": _LOCKED,
    "client_suspended": _LOCKED,
    "unsupported_grant_type": "check token_url, which doesn't take client_credentials",
    "invalid_request": "check the token_url and scope of the connection",
}
_PASSING = {
    "temporarily_unavailable",
    "server_error",
    "slow_down",
    "too_many_requests",
    "rate_limit_exceeded",
}
# An error that only says its status in words, as frameworks have it, is no code of OAuth.
_PHRASES = {status.phrase.lower().replace(" ", "_") for status in HTTPStatus} - _PASSING
_NO_REPLY = {
    "timeout": "did not answer in time",
    "connection": "could not be reached",
    "header_too_big": "sent headers that are too long to read",
}
_NOT_THERE = (404, 405, 410, 415)


def refusal(outcome: Reply | NoReply, settings: Settings) -> QBankError:
    """The error to raise for an exchange that brought no token; its `retryable` is the policy's."""
    if isinstance(outcome, NoReply):
        return _unreached(outcome)
    status, (code, known) = outcome.status, error_code(outcome)
    word = code if known in _TODO or known in _PASSING else shown(code, [settings.client_secret])
    passes = may_succeed_later(outcome) and known != "invalid_client"
    if passes or known in _PASSING:
        said = f"HTTP {status}, {word}" if word and known not in _PHRASES else f"HTTP {status}"
        todo = "try again later" if status != HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED else _LOGIN
        return QBankUnavailableError(
            f"The token host can't issue a token right now ({said}): {todo}.", status=status
        )
    return QBankAuthError(f"{_final(status, known, word)}.", status=status)


def _final(status: int, known: str | None, word: str | None) -> str:
    """The sentence for what would be the same again, without its full stop."""
    is_code = known is not None and known not in _PHRASES
    if known in _TODO:
        what, todo = f"refused with {word}", _TODO[known]
    elif is_code and word and not 300 <= status <= 399 and status not in _NOT_THERE:
        what, todo = f"refused with {word}", "ask QBank what this client lacks"
    elif is_code and status in (200, 201, 203, 400):
        what, todo = "refused with an error that is not shown here", "ask QBank what this client lacks"
    elif status == 401:
        what = "refused the client"
        todo = f"{_CREDENTIALS}; if they are right, a gateway in front of it is refusing"
    elif status == 407:
        what, todo = "is behind a proxy that requires a user name, which is not supported", "check proxy"
    elif is_redirect(status):
        what = "redirects elsewhere, and redirects are not followed"
        todo = "check token_url; if it is right, a gateway or a login page in front of it is redirecting"
    elif status < 400 or status in _NOT_THERE:
        what, todo = "has no token there", "check token_url"
    else:
        return (
            f"HTTP {status} from the token host is not an OAuth answer: a gateway or an allow list refuses, "
            "so ask your network team and QBank whether this machine may call, and check token_url"
        )
    return f"The token host {what} (HTTP {status}): {todo}"


def error_code(reply: Reply) -> tuple[str | None, str | None]:
    """The error that an answer names: as it came, and as RFC 6749 would write it.

    In `error`, or, as Okta and Apigee have it, in `errorCode`. The description may hold anything, in
    any encoding: it is not read.
    """
    try:
        answer = decode_json(reply.body.decode("utf-8", "replace").encode())
    except UnusableAnswerError:
        return None, None
    members = answer if isinstance(answer, dict) else {}
    for name in ("errorCode", "ErrorCode"):
        if _as_in_rfc(members.get(name)) in _TODO:
            return members[name].strip(), _as_in_rfc(members[name])
    code = members.get("error")
    return (code.strip(), _as_in_rfc(code)) if type(code) is str and code.strip() else (None, None)


def _as_in_rfc(code: object) -> str | None:
    """INVALID_CLIENT, InvalidClient and invalid-client are invalid_client."""
    if type(code) is not str:
        return None
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", code.strip()).lower().replace("-", "_").replace(" ", "_")


def _unreached(outcome: NoReply) -> QBankError:
    if outcome.untrusted:
        return QBankAuthError("The token host's certificate is not trusted: check token_url and ca_bundle.")
    what = _NO_REPLY[outcome.reason]
    return QBankUnavailableError(
        f"The token host {what}: check token_url and proxy, and whether QBank is up."
    )
