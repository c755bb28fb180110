"""Runs: what became of each account and why, what is held back, and its release by who may."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qbank_page.frame.host import Visitor
from qbank_page.frame.security import new_token
from tests.words.ledger import Ledger, Reply, failed
from tests.words.page import PREFIX, Site

RUN = "runs/1"
RELEASE = f"{RUN}/release"
TAGS = "</pre><script>alert(1)</script>\x1b[2J"


def answer(account_id: str) -> Any:
    """“a” is fit, “b” not found, “c” no JSON, “d” has too many decimals, “e” an old time."""
    return {
        "a": lambda: Reply(account_id="a"),
        "b": lambda: failed("b", "http_404", http_status=404, attempts=2),
        "c": lambda: replace(failed("c", "not_json"), state="unfit", payload=TAGS),
        "d": lambda: too_precise("d"),
        "e": lambda: Reply(
            account_id="e", bank_as_of=datetime.now(UTC) - timedelta(hours=9), echoed_as_of="yesterday"
        ),
    }[account_id]()


def too_precise(account_id: str) -> Reply:
    return Reply(account_id=account_id, ledger_balance=Decimal("1.234"))


@pytest.fixture
def run(ledger: Ledger) -> Ledger:
    """A ledger with a run of these five."""
    ledger.accounts("a", "b", "c", "d", "e")
    ledger.quick_run(answer)
    return ledger


@pytest.mark.usefixtures("run")
def test_runs_are_listed_newest_first_with_what_they_came_to(site: Site, ledger: Ledger) -> None:
    ledger.quick_run(dry_run=True)
    lines = [line.split(",") for line in site.csv("runs.csv")[1:]]
    assert [(line[0], line[1], *line[5:10]) for line in lines] == [
        ("2", "dry_run", "5", "5", "0", "0", "0"),
        ("1", "partial", "5", "1", "3", "1", "0"),
    ]
    assert 'href="/dags/qbank_balance_sync/runs/test" target="_top"' in site.get("runs").text
    assert [line.split(",")[0] for line in site.csv("runs.csv?state=partial")[1:]] == ["1"]


@pytest.mark.usefixtures("run")
def test_on_the_page_what_only_names_an_account_comes_last_and_numbers_stand_right(site: Site) -> None:
    headings = re.findall(r'<th scope="col"[^>]*>([^<]*)<', site.get(RUN).text.partition('id="outcomes"')[2])
    assert headings[:3] == ["Account", "Entity", "Outcome"]
    assert headings[headings.index("Released") + 1] == "Id"
    assert site.csv(f"{RUN}.csv?table=outcomes")[0].startswith("name,account_id,entity,outcome,")
    assert '<th scope=row class="number"><a href' in site.get("runs").text


def test_a_long_list_of_runs_comes_in_pages(site: Site, ledger: Ledger) -> None:
    ledger.rows(
        "INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)"
        " SELECT 'x', 'bank', now() - interval '1 hour', false, false, 1 FROM generate_series(1, 150)"
    )
    assert "Page 1 of 2, 150 runs" in site.text("runs")
    assert "lost" in site.text("runs")
    assert site.get("runs?page=2").text.count('<tr><th scope=row class="number"><a') == 50
    past = site.get("runs?page=9").text
    assert (past.count('<tr><th scope=row class="number"><a'), "Page 2 of 2" in past) == (50, True)
    assert 'page=1" rel="prev"' in past
    assert 'rel="next"' not in past
    assert len(site.csv("runs.csv")) == 151


def test_without_a_run_it_says_what_to_do(site: Site, ledger: Ledger) -> None:
    assert "No run yet: trigger qbank_balance_sync" in site.text("runs")
    assert "No run is in that state" in site.text("runs?state=failed")


@pytest.mark.parametrize("number", ["7", "9223372036854775807"])
def test_an_unknown_run_is_said_in_a_sentence(site: Site, ledger: Ledger, number: str) -> None:
    answer = site.get(f"runs/{number}")
    assert answer.status_code == 404
    assert f"The ledger has no run {number}" in answer.text


@pytest.mark.parametrize("number", ["x", "0", "-1", "9223372036854775808"])
def test_what_is_no_number_is_said(site: Site, ledger: Ledger, number: str) -> None:
    assert site.get(f"runs/{number}").status_code == 422


@pytest.mark.usefixtures("run")
def test_outcomes_are_counted_by_their_reasons(site: Site) -> None:
    assert sorted(site.csv(f"{RUN}.csv")[1:]) == [
        "failed,http_404,1",
        "published,,1",
        "quarantined,not_json,1",
        "quarantined,stale,1",
        "quarantined,too_precise,1",
    ]


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["b", "c", "d", "e", "a"]),
        ("outcome=quarantined", ["c", "d", "e"]),
        ("reason=http_404", ["b"]),
        ("outcome=published&reason=stale", []),
    ],
)
def test_accounts_are_filtered_by_outcome_and_reason(site: Site, asked: str, found: list[str]) -> None:
    lines = site.csv(f"{RUN}.csv?table=outcomes&{asked}")[1:]
    assert [line.split(",")[1] for line in lines] == found


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("asked", ["reason=%00", "reason=x%27", "outcome=none", "held=0", "page=x"])
def test_a_filter_that_is_none_is_said(site: Site, asked: str) -> None:
    assert site.get(f"{RUN}?{asked}").status_code == 422


@pytest.mark.usefixtures("run")
def test_each_room_says_when_it_was_done(site: Site, ledger: Ledger) -> None:
    lines = [line.split(",") for line in site.csv(f"{RUN}.csv?table=rooms")[1:]]
    assert [line[0] for line in lines] == ["plan", "fetch", "audit", "publish", "settle"]
    finished = ledger.value("SELECT finished_at FROM sync.run")
    assert lines[-1][1] == f"{finished:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert all(int(line[2]) >= 0 for line in lines)


@pytest.mark.usefixtures("run")
def test_the_audits_rules_have_their_verdict_and_why_they_are_there(site: Site) -> None:
    lines = site.csv(f"{RUN}.csv?table=validation")
    assert any(line.startswith("too_precise,critical,broken,4,1,") for line in lines)
    assert "rounding would hide it" in site.text(RUN)


@pytest.mark.usefixtures("run")
def test_what_is_held_back_is_shown_and_never_run(site: Site) -> None:
    page = site.get(RUN).text
    assert "<script>alert" not in page
    assert "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J" in page
    said = site.text(RUN)
    assert "Held for not_json" in said
    assert "kept as evidence" in said  # why the rule is there
    assert "Ledger balance read 1.234" in said
    assert "Time named in answer yesterday" in said
    assert "Last good balance before none" in said


def test_the_last_good_balance_stands_beside_what_is_held(site: Site, ledger: Ledger) -> None:
    ledger.accounts("a")
    ledger.quick_run()
    ledger.quick_run(too_precise)
    assert "Last good balance before 120.50 EUR Available then 100.00 EUR" in site.text("runs/2")


@pytest.mark.usefixtures("run")
def test_what_no_number_is_and_what_is_very_long_is_shown_all_the_same(site: Site, ledger: Ledger) -> None:
    long = "1" * 70_000
    ledger.rows(
        "UPDATE sync.observation SET ledger_balance = 'NaN', available_balance = 1e100 WHERE account_id = 'd'"
    )
    ledger.rows("UPDATE sync.payload SET payload = :long WHERE account_id = 'd'", long=long)
    said = site.text(RUN)
    assert "Ledger balance read NaN Available balance read 1" in said
    assert "(101 characters)" in said
    assert long not in said
    assert "(70,000 characters: the CSV has all of them)" in said
    assert any(long in line for line in site.csv(f"{RUN}.csv?table=held"))


def test_the_csv_of_what_is_held_has_amounts_as_numbers_beside_their_currency(
    site: Site, ledger: Ledger
) -> None:
    ledger.accounts("a", currency="USD")
    ledger.quick_run(lambda _: Reply(account_id="a", ledger_balance=Decimal("-1234.505"), payload="-1+cmd|x"))
    (line,) = csv.DictReader(site.csv(f"{RUN}.csv?table=held"))
    assert (line["currency"], line["ledger_balance"], line["payload"]) == ("USD", "-1234.505", "'-1+cmd|x")


def test_many_held_answers_come_in_pages(site: Site, ledger: Ledger) -> None:
    ids = [f"a{n:02}" for n in range(25)]
    ledger.accounts(*ids)
    ledger.quick_run(too_precise)
    assert site.get(RUN).text.count("<article") == 20
    assert site.get(f"{RUN}?held=2").text.count("<article") == 5
    past = site.get(f"{RUN}?held=9&page=9").text
    assert (past.count("<article"), "Page 2 of 2, 25 answers" in past) == (5, True)
    assert 'held=1#held" rel="prev"' in past
    assert "No account matches" not in past
    assert len(site.csv(f"{RUN}.csv?table=held")) == 26


def test_what_a_run_holds_that_is_not_closed_yet_is_all_there(site: Site, ledger: Ledger) -> None:
    ledger.accounts(*(f"a{n:02}" for n in range(25)))
    run_no = ledger.plan()
    ledger.fetch(run_no, too_precise)
    ledger.quick_audit(run_no)
    assert "State running" in site.text(RUN)
    assert site.get(f"{RUN}?held=2").text.count("<article") == 5
    assert len(site.csv(f"{RUN}.csv?table=held")) == 26


def test_an_open_run_has_open_outcomes(site: Site, ledger: Ledger) -> None:
    ledger.plan()
    assert site.csv(f"{RUN}.csv")[1:] == ["open,,3"]
    said = site.text(RUN)
    assert "State running" in said
    assert "Nothing yet: no answer was audited." in said
    ledger.rows("UPDATE sync.run SET deadline_at = now() - interval '1 minute'")
    ledger.plan()
    assert "Nothing: no answer was audited." in site.text(RUN), "it is closed, as lost"


def test_a_run_past_its_deadline_is_lost_on_its_own_page_too(site: Site, ledger: Ledger) -> None:
    ledger.plan()
    ledger.rows("UPDATE sync.run SET deadline_at = now() - interval '1 minute'")
    assert "State lost" in site.text(RUN)
    assert site.csv("runs.csv")[1].startswith("1,lost,")


def test_a_run_past_its_retention_says_so(site: Site, run: Ledger) -> None:
    for table in ("finding", "verdict", "payload", "observation", "run_account"):
        run.rows(f"DELETE FROM sync.{table}")
    run.rows("UPDATE sync.run SET accounts_dropped_at = now(), payloads_dropped_at = now()")
    said = site.text(RUN)
    assert "deleted on" in said
    assert "The answers held back were deleted at the end of their retention period." in said


# ── Release ──────────────────────────────────────────────────────────────────────────────────────

Grant = Callable[..., None]


def balances(ledger: Ledger) -> list[Any]:
    return ledger.rows("SELECT account_id, ledger_balance FROM ledger.balance WHERE account_id = 'e'")


@pytest.mark.usefixtures("run")
def test_who_may_release_an_answer_says_why_and_it_is_published(
    site: Site, ledger: Ledger, grant: Grant
) -> None:
    grant("otto", "release")
    said = site.act(RUN, RELEASE, "otto", account_id="e", reason="The bank confirmed it.\n")
    assert said.startswith("Account e is released. Its balance is now published under the hour")
    assert "with seal 2." in said
    assert balances(ledger) == [("e", Decimal("120.50"))]
    released = ledger.rows("SELECT released_by, via, reason FROM sync.release")[0]
    assert tuple(released) == ("airflow:otto", "of_the_page", "The bank confirmed it.")
    page = site.text(RUN, "otto")
    assert "By airflow:otto, through the login of_the_page Because The bank confirmed it." in page
    assert site.csv("runs.csv")[1].split(",")[9] == "1"
    versions = site.csv("accounts/e.csv?table=versions")
    assert versions[1].endswith(",in force,,Released from quarantine by airflow:otto: The bank confirmed it.")


def test_a_later_observation_stays(site: Site, run: Ledger, grant: Grant) -> None:
    grant("otto", "release")
    run.quick_run()
    said = site.act(RUN, RELEASE, "otto", account_id="e", reason="late")
    assert "is unchanged: run 2 observed the account later in that hour." in said
    assert "had a later observation, which stays" in site.text(RUN)


@pytest.mark.usefixtures("run")
def test_the_form_is_there_for_who_may_and_for_what_can_be_released(site: Site, grant: Grant) -> None:
    assert '<form class="act"' not in site.get(RUN).text
    grant("otto", "release")
    page = site.get(RUN, "otto").text
    assert page.count('<form class="act"') == 1  # of “e”, which is old
    assert page.count("This answer can't be released: it is not a balance of this account") == 2
    grant("elsewhere", "release", entity="QB99")
    assert '<form class="act"' not in site.get(RUN, "elsewhere").text


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "unfit", "reason": "not_json", "ledger_balance": None, "available_balance": None},
        {"ledger_balance": None},
        {"ledger_balance": Decimal("NaN")},
        {"ledger_balance": Decimal("1.234")},
        {"ledger_balance": Decimal("1" * 39)},
        {"echoed_account_id": "b"},
        {"echoed_currency": "CHF"},
    ],
)
def test_there_is_no_form_where_the_ledger_refuses_whoever_asks(
    site: Site, ledger: Ledger, grant: Grant, fields: dict[str, Any]
) -> None:
    ledger.accounts("a")
    ledger.quick_run(lambda account_id: Reply(account_id=account_id, **fields))
    grant("otto", "release")
    page = site.get(RUN, "otto").text
    assert ('<form class="act"' in page, "This answer can't be released" in page) == (False, True)
    data = {"account_id": "a", "reason": "right"}
    answer = site.post(RELEASE, "otto", token=borrowed(site, "otto"), data=data)
    assert (answer.status_code, "can&#39;t be released" in answer.text) == (403, True)


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("account", "reason", "said"),
    [
        ("e", " \n", "A release needs a reason"),
        ("d", "right", "more decimals than EUR"),
        ("c", "right", "does not give both balances"),
        ("a", "right", "holds no answer of that account back"),
        ("nobody", "right", "holds no answer of that account back"),
    ],
)
def test_the_ledger_says_why_it_refuses(
    site: Site, grant: Grant, account: str, reason: str, said: str
) -> None:
    grant("otto", "release")
    assert said in site.act(RUN, RELEASE, "otto", account_id=account, reason=reason)
    assert site.csv("runs.csv")[1].split(",")[9] == "0"


@pytest.mark.usefixtures("run")
def test_a_reason_is_kept_in_lines_as_they_are_counted(site: Site, ledger: Ledger, grant: Grant) -> None:
    grant("otto", "release")
    site.act(RUN, RELEASE, "otto", account_id="e", reason="one\r\n" * 499 + "two!")
    assert ledger.value("SELECT reason FROM sync.release") == "one\n" * 499 + "two!"


@pytest.mark.usefixtures("run")
def test_an_answer_is_released_once(site: Site, ledger: Ledger, grant: Grant) -> None:
    grant("otto", "release")
    token, data = site.token(RUN, "otto"), {"account_id": "e", "reason": "right"}
    site.act(RUN, RELEASE, "otto", **data)
    assert "airflow:otto released it" in site.post(RELEASE, "otto", token=token, data=data).text
    assert len(balances(ledger)) == 1


@pytest.mark.usefixtures("run")
def test_who_may_not_release_is_refused_by_the_ledger(site: Site, ledger: Ledger, grant: Grant) -> None:
    grant("otto", "release")
    grant("peter", "prepare", "approve", "load")
    grant("elsewhere", "release", entity="QB99")
    for user in ("viewer", "peter", "elsewhere"):
        token = borrowed(site, user)
        answer = site.post(RELEASE, user, token=token, data={"account_id": "e", "reason": "right"})
        assert answer.status_code == 403
        assert "may not release for entity QB01" in answer.text
    assert balances(ledger) == []


def borrowed(site: Site, user: str) -> str:
    """A token of the user's own, though no form is on their page."""
    return new_token(site.host.secret(), Visitor(user, "one"))


@pytest.mark.usefixtures("run")
def test_nobody_acts_from_elsewhere_or_with_anothers_form(site: Site, ledger: Ledger, grant: Grant) -> None:
    grant("otto", "release")
    grant("mallory", "load")
    own, data = site.token(RUN, "otto"), {"account_id": "e", "reason": "right"}
    attempts = [
        site.post(RELEASE, "otto", token="", data=data),
        site.post(RELEASE, "otto", token=borrowed(site, "mallory"), data=data),
        site.post(RELEASE, "otto", token=own, session="another", data=data),
        site.post(RELEASE, "otto", token=own, headers={"Origin": "https://evil.example"}, data=data),
        site.post(RELEASE, "otto", token=own, headers={"Origin": None}, data=data),
    ]
    assert [answer.status_code for answer in attempts] == [403] * 5
    assert site.post(RELEASE, None, token=own, data=data).status_code == 401
    assert site.get(f"{RELEASE}?account_id=e&reason=right&token={own}", "otto").status_code == 405
    assert balances(ledger) == []


@pytest.mark.usefixtures("run")
def test_the_way_back_leads_to_what_is_held(site: Site, grant: Grant) -> None:
    grant("otto", "release")
    answer = site.post(
        RELEASE, "otto", token=site.token(RUN, "otto"), data={"account_id": "e", "reason": "right"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PREFIX}/{RUN}#held")
