"""The token's life, over real HTTP: bar lines 1 to 7."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from requests import Request

from qbank.auth import Token
from qbank.errors import QBankAuthError, QBankError, QBankUnavailableError
from qbank.exchanges import Exchange
from qbank.transport import Transport
from tests.contract.bank import Answer, Bank, Call
from tests.contract.conftest import ClientOf

IDS = [f"account-{number}" for number in range(200)]


def test_the_token_request_is_the_form_of_the_banks_page(bank: Bank, client_of: ClientOf) -> None:
    client_of().check()
    (call,) = bank.token_calls
    assert call.method == "POST"
    assert call.path == "/token"
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in call.headers
    assert call.form == {
        "grant_type": "client_credentials",
        "client_id": bank.client_id,
        "client_secret": bank.client_secret,
        "scope": "balances.read",
    }


def test_the_token_is_in_the_header_and_nowhere_else(bank: Bank, client_of: ClientOf) -> None:
    seen: list[str] = []
    client_of(on_token=seen.append).get_balance("a")
    (call,) = bank.balance_calls
    assert call.headers["authorization"] == f"Bearer {seen[0]}"
    assert seen[0] not in call.path


def test_the_token_is_in_nothing_that_is_printed() -> None:
    token = Token("a-token-of-this-test", 60)
    transport = Transport(connections=1, ca_bundle=None, proxy=None)
    form = transport.form(token(Request("GET", "http://127.0.0.1:1/v1/balances/").prepare()))
    exchange = Exchange(None, 0.0, form, *form.fill("a"))
    assert b"a-token-of-this-test" in exchange.data
    assert "a-token-of-this-test" not in f"{token!r} {form!r} {exchange!r}"


def test_many_threads_need_one_token(bank: Bank, client_of: ClientOf) -> None:
    bank.token_delay_s = 0.1
    client = client_of(concurrency=64)
    with ThreadPoolExecutor(64) as pool:
        list(pool.map(lambda _: client.check(), range(64)))
    assert len(list(client.get_balances(IDS))) == 200
    assert len(bank.token_calls) == 1


def test_a_dead_token_seen_by_many_threads_costs_one_renewal(bank: Bank, client_of: ClientOf) -> None:
    gate = threading.Barrier(64)

    def revoke_under_everybody(call: Call) -> Answer:
        if not done.is_set():
            gate.wait(5)  # all 64 are in the bank, with the first token
            done.set()
            return Answer(status=401)
        return Answer()

    done = threading.Event()
    bank.balance = revoke_under_everybody
    client = client_of(concurrency=64)
    client._pace._limit = 64.0  # no slow start: they have to meet
    assert {a.state for a in client.get_balances(IDS[:64])} == {"answered"}
    assert len(bank.token_calls) == 2


def test_tokens_revoked_every_60_calls_lose_no_account(bank: Bank, client_of: ClientOf) -> None:
    numbers = itertools.count(1)  # each call gets its own, so that no two revoke for the same one

    def revoking(call: Call) -> Answer:
        if next(numbers) % 60 == 0:
            bank.revoke()
        return Answer()

    bank.balance = revoking
    bank.token_delay_s = 0.005
    for concurrency in (16, 64):
        answers = list(client_of(concurrency=concurrency).get_balances(IDS))
        assert [a.reason for a in answers if a.state != "answered"] == []
    assert bank.most_tokens_at_once == 1
    assert len(bank.token_calls) < 40


@pytest.mark.parametrize("concurrency", [2, 16, 64])
def test_a_token_revoked_before_its_first_use_loses_no_account(
    bank: Bank, client_of: ClientOf, concurrency: int
) -> None:
    """Another program of the same client may get a token in between, and the bank allow one at a time."""

    def grant(call: Call) -> Answer:
        answer = bank.grant(call)
        if len(bank.token_calls) == 2:
            bank.revoke()
        return answer

    bank.token = grant
    client = client_of(concurrency=concurrency)
    assert client.get_balance("first").state == "answered"
    client._pace._limit = float(concurrency)  # no slow start: all of them see both tokens die
    bank.revoke()
    assert {a.reason for a in client.get_balances(IDS)} == {None}
    assert len(bank.token_calls) == 3


def test_a_token_revoked_soon_after_the_one_before_loses_no_account(bank: Bank, client_of: ClientOf) -> None:
    """All accounts that are left are on their way, so none is there to be refused for the first time."""
    together, with_second = threading.Barrier(40), itertools.count()

    def revoking(call: Call) -> Answer:
        match len(bank.token_calls):
            case 1 if call.account_id != "first":
                together.wait(5)
                return Answer(status=401)
            case 2:  # one call is served
                return Answer(status=401 if next(with_second) else 200)
        return Answer()

    bank.balance = revoking
    client = client_of(concurrency=64)
    assert client.get_balance("first").state == "answered"
    client._pace._limit = 64.0  # no slow start
    assert {a.reason for a in client.get_balances(IDS[:40])} == {None}
    assert len(bank.token_calls) == 3


def test_short_lived_tokens_are_renewed_before_they_die(bank: Bank, client_of: ClientOf) -> None:
    bank.lifetime = 1
    bank.token_delay_s = 0.05
    bank.balance = lambda call: Answer(delay_s=0.05)
    answers = list(client_of(concurrency=8).get_balances(IDS))
    assert {a.state for a in answers} == {"answered"}
    assert bank.refusals == 0
    assert bank.most_tokens_at_once == 1
    assert 2 <= len(bank.token_calls) <= 5


def test_renewal_goes_on_with_the_living_token_when_the_token_host_fails(
    bank: Bank, client_of: ClientOf
) -> None:
    bank.lifetime = 2
    client = client_of(max_attempts=1)
    client.check()
    bank.token = lambda call: Answer(status=503)
    time.sleep(1.1)  # due, and alive
    assert client.get_balance("a").state == "answered"
    assert len(bank.token_calls) == 2


def test_calls_go_on_with_the_living_token_while_a_renewal_runs(bank: Bank, client_of: ClientOf) -> None:
    bank.lifetime = 2
    client = client_of(concurrency=4)
    client.check()
    time.sleep(1.1)  # due, and alive
    bank.token_delay_s = 0.5
    began = time.monotonic()
    answers = [(a.state, time.monotonic() - began) for a in client.get_balances(IDS[:20])]
    assert {state for state, _ in answers} == {"answered"}
    assert max(took for _, took in answers) < 0.4
    assert len(bank.token_calls) == 2


def test_a_fault_of_our_own_in_getting_a_token_holds_nobody(bank: Bank, client_of: ClientOf) -> None:
    def broken(token: str) -> None:
        raise ZeroDivisionError

    client = client_of(on_token=broken)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            list(client.get_balances(IDS[:1], budget_s=2))


def test_a_failing_token_host_is_asked_again(bank: Bank, client_of: ClientOf) -> None:
    failures = iter([Answer(status=503), Answer(status=429), Answer(raw=b"")])
    bank.token = lambda call: next(failures, None) or bank.grant(call)
    assert client_of().get_balance("a").state == "answered"
    assert len(bank.token_calls) == 4


def test_a_token_host_that_stays_down_is_one_error_for_all_threads(bank: Bank, client_of: ClientOf) -> None:
    bank.token = lambda call: Answer(status=503)
    with pytest.raises(QBankUnavailableError, match="try again later") as caught:
        list(client_of(max_attempts=3).get_balances(IDS))
    assert caught.value.retryable
    assert caught.value.status == 503
    assert len(bank.token_calls) == 3


def test_a_hanging_token_host_ends_with_the_budget(bank: Bank, client_of: ClientOf) -> None:
    bank.token = lambda call: Answer(delay_s=3)
    began = time.monotonic()
    with pytest.raises(QBankUnavailableError, match="did not answer in time"):
        list(client_of().get_balances(IDS, budget_s=0.5))
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("lifetime", [None, 0, -5, "soon", "3600", 10**30, True, [], 3600.5, "1e9"])
def test_any_lifetime_that_an_answer_gives_is_handled(bank: Bank, client_of: ClientOf, lifetime: Any) -> None:
    bank.lifetime = lifetime
    assert {a.state for a in client_of().get_balances(IDS[:20])} == {"answered"}
    assert len(bank.token_calls) == 1


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (401, {"error": "invalid_client"}, "invalid_client.*password"),
        (400, {"error": "invalid_client"}, "invalid_client.*password"),
        (400, {"error": "invalid_scope"}, "invalid_scope.*scope"),
        (400, {"error": "unauthorized_client"}, "unauthorized_client"),
        (400, {"error": "unsupported_grant_type"}, "unsupported_grant_type"),
        (401, "", "refused the client"),
        (403, "<html>", "gateway or an allow list"),
        (404, "", "check token_url"),
        (302, "", "redirects elsewhere"),
        (200, "<html>", "web page"),
        (200, "[]", "not a JSON object"),
        (200, {"token_type": "Bearer"}, "no access_token"),
        (200, {"access_token": "", "token_type": "Bearer"}, "access_token that is empty"),
        (200, {"access_token": "a\nX-Evil: b", "token_type": "Bearer"}, "characters no token has"),
        (200, {"access_token": "tökén", "token_type": "Bearer"}, "characters no token has"),
        (200, {"access_token": 12345, "token_type": "Bearer"}, "characters no token has"),
        (200, {"access_token": "abcdef", "token_type": "mac"}, "token_type mac"),
        (
            200,
            {"access_token": "abc", "token_type": "Bearer", "scope": ["x"]},
            r"balances.read \(granted: x\)",
        ),
        (200, {"access_token": "abc", "token_type": "Bearer", "scope": "x"}, "balances.read"),
        (200, {"access_token": "abc", "token_type": "Bearer", "scope": ""}, "balances.read"),
    ],
)
def test_a_refusal_or_an_odd_token_ends_the_run_at_once(
    bank: Bank, client_of: ClientOf, status: int, body: Any, says: str
) -> None:
    bank.token = lambda call: Answer(status=status, body=body)
    client = client_of()
    with pytest.raises(QBankAuthError, match=says) as caught:
        list(client.get_balances(IDS))
    with pytest.raises(QBankAuthError):  # final: the secret is not tried again
        client.check()
    assert not caught.value.retryable
    assert len(bank.token_calls) == 1
    assert bank.balance_calls == []


@pytest.mark.parametrize("kind", ["bearer", "BEARER", "Bearer"])
def test_bearer_in_any_case_and_more_scopes_than_asked_are_fine(
    bank: Bank, client_of: ClientOf, kind: str
) -> None:
    bank.token = lambda call: Answer(
        body=bank.new_token(token_type=kind, scope="accounts.read balances.read", more=[1])
    )
    assert client_of().get_balance("a").state == "answered"


def test_an_absent_scope_means_as_requested(bank: Bank, client_of: ClientOf) -> None:
    bank.token = lambda call: Answer(body=bank.new_token())
    assert client_of().get_balance("a").state == "answered"


def test_a_401_costs_one_renewal_and_one_replay(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(status=401)
    answer = client_of().get_balance("a")
    assert (answer.state, answer.reason, answer.http_status) == ("failed", "unauthorized", 401)
    assert (len(bank.balance_calls), len(bank.token_calls)) == (2, 2)


def test_an_api_that_refuses_every_token_costs_two_tokens_in_all(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(status=401)
    answers = list(client_of().get_balances(IDS))
    assert {a.reason for a in answers} == {"unauthorized"}
    assert len(bank.token_calls) == 2


def test_an_account_with_a_401_was_asked_also_where_no_other_token_comes_in_time(
    bank: Bank, client_of: ClientOf
) -> None:
    def late(call: Call) -> Answer:
        bank.token_delay_s = 1.0  # for the next
        return bank.grant(call)

    bank.token = late
    bank.balance = lambda call: Answer(status=401)
    (answer,) = client_of().get_balances(["a"], budget_s=0.5)
    assert (answer.reason, answer.http_status, answer.attempts) == ("unauthorized", 401, 1)


def test_one_account_that_is_always_401_costs_the_others_nothing(bank: Bank, client_of: ClientOf) -> None:
    bank.balance = lambda call: Answer(status=401 if call.account_id == IDS[50] else 200)
    answers = {a.account_id: a for a in client_of().get_balances(IDS)}
    assert answers.pop(IDS[50]).reason == "unauthorized"
    assert {a.state for a in answers.values()} == {"answered"}
    assert bank.calls_by_account[IDS[50]] == 2
    assert len(bank.token_calls) == 2


def test_a_token_dying_amid_retries_is_renewed_there(bank: Bank, client_of: ClientOf) -> None:
    served = [0]

    def flaky(call: Call) -> Answer:
        served[0] += 1
        if served[0] % 2:
            bank.revoke()
            return Answer(status=503)
        return Answer()

    bank.balance = flaky
    answer = client_of().get_balance("a")
    assert (answer.state, answer.attempts) == ("answered", 3)
    assert len(bank.token_calls) == 2


def test_errors_are_the_packages_own(bank: Bank, client_of: ClientOf) -> None:
    bank.token = lambda call: Answer(status=401)
    with pytest.raises(QBankError) as caught:
        client_of().check()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
