"""What token hosts, and what stands before them, really answer: a token, or the right sentence. Bar line 39."""

import gzip
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from qbank.errors import QBankAuthError, QBankError, QBankUnavailableError
from tests.contract.bank import Answer, Bank, Call
from tests.contract.conftest import ClientOf

SECRET = "Zq7~planted/secret+41=&x"
TOKEN = "eyJhbGciOiJub25lIn0.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJl"
PLANTED = "planted-words-of-a-server"  # in whatever an answer says for people
ATTEMPTS = 3

# Whom the sentence sends the reader to, by what it says and by what it doesn't.
PLACES: dict[str, tuple[str, str]] = {
    "credentials": (r"check the login \(client id\) and password", r"token_url|network"),
    "network": (r"not an OAuth answer.*gateway or an allow list.*network team", r"login|password|secret"),
    "page": (r"web page.*network team", r"login \(|password|secret"),
    "url": (r"check (the )?token_url", r"login \(|password|network team"),
    "proxy": (r"check proxy", r"login|password|token_url"),
    "scope": (r"ask .*QBank to grant", r"password|token_url"),
    "bank": (r"ask QBank", r"password|token_url"),
    "portal": (r"requires a login first.*network team", r"password|token_url"),
    "later": (r"try again later", r"password|network"),
}


@dataclass(frozen=True)
class Row:
    """An answer to a token request, and what the client makes of it; without a place, a token."""

    name: str
    status: int
    type: str | None  # Content-Type
    body: Any  # an object is sent as JSON
    place: str | None = None
    says: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def answer(self) -> Answer:
        body = self.body if isinstance(self.body, str | bytes) else json.dumps(self.body)
        kind = {"Content-Type": self.type} if self.type is not None else {}
        return Answer(status=self.status, body=body, headers=kind | dict(self.headers))


def granted(**members: Any) -> dict[str, Any]:
    """A good answer with other members; None leaves one out."""
    good = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "balances.read"}
    return {name: value for name, value in (good | members).items() if value is not None}


def written(members: str) -> str:
    """A token and these members, as they are written."""
    return f'{{"access_token":"{TOKEN}",{members}}}'


def error(code: Any, **more: Any) -> dict[str, Any]:
    return {"error": code, "error_description": PLANTED} | more


JSON = "application/json"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain"
GOOD = json.dumps(granted())
PAGE = f"<!DOCTYPE html><html><head><title>{PLANTED}</title></head><body>{PLANTED}</body></html>"
AZURE = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": TOKEN}
KEYCLOAK = granted(
    expires_in=300, refresh_expires_in=0, **{"not-before-policy": 0}, scope="profile balances.read"
)

ROWS = [
    # What authorization servers give: a token.
    Row("as the bank's page has it", 200, JSON, granted()),
    Row("Azure AD: numbers, no scope", 200, "application/json; charset=utf-8", AZURE),
    Row("Azure AD, the old endpoint: numbers as text", 200, JSON, {**AZURE, "expires_in": "3599", "expires_on": "1790000000"}),
    Row("ADFS", 200, "application/json;charset=UTF-8", granted(token_type="bearer", scope=None, resource="urn:microsoft:userinfo")),
    Row("Okta", 200, JSON, granted()),
    Row("Auth0", 200, JSON, granted(scope="accounts.read balances.read", expires_in=86400)),
    Row("Keycloak: more members, more scopes", 200, JSON, KEYCLOAK),
    Row("PingFederate", 200, "application/json;charset=utf-8", granted(expires_in=7199, scope=None)),
    Row("AWS Cognito: no scope, no spaces", 200, "application/json;charset=UTF-8", json.dumps(granted(scope=None), separators=(",", ":"))),
    Row("Google: indented, with dots after the token", 200, "application/json; charset=utf-8", json.dumps(granted(access_token="ya29.c.b0Aaek" + "." * 40, scope=None), indent=2)),
    Row("GitHub", 200, "application/json; charset=utf-8", granted(token_type="bearer", scope=None, expires_in=None)),
    Row("IdentityServer", 200, JSON, granted()),
    Row("Spring", 200, "application/json;charset=ISO-8859-1", granted(jti="3f0a")),
    Row("Apigee: numbers as text, many members", 200, JSON, granted(expires_in="3599", status="approved", issued_at="1790000000000", scope=None)),
    Row("no token_type", 200, JSON, granted(token_type=None)),
    Row("token_type null", 200, JSON, written('"token_type":null,"expires_in":60')),
    Row("token_type empty", 200, JSON, granted(token_type="")),
    Row("token_type with blanks", 200, JSON, granted(token_type=" bearer ")),
    Row("scope null", 200, JSON, written('"scope":null')),
    Row("scope as a list", 200, JSON, granted(scope=["accounts.read", "balances.read"])),
    Row("scope with commas", 200, JSON, granted(scope="accounts.read,balances.read")),
    Row("scope with commas and blanks", 200, JSON, granted(scope="accounts.read, balances.read")),
    Row("scope with blanks about it", 200, JSON, granted(scope="  balances.read\n")),
    Row("201", 201, JSON, granted()),
    Row("203, from a proxy that changes answers", 203, JSON, granted()),
    Row("a BOM", 200, JSON, b"\xef\xbb\xbf" + GOOD.encode()),
    Row("no content type", 200, None, granted()),
    Row("text/plain", 200, TEXT, granted()),
    Row("octet-stream", 200, "application/octet-stream", granted()),
    Row("text/html, as PHP has it by default", 200, HTML, granted()),
    Row("two content types", 200, f"{JSON}, {JSON}", granted()),
    Row("gzip though identity was asked", 200, JSON, gzip.compress(GOOD.encode()), headers=(("Content-Encoding", "gzip"),)),
    Row("white space about the JSON", 200, JSON, f"\r\n\t {GOOD} \r\n"),
    Row("8 KB and opaque", 200, JSON, granted(access_token="o" * 8192)),
    Row("base64 with its padding", 200, JSON, granted(access_token="YWJjZGVmZw+/==")),
    Row("expires_in a float", 200, JSON, granted(expires_in=3599.5)),
    Row("expires_in below zero", 200, JSON, granted(expires_in=-1)),
    Row("expires_in null", 200, JSON, written('"expires_in":null')),
    Row("expires_in huge", 200, JSON, written('"expires_in":1' + "0" * 5000)),
    Row("expires_in an exponent", 200, JSON, written('"expires_in":3.6e3')),
    Row("expires_in words", 200, JSON, granted(expires_in="one hour")),
    Row("expires_in an object", 200, JSON, granted(expires_in={"seconds": 60})),
    Row("error null beside a token", 200, JSON, written('"error":null')),
    Row("error empty beside a token", 200, JSON, granted(error="")),
    # The client is refused, as RFC 6749 has it.
    Row("RFC", 401, JSON, error("invalid_client"), "credentials", "invalid_client"),
    Row("RFC, under 400", 400, JSON, error("invalid_client"), "credentials", "invalid_client"),
    Row("under 200", 200, JSON, error("invalid_client"), "credentials", "invalid_client"),
    Row("under 403", 403, JSON, error("invalid_client"), "credentials", "invalid_client"),
    Row("under 500", 500, JSON, error("invalid_client"), "credentials", "invalid_client"),
    Row("upper case", 400, JSON, error("INVALID_CLIENT"), "credentials", "INVALID_CLIENT"),
    Row("camel case", 400, JSON, error("InvalidClient"), "credentials", "InvalidClient"),
    Row("with a hyphen", 400, JSON, error("invalid-client"), "credentials", "invalid-client"),
    Row("a BOM before the error", 400, JSON, b"\xef\xbb\xbf" + json.dumps(error("invalid_client")).encode(), "credentials", "invalid_client"),
    Row("a description in Latin-1", 400, "application/json;charset=ISO-8859-1", b'{"error":"invalid_client","error_description":"cl\xe9"}', "credentials", "invalid_client"),
    Row("an error as text/html", 401, HTML, json.dumps(error("invalid_client")), "credentials", "invalid_client"),
    Row("Azure AD", 401, JSON, error("invalid_client", error_codes=[7000215], trace_id="0", correlation_id="0"), "credentials", "invalid_client"),
    Row("Okta, in its own words", 401, JSON, {"errorCode": "invalid_client", "errorSummary": PLANTED}, "credentials", "invalid_client"),
    Row("Apigee, in its own words", 401, JSON, {"ErrorCode": "invalid_client", "Error": PLANTED}, "credentials", "invalid_client"),
    Row("GitHub, under 200", 200, JSON, error("incorrect_client_credentials"), "credentials", "incorrect_client_credentials"),
    Row("invalid_grant", 400, JSON, error("invalid_grant"), "credentials", "invalid_grant"),
    Row("WWW-Authenticate alone", 401, None, "", "credentials", "HTTP 401", (("WWW-Authenticate", 'Basic realm="oauth"'),)),
    Row("Spring's 401", 401, JSON, {"timestamp": "0", "status": 401, "error": "Unauthorized", "path": PLANTED}, "credentials", "HTTP 401"),
    Row("Kong's 401", 401, JSON, {"message": PLANTED}, "credentials", "HTTP 401.*gateway"),
    Row("Azure API Management's 401", 401, JSON, {"statusCode": 401, "message": PLANTED}, "credentials", "HTTP 401.*gateway"),
    Row("nginx's 401", 401, HTML, PAGE, "credentials", "HTTP 401.*gateway"),
    Row("Google's nested 401", 401, JSON, {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": PLANTED}}, "credentials", "HTTP 401"),
    # Something is lacking that QBank gives.
    Row("invalid_scope", 400, JSON, error("invalid_scope"), "scope", "invalid_scope"),
    Row("access_denied", 403, JSON, error("access_denied"), "scope", "access_denied"),
    Row("insufficient_scope", 403, JSON, error("insufficient_scope"), "scope", "insufficient_scope"),
    Row("invalid_target", 400, JSON, error("invalid_target"), "scope", "invalid_target"),
    Row("unauthorized_client", 400, JSON, error("unauthorized_client"), "bank", "unauthorized_client"),
    Row("client_locked", 401, JSON, error("client_locked"), "bank", "client_locked.*unlock"),
    Row("CLIENT_DISABLED", 403, JSON, error("CLIENT_DISABLED"), "bank", "CLIENT_DISABLED"),
    Row("a code that nobody knows", 400, JSON, error("consent_required"), "bank", "consent_required"),
    Row("a code that nobody knows, under 403", 403, JSON, error("tenant_suspended"), "bank", "tenant_suspended"),
    Row("words in place of a code", 400, JSON, error("Client authentication failed: contact support"), "bank", "not shown"),
    Row("an error that is an object, beside no token", 200, JSON, {"error": {"message": PLANTED}}, "url", "no access_token"),
    Row("a code under 422", 422, JSON, error("invalid_client_metadata"), "bank", "HTTP 422"),
    Row("a scope that is an object", 200, JSON, granted(scope={"balances.read": True}), "scope", "granted: another"),
    Row("another scope", 200, JSON, granted(scope="accounts.read"), "scope", r"balances.read \(granted: accounts.read\)"),
    Row("other scopes", 200, JSON, granted(scope=["accounts.read", "payments"]), "scope", "accounts.read payments"),
    Row("an empty scope", 200, JSON, granted(scope=""), "scope", r"balances.read \(granted: none\)"),
    Row("an empty list of scopes", 200, JSON, granted(scope=[]), "scope", r"balances.read \(granted: none\)"),
    Row("the scope's beginning", 200, JSON, granted(scope="balances"), "scope", r"granted: balances\)"),
    Row("a scope with the secret in it", 200, JSON, granted(scope=f"accounts.read {SECRET} planted"), "scope", r"granted: accounts.read\)"),
    Row("MAC", 200, JSON, granted(token_type="MAC"), "bank", "token_type MAC.*Bearer"),
    Row("DPoP", 200, JSON, granted(token_type="DPoP"), "bank", "token_type DPoP.*Bearer"),
    Row("N_A", 200, JSON, granted(token_type="N_A"), "bank", "token_type N_A.*Bearer"),
    Row("Apigee's BearerToken", 200, JSON, granted(token_type="BearerToken"), "bank", "token_type BearerToken.*Bearer"),
    Row("the secret as the token's type", 200, JSON, granted(token_type=SECRET), "bank", "token_type.*Bearer"),
    Row("the token as its own type", 200, JSON, granted(access_token="Aa0_-aAbBcC", token_type="Aa0_-aAbBcC"), "bank", "token_type.*Bearer"),
    Row("token_type a list", 200, JSON, granted(token_type=["Bearer"]), "bank", "token_type.*Bearer"),
    # It is the wrong address, or no OAuth.
    Row("unsupported_grant_type", 400, JSON, error("unsupported_grant_type"), "url", "unsupported_grant_type"),
    Row("invalid_request", 400, JSON, error("invalid_request"), "url", "invalid_request"),
    Row("404", 404, HTML, PAGE, "url", "HTTP 404"),
    Row("404 from Kong", 404, JSON, {"message": PLANTED}, "url", "HTTP 404"),
    Row("405", 405, JSON, "", "url", "HTTP 405"),
    Row("410", 410, None, "", "url", "HTTP 410"),
    Row("415", 415, JSON, {"title": PLANTED, "status": 415}, "url", "HTTP 415"),
    Row("204", 204, None, "", "url", "HTTP 204"),
    Row("300", 300, HTML, PAGE, "url", "HTTP 300"),
    Row("304", 304, None, "", "url", "HTTP 304"),
    Row("a login page elsewhere", 302, HTML, PAGE, "url", "redirects.*login page", (("Location", "https://login.example/"),)),
    Row("308", 308, None, "", "url", "redirects", (("Location", "/other"),)),
    Row("an array", 200, JSON, [granted()], "url", "not a JSON object"),
    Row("null", 200, JSON, "null", "url", "not a JSON object"),
    Row("text in quotes", 200, JSON, json.dumps(TOKEN), "url", "not a JSON object"),
    Row("the token itself", 200, TEXT, TOKEN, "url", "not JSON"),
    Row("an empty body", 200, JSON, "", "url", "empty"),
    Row("an empty object", 200, JSON, {}, "url", "no access_token"),
    Row("camelCase", 200, JSON, {"accessToken": TOKEN, "tokenType": "Bearer", "expiresIn": 3600}, "url", "accessToken and no access_token"),
    Row("id_token alone", 200, JSON, {"id_token": TOKEN, "token_type": "Bearer"}, "url", "id_token and no access_token"),
    Row("token", 200, JSON, {"token": TOKEN}, "url", "token and no access_token"),
    Row("inside data", 200, JSON, {"data": granted(), "success": True}, "url", "data and no access_token"),
    Row("errors of its own", 200, JSON, {"success": False, "errors": [PLANTED]}, "url", "no access_token"),
    Row("a form, as GitHub and Facebook had it", 200, "application/x-www-form-urlencoded; charset=utf-8", f"access_token={TOKEN}&token_type=bearer", "url", "form"),
    Row("a form as text/plain", 200, TEXT, f"access_token={TOKEN}&expires=5", "url", "form"),
    Row("truncated", 200, JSON, GOOD[:-9], "url", "not JSON"),
    Row("two objects", 200, JSON, GOOD + GOOD, "url", "not JSON"),
    Row("a name twice", 200, JSON, written('"access_token":"b"'), "url", "twice"),
    Row("a NUL", 200, JSON, b'{"access_token":"a\x00b"}', "url", "UTF-8"),
    Row("UTF-16", 200, JSON, GOOD.encode("utf-16"), "url", "UTF-8"),
    Row("gzip that doesn't say so", 200, JSON, gzip.compress(GOOD.encode()), "url", "UTF-8"),
    Row("gzip that is none", 200, JSON, GOOD, "url", "decompressed", (("Content-Encoding", "gzip"),)),
    Row("too big", 200, JSON, GOOD + " " * 70_000, "url", "64 KiB"),
    Row("token null", 200, JSON, '{"access_token":null,"token_type":"Bearer"}', "url", "no access_token"),
    Row("token empty", 200, JSON, granted(access_token=""), "url", "access_token"),
    Row("token a number", 200, JSON, granted(access_token=1234567890), "url", "access_token"),
    Row("token an object", 200, JSON, granted(access_token={"value": TOKEN}), "url", "access_token"),
    Row("token with a line break", 200, JSON, granted(access_token=f"{TOKEN}\n"), "url", "access_token"),
    Row("token with a blank", 200, JSON, granted(access_token=f" {TOKEN}"), "url", "access_token"),
    Row("token with another header", 200, JSON, granted(access_token="a\r\nX-Evil: 1"), "url", "access_token"),
    Row("token beyond ASCII", 200, JSON, granted(access_token="t\u00f6ken"), "url", "access_token"),
    # Something between here and the bank answers in its place.
    Row("maintenance with 200", 200, HTML, PAGE, "page", "HTTP 200"),
    Row("a captive portal that says it is JSON", 200, JSON, f"\ufeff\n{PAGE}", "page", "HTTP 200"),
    Row("F5: the request was rejected, with 200", 200, None, f"<html><body>{PLANTED} support ID: 1</body></html>", "page"),
    Row("SOAP", 200, "text/xml", f'<?xml version="1.0"?><Envelope>{PLANTED}</Envelope>', "page"),
    Row("nginx's 403", 403, HTML, PAGE, "network", "HTTP 403"),
    Row("Akamai's 403", 403, "text/html", f"<HTML><HEAD><TITLE>{PLANTED}</TITLE></HEAD></HTML>", "network", "HTTP 403"),
    Row("Cloudflare's 403", 403, "text/plain; charset=UTF-8", "error code: 1020", "network", "HTTP 403"),
    Row("AWS API Gateway's 403", 403, JSON, {"message": "Forbidden"}, "network", "HTTP 403"),
    Row("AWS WAF's 403", 403, JSON, {"Message": PLANTED}, "network", "HTTP 403"),
    Row("Spring's 403", 403, JSON, {"status": 403, "error": "Forbidden", "path": PLANTED}, "network", "HTTP 403"),
    Row("Apigee's 403", 403, JSON, {"fault": {"faultstring": PLANTED, "detail": {"errorcode": PLANTED}}}, "network", "HTTP 403"),
    Row("Google's nested 403", 403, JSON, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}, "network", "HTTP 403"),
    Row("problem+json", 403, "application/problem+json", {"title": "Forbidden", "status": 403}, "network", "HTTP 403"),
    Row("403 with nothing", 403, None, "", "network", "HTTP 403"),
    Row("a secret as the code", 403, JSON, error(SECRET), "network", "HTTP 403"),
    Row("nginx wants a client certificate", 400, HTML, PAGE, "network", "HTTP 400"),
    Row("a WAF's 406", 406, HTML, PAGE, "network", "HTTP 406"),
    Row("451", 451, HTML, PAGE, "network", "HTTP 451"),
    Row("the proxy wants a user", 407, HTML, PAGE, "proxy", "HTTP 407"),
    # It may pass: asked again, and then said to be the bank's.
    Row("temporarily_unavailable", 400, JSON, error("temporarily_unavailable"), "later", "HTTP 400, temporarily_unavailable"),
    Row("temporarily_unavailable under 200", 200, JSON, error("temporarily_unavailable"), "later", "temporarily_unavailable"),
    Row("server_error", 400, JSON, error("server_error"), "later", "server_error"),
    Row("SERVER_ERROR", 500, JSON, error("SERVER_ERROR"), "later", "HTTP 500, SERVER_ERROR"),
    Row("slow_down", 400, JSON, error("slow_down"), "later", "slow_down"),
    Row("too_many_requests", 429, JSON, error("too_many_requests"), "later", "HTTP 429, too_many_requests"),
    Row("429 with Retry-After", 429, None, "", "later", "HTTP 429", (("Retry-After", "1"),)),
    Row("Okta's 429", 429, JSON, {"errorCode": "E0000047", "errorSummary": PLANTED}, "later", "HTTP 429"),
    Row("202", 202, JSON, {}, "later", "HTTP 202"),
    Row("408", 408, HTML, PAGE, "later", "HTTP 408"),
    Row("500", 500, HTML, PAGE, "later", "HTTP 500"),
    Row("502 from nginx", 502, HTML, PAGE, "later", "HTTP 502"),
    Row("503 for maintenance", 503, HTML, PAGE, "later", "HTTP 503", (("Retry-After", "1"),)),
    Row("504 from AWS", 504, JSON, {"message": PLANTED}, "later", "HTTP 504"),
    Row("511, a captive portal that says so", 511, HTML, PAGE, "portal", "HTTP 511"),
    Row("520 from Cloudflare", 520, HTML, PAGE, "later", "HTTP 520"),
    Row("530 from Cloudflare", 530, TEXT, "error code: 1033", "later", "HTTP 530"),
    Row("a secret as the code under 503", 503, JSON, error(SECRET), "later", r"\(HTTP 503\)"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_answer_is_a_token_or_sends_the_reader_to_the_right_place(
    bank: Bank, client_of: ClientOf, row: Row
) -> None:
    bank.token = lambda call: row.answer
    client = client_of(client_secret=SECRET, max_attempts=ATTEMPTS, max_backoff_s=0.01)
    if row.place is None:
        client.check()
        assert len(bank.token_calls) == 1
        return
    with pytest.raises(QBankError) as caught:
        client.check()
    later = row.place in ("later", "portal")
    assert type(caught.value) is (QBankUnavailableError if later else QBankAuthError)
    assert (caught.value.retryable, caught.value.status) == (later, row.status)
    assert len(bank.token_calls) == (ATTEMPTS if later else 1)
    sentence = str(caught.value)
    right, wrong = PLACES[row.place]
    assert re.search(right, sentence)
    assert not re.search(wrong, sentence.replace("if they are right, a gateway", ""))
    assert re.search(row.says, sentence)
    assert re.fullmatch(r"[^\n]{20,300}\.", sentence)
    assert not any(text in sentence for text in (SECRET, TOKEN, TOKEN[:12], PLANTED, "Evil", "<"))


def test_there_are_as_many_answers_as_the_bar_asks_for() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 105


def test_headers_of_70_kb_are_said_to_be(bank: Bank, client_of: ClientOf) -> None:
    bank.token = lambda call: Answer(raw=b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n")
    with pytest.raises(
        QBankUnavailableError, match="headers that are too long to read: check token_url and proxy"
    ):
        client_of(max_attempts=2, max_backoff_s=0.01).check()
    assert len(bank.token_calls) == 2


def test_a_scope_with_a_comma_in_its_name_is_granted_by_that_name(bank: Bank, client_of: ClientOf) -> None:
    bank.token = lambda call: Answer(body=granted(scope="x a,b"))
    client_of(scope="a,b").check()


def test_what_may_pass_passes(bank: Bank, client_of: ClientOf) -> None:
    codes = iter(["slow_down", "SERVER_ERROR", "temporarily_unavailable"])

    def token(call: Call) -> Answer:
        code = next(codes, None)
        return Answer(status=400, body={"error": code}) if code else bank.grant(call)

    bank.token = token
    assert client_of().get_balance("a").state == "answered"
    assert len(bank.token_calls) == 4


@pytest.mark.parametrize("length", [8, 43])
def test_a_secret_of_a_words_letters_is_not_shown_in_whatever_part_or_form(
    bank: Bank, client_of: ClientOf, length: int
) -> None:
    secret = ("aB3_x-Yz90kLmNoPqRsT" * 3)[:length]
    for word in (secret, secret[:7], secret[-8:], f"x{secret}"[:32]):
        for answer in (error(word), granted(token_type=word), granted(scope=word), {"errorCode": word}):
            for status in (200, 401, 503):
                bank.token = lambda call, status=status, answer=answer: Answer(status=status, body=answer)
                client = client_of(client_secret=secret, max_attempts=1)
                with pytest.raises(QBankError) as caught:
                    client.check()
                assert word not in str(caught.value)
