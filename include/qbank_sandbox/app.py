"""The application: the bank's two endpoints and a health check, put together from their parts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from starlette.responses import Response

from qbank_sandbox.balance import Balance, balance_at, minor_units
from qbank_sandbox.catalogue import choose
from qbank_sandbox.delivery import Delivery
from qbank_sandbox.faults import ChosenFault, Endpoint, FaultError
from qbank_sandbox.pace import RateLimit
from qbank_sandbox.reply import Reply, error_reply, json_members
from qbank_sandbox.scenario_file import ScenarioFile
from qbank_sandbox.token_endpoint import Client, TokenRefusedError, read_grant, token_reply
from qbank_sandbox.tokens import TokenStore

FAULT_HEADER = "x-sandbox-fault"
SCOPE = "balances.read"


def create_app(
    currencies: Mapping[str, str],
    client: Client,
    *,
    scenario: ScenarioFile | None = None,
    token_lifetime_s: float = 3600,
    latency_s: float = 0,
    balance_at: Callable[[str, int, str, datetime], Balance] = balance_at,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """The bank that holds these accounts (id → currency) and knows this one client.

    Every answer comes ``latency_s`` late; the scenario and the request's fault header can do worse.
    ``balance_at`` says what an account has: id, minor units, currency and instant.
    ValueError for a currency that ISO 4217 doesn't have.
    """
    scenario = scenario or ScenarioFile(None)
    decimals = {currency: minor_units(currency) for currency in set(currencies.values())}
    tokens, limit = TokenStore(), RateLimit()
    app = FastAPI(title="QBank sandbox", openapi_url=None)

    def deliver(reply: Reply, faults: Iterable[ChosenFault] = ()) -> Response:
        for fault in faults:
            reply = fault.change_reply(reply)
        return Delivery(replace(reply, delay_s=reply.delay_s + latency_s) if latency_s else reply)

    @app.post("/token")
    async def token(request: Request) -> Response:
        """An access token for the client's id and secret, form-encoded in the body."""
        today = scenario.current()
        if today.outage:
            return deliver(_UNAVAILABLE, today.outage)
        try:
            grant = await read_grant(request, client, token_lifetime_s)
            faults = _asked_for(request, "token") or today.faults_for("token")
        except TokenRefusedError as refused:
            return deliver(refused.reply)
        except FaultError as error:
            return deliver(_unknown_fault(error))
        for fault in faults:
            grant = fault.change_grant(grant)
        return deliver(token_reply(tokens.issue(grant), grant), faults)

    async def balances(request: Request) -> Response:
        """The account's balance now, exact to its currency's minor units."""
        account_id = request.path_params["account_id"]
        today = scenario.current()
        if today.outage:
            return deliver(_UNAVAILABLE, today.outage)
        if today.rate_limit is not None and not limit.admits(today.rate_limit):
            return deliver(_TOO_MANY)
        refusal = _refusal(request.headers.get("authorization", ""), tokens)
        if refusal is not None:
            return deliver(refusal)
        currency = currencies.get(account_id)
        if currency is None:
            return deliver(_NO_ACCOUNT)
        try:
            faults = _asked_for(request, "balances") or today.faults_for("balances", account_id)
        except FaultError as error:
            return deliver(_unknown_fault(error))
        return deliver(balance_reply(balance_at(account_id, decimals[currency], currency, now())), faults)

    @app.get("/healthz")
    async def healthz() -> dict[str, str | int]:
        """Whether the sandbox itself runs; never subject to faults."""
        return {"status": "ok", "accounts": len(currencies)}

    # Starlette's plain route: on FastAPI's own, this endpoint takes four times as long.
    app.add_route("/v1/balances/{account_id}", balances)
    return app


_UNAVAILABLE = error_reply(503, "unavailable", "The bank is not available.")
_TOO_MANY = error_reply(429, "rate_limited", "Too many calls in a second.", ("retry-after", "1"))
_NO_ACCOUNT = error_reply(404, "not_found", "There is no such account.")


def _refusal(authorization: str, tokens: TokenStore) -> Reply | None:
    """Why the call may not have a balance (RFC 6750, 3); None where it may."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token:
        challenge = 'Bearer realm="qbank"'
        return error_reply(401, "unauthorized", "A bearer token is needed.", ("www-authenticate", challenge))
    scopes = tokens.use(token.strip())
    if scopes is None:
        challenge = 'Bearer realm="qbank", error="invalid_token"'
        return error_reply(
            401, "invalid_token", "The token is unknown or has expired.", ("www-authenticate", challenge)
        )
    if SCOPE not in scopes:
        challenge = f'Bearer realm="qbank", error="insufficient_scope", scope="{SCOPE}"'
        return error_reply(
            403, "insufficient_scope", f"The token lacks the scope {SCOPE}.", ("www-authenticate", challenge)
        )
    return None


def balance_reply(balance: Balance) -> Reply:
    """The answer; an amount's Decimal is written out as the JSON number, digit by digit."""
    as_of = balance.as_of.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    said = json_members({"account_id": balance.account_id, "currency": balance.currency, "as_of": as_of})
    amounts = (
        ("available_balance", f"{balance.available_balance:f}"),
        ("ledger_balance", f"{balance.ledger_balance:f}"),
    )
    return Reply(members=(*amounts, *said))


def _asked_for(request: Request, endpoint: Endpoint) -> tuple[ChosenFault, ...]:
    """The faults that the request's own headers ask for: ``NAME`` or ``NAME=VALUE``, one a header."""
    asked = (header.partition("=") for header in request.headers.getlist(FAULT_HEADER))
    return tuple(choose(name.strip(), value.strip(), endpoint) for name, _, value in asked)


def _unknown_fault(error: FaultError) -> Reply:
    return error_reply(400, "unknown_fault", f"X-Sandbox-Fault: {error}.")
