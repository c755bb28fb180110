"""A scenario says which calls go wrong; it is read whole, and again whenever its file changes."""

import logging
from collections.abc import Callable

import pytest

from qbank_sandbox.scenario import bucket
from qbank_sandbox.scenario_file import ScenarioError, ScenarioFile, read_scenario
from tests.unit.qbank_sandbox.conftest import Bank

MakeBank = Callable[..., Bank]


def test_the_first_rule_that_fits_is_applied(make_bank: MakeBank) -> None:
    bank = make_bank(
        """
        balances:
          - {accounts: eur-1, faults: {status: 500}}
          - {accounts: ["j*", "eur-?"], faults: {status: 502}}
          - {accounts: bhd-1, faults: {}}
          - {faults: {status: 503}}
        """
    )
    statuses = {id_: bank.ask(id_).status_code for id_ in ("eur-1", "jpy-1", "bhd-1")}
    assert statuses == {"eur-1": 500, "jpy-1": 502, "bhd-1": 200}


def test_a_rule_with_times_holds_for_the_first_calls_of_each_account(make_bank: MakeBank) -> None:
    bank = make_bank(
        "balances: [{faults: status, times: 2}, {accounts: jpy-1, faults: {status: 404}, times: 1}]"
    )
    assert [bank.ask("eur-1").status_code for _ in range(4)] == [503, 503, 200, 200]
    assert [bank.ask("jpy-1").status_code for _ in range(4)] == [503, 503, 404, 200]


def test_a_rule_can_have_several_faults_with_options(make_bank: MakeBank) -> None:
    bank = make_bank(
        """
        balances:
          - faults:
              latency: 0.01
              status: {code: 429, retry_after: 7, error: slow_down}
        """
    )
    answer = bank.ask("eur-1")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"] == "slow_down"


def test_amounts_stand_as_written_whatever_yaml_makes_of_them(make_bank: MakeBank) -> None:
    bank = make_bank(
        """
        balances:
          - faults: {amounts: {available: 1.10, ledger: 1234567890123456789012345678901234567.80}}
        """
    )
    assert (
        b'"available_balance":1.10,"ledger_balance":1234567890123456789012345678901234567.80,'
        in bank.ask("eur-1").content
    )


def test_a_body_of_the_authors_own_is_sent_as_it_is(make_bank: MakeBank) -> None:
    bank = make_bank("""balances: [{faults: {body: {text: '{"a": 1e999}', content_type: text/json}}}]""")
    answer = bank.ask("eur-1")
    assert (answer.content, answer.headers["content-type"]) == (b'{"a": 1e999}', "text/json")


def test_members_of_a_token_can_be_odd_or_missing(make_bank: MakeBank) -> None:
    bank = make_bank("""token: [{faults: {members: {expires_in: '"soon"', token_type: , extra: '[1]'}}}]""")
    told = bank.ask_token().json()
    assert (told["expires_in"], told["extra"], "token_type" in told) == ("soon", [1], False)


def test_a_token_server_can_fail_first_and_then_give_short_lives(make_bank: MakeBank) -> None:
    bank = make_bank("token: [{faults: status, times: 2}, {faults: {lifetime: 3, revoked: 1}}]")
    assert [bank.ask_token().status_code for _ in range(2)] == [503, 503]
    told = bank.ask_token().json()
    assert told["expires_in"] == 3
    assert [bank.ask("eur-1", token=told["access_token"]).status_code for _ in range(2)] == [200, 401]


def test_a_wrong_secret_stays_wrong_whatever_the_scenario(make_bank: MakeBank) -> None:
    bank = make_bank("token: [{faults: status}]")
    assert bank.ask_token(client_secret="wrong").status_code == 401


def test_percentages_are_stable_disjoint_shares_of_the_accounts(make_bank: MakeBank) -> None:
    path = make_bank(
        "balances: [{percent: 10, faults: {status: 500}}, {percent: 0.5, faults: {status: 501}}, {percent: 89.5, faults: html}]"
    ).scenario
    scenario = read_scenario(path)
    hit = [scenario.faults_for("balances", f"acc-{number}")[0].options for number in range(10_000)]
    assert 900 < sum(options == {"code": 500} for options in hit) < 1100
    assert 25 < sum(options == {"code": 501} for options in hit) < 80
    assert sum(options == {} for options in hit) > 8800


def test_an_accounts_place_among_the_shares_never_changes() -> None:
    assert bucket("a1b2c3d4-e5f6-7890-1234-567890abcde") == 748


def test_a_changed_file_counts_from_the_next_call_on(make_bank: MakeBank) -> None:
    bank = make_bank("balances: [{faults: status, times: 1}]")
    token = bank.ask_token().json()["access_token"]

    def status() -> int:
        return int(bank.ask("eur-1", token=token).status_code)

    assert [status(), status()] == [503, 200]
    bank.scenario.write_text("balances: [{faults: {status: 502}, times: 1}]")
    assert [status(), status()] == [502, 200]
    bank.scenario.unlink()
    assert status() == 200
    bank.scenario.write_text("outage: status")
    assert status() == 503


def test_a_file_that_breaks_is_said_once_and_the_scenario_before_it_stays(
    make_bank: MakeBank, caplog: pytest.LogCaptureFixture
) -> None:
    bank = make_bank("balances: [{faults: {status: 502}}]")
    token = bank.ask_token().json()["access_token"]
    bank.scenario.write_text("balances: [{faults: nonsense}]")
    with caplog.at_level(logging.ERROR, "qbank_sandbox"):
        assert [bank.ask("eur-1", token=token).status_code for _ in range(3)] == [502, 502, 502]
    assert len(caplog.records) == 1
    assert "balances, rule 1: there is no fault 'nonsense' here" in caplog.text


def test_a_rate_limit_answers_429_with_retry_after(make_bank: MakeBank) -> None:
    bank = make_bank("rate_limit: 3")
    token = bank.ask_token().json()["access_token"]
    answers = [bank.ask("eur-1", token=token) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "1"
    assert bank.ask_token().status_code == 200


def test_an_outage_takes_both_endpoints_but_not_the_health_check(make_bank: MakeBank) -> None:
    bank = make_bank("outage: {status: {code: 503, retry_after: 30}}")
    for answer in (bank.ask_token(), bank.ask("eur-1", token="any")):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert bank.http.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("- x", "the file must be a mapping"),
        ("balance: []", "the file has no 'balance'; known are balances, outage, rate_limit, token"),
        ("balances: {a: 1}", "balances must be a list of rules"),
        ("balances: [status]", "balances, rule 1: a rule must be a mapping"),
        ("balances: [{account: x, faults: drop}]", "balances, rule 1: a rule has no 'account'"),
        ("balances: [{accounts: x}]", "balances, rule 1: faults must be a mapping"),
        ("balances: [{accounts: [], faults: drop}]", "accounts must be an id, a pattern"),
        ("balances: [{faults: {status: {cod: 1}}}]", "status has no option 'cod'; it has code, retry_after"),
        ("balances: [{faults: {latency: [1]}}]", "latency: seconds must be a single value"),
        (
            "balances: [{faults: drop}, {faults: drop, times: 0}]",
            "balances, rule 2: times must be a whole number",
        ),
        ("balances: [{faults: drop, percent: x}]", "percent is 'x', which is no number"),
        ("balances: [{faults: drop, percent: inf}]", "percent is 'inf', which is no number"),
        (
            "balances: [{faults: drop, percent: 60}, {faults: drop, percent: 60}]",
            "all of them together at most 100",
        ),
        ("token: [{percent: 5, faults: drop}]", "token, rule 1: a rule has no 'percent'"),
        ("token: [{faults: not_finite}]", "there is no fault 'not_finite' here"),
        ("outage: lifetime", "there is no fault 'lifetime' here"),
        ("rate_limit: 0", "rate_limit must be a whole number above 0"),
        ("{", "is not YAML"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_in_a_sentence(
    make_bank: MakeBank, text: str, why: str
) -> None:
    path = make_bank().scenario
    path.write_text(text)
    with pytest.raises(ScenarioError) as refused:
        ScenarioFile(path)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_scenario_file_that_is_not_there_yet_is_no_fault(make_bank: MakeBank) -> None:
    path = make_bank().scenario
    path.unlink()
    assert ScenarioFile(path).current().faults_for("balances", "eur-1") == ()
