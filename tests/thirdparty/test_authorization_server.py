"""The token's life against an authorization server that this project did not write (bar 1 to 7).

npm's oidc-provider gives the tokens; the bank's API asks it, at each call, what a token is worth.
"""

import base64
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from qbank.client import QBankClient
from qbank.errors import QBankAuthError
from qbank.settings import Settings
from tests.conftest import free_port
from tests.contract.bank import Answer, Bank, Call
from tests.thirdparty.conftest import Node
from tests.thirdparty.program import found, running

IDS = [f"account-{number}" for number in range(40)]
ServerOf = Callable[..., "TokenServer"]


@dataclass
class TokenServer:
    """oidc-provider with one client, and the API's own login for asking about tokens."""

    log: Path
    port: int = field(default_factory=free_port)
    client_id: str = field(default_factory=lambda: f"client-{secrets.token_hex(4)}")
    client_secret: str = field(default_factory=lambda: f"s/+=%&: {secrets.token_urlsafe(24)}")
    api_id: str = field(default_factory=lambda: f"api-{secrets.token_hex(4)}")
    api_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token_requests(self) -> int:
        return self.log.read_text().splitlines().count("POST /token")

    def worth(self, token: str) -> dict[str, Any]:
        """RFC 7662: whether a token is alive, and for what."""
        answer: dict[str, Any] = json.loads(
            self._post("/introspection", token, client_id=self.api_id, client_secret=self.api_secret)
        )
        return answer

    def revoke(self, token: str) -> None:
        """RFC 7009."""
        self._post("/revocation", token, client_id=self.client_id, client_secret=self.client_secret)

    def _post(self, path: str, token: str, **login: str) -> bytes:
        data = urlencode({"token": token, **login}).encode()
        with urlopen(Request(self.url + path, data), timeout=10) as reply:
            body: bytes = reply.read()
            return body


class Api(Bank):
    """The bank's API: it knows no token itself, and asks the authorization server."""

    def __init__(self, server: TokenServer) -> None:
        super().__init__()
        self.server = server
        self.tokens: list[str] = []

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            self.tokens.append(token)
        worth = self.server.worth(token)
        if not worth["active"]:
            self.refusals += 1
            return Answer(status=401, body={"error": "invalid_token"})
        if worth.get("scope") != "balances.read":
            return Answer(status=403, body={"error": "insufficient_scope"})  # RFC 6750 3.1
        return self.balance(call)


@pytest.fixture
def server_of(node: Node, node_folder: Path, tmp_path: Path) -> Iterator[ServerOf]:
    with ExitStack() as stack:

        def start(lifetime_s: int = 3600) -> TokenServer:
            log = tmp_path / "requests.log"
            log.touch()
            server = TokenServer(log)
            names = ("port", "log", "client_id", "client_secret", "api_id", "api_secret")
            env = {name.upper(): str(getattr(server, name)) for name in names}
            stack.enter_context(
                running(
                    [node.node, str(node_folder / "token_server.mjs")],
                    port=server.port,
                    log=tmp_path / "output.log",
                    env=os.environ | env | {"LIFETIME_S": str(lifetime_s)},
                )
            )
            return server

        yield start


def client_of(server: TokenServer, api: Bank, **fields: Any) -> QBankClient:
    known: dict[str, Any] = {
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "api_url": api.url,
        "token_url": f"{server.url}/token",
        "timeout_s": 10,
        "max_backoff_s": 0.05,
    }
    return QBankClient(Settings(**(known | fields)))


def test_the_right_secret_gives_one_token_that_the_api_accepts(server_of: ServerOf) -> None:
    server = server_of()
    with (api := Api(server)).serving(), client_of(server, api) as client:
        assert {a.state for a in client.get_balances(IDS)} == {"answered"}
    assert (api.refusals, len(api.tokens)) == (0, 1)
    assert server.token_requests == 1
    assert server.worth(api.tokens[0])["client_id"] == server.client_id


@pytest.mark.parametrize("wrong", [{"client_secret": "not the secret"}, {"client_id": "nobody"}])
def test_a_wrong_secret_ends_the_run_at_once(server_of: ServerOf, wrong: dict[str, str]) -> None:
    server = server_of()
    with (api := Api(server)).serving(), client_of(server, api, **wrong) as client:
        with pytest.raises(QBankAuthError, match="invalid_client") as caught:
            list(client.get_balances(IDS))
        with pytest.raises(QBankAuthError, match="invalid_client"):  # final: it is not tried again
            client.check()
    assert (caught.value.status, caught.value.retryable) == (401, False)
    assert server.token_requests == 1
    assert api.calls == []


@pytest.mark.parametrize("scope", ["payments.write", "balances.read payments.write", "balances.read none"])
def test_a_scope_that_the_client_may_not_have_ends_the_run_at_once(server_of: ServerOf, scope: str) -> None:
    server = server_of()
    with (api := Api(server)).serving(), client_of(server, api, scope=scope) as client:
        answers = client.get_balances(IDS)
        with pytest.raises(QBankAuthError, match="scope") as caught:
            next(answers)
    assert not caught.value.retryable
    assert server.token_requests == 1
    assert api.calls == []


def test_a_token_without_a_scope_gives_no_balance(server_of: ServerOf) -> None:
    """Asked only for what it does not know, this server grants nothing and does not say so.

    RFC 6749 has an answer without a scope mean "as requested": the API's refusal is what tells.
    """
    server = server_of()
    with (api := Api(server)).serving(), client_of(server, api, scope="no.such.scope") as client:
        assert {a.reason for a in client.get_balances(IDS)} == {"http_403"}
    assert server.token_requests == 1
    assert len(api.calls) == len(IDS)


def test_tokens_that_live_four_seconds_are_renewed_before_they_die(server_of: ServerOf) -> None:
    server = server_of(lifetime_s=4)  # by its clock of whole seconds: 3 to 4
    with (api := Api(server)).serving(), client_of(server, api, concurrency=2) as client:
        api.balance = lambda call: Answer(delay_s=0.12)
        assert {a.state for a in client.get_balances(IDS)} == {"answered"}
    assert api.refusals == 0
    assert len(api.tokens) == server.token_requests >= 2


def test_a_token_revoked_amid_a_run_costs_one_renewal(server_of: ServerOf) -> None:
    server = server_of()
    with (api := Api(server)).serving(), client_of(server, api) as client:
        answers = client.get_balances(IDS)
        states = [next(answers).state]
        server.revoke(api.tokens[0])
        states += [answer.state for answer in answers]
    assert states == ["answered"] * len(IDS)
    assert api.refusals > 0
    assert server.token_requests == 2


def test_the_api_accepts_no_token_but_the_servers(server_of: ServerOf) -> None:
    """The control of all the others: an API that takes anything would prove nothing."""
    server = server_of(lifetime_s=1)
    with (api := Api(server)).serving(), client_of(server, api) as client:
        client.get_balance("a")
        time.sleep(1.2)
        for token in (api.tokens[0], secrets.token_urlsafe(32), base64.b64encode(b"{}").decode()):
            request = Request(f"{api.url}/v1/balances/a", headers={"Authorization": f"Bearer {token}"})
            with pytest.raises(HTTPError, match="401"):
                urlopen(request, timeout=10)


def test_a_program_that_is_absent_fails_its_test_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"npm is not on this machine: install Node\.js\."):
        found("npm", todo="install Node.js", path=str(tmp_path))


def test_the_lock_of_npm_pins_by_hash_and_names_no_address() -> None:
    lock = json.loads((Path(__file__).parent / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) > 10
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())
