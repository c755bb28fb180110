"""Audit: each rule has a row that breaks it, and nothing is published that was not looked at."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import exc

from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import AuditError, LedgerError
from qbank_ledger.sync import audit, data_docs, rules

from .conftest import Ledger, Reply

# For each rule a reply that breaks it and nothing else; a time is given as that of the reply's arrival.
BREAKING: dict[str, dict[str, Any]] = {
    "unreadable": {
        "state": "unfit", "reason": "not_json", "available_balance": None, "ledger_balance": None,
    },
    "missing_field": {"ledger_balance": None},
    "not_finite": {"ledger_balance": Decimal("NaN")},
    "too_precise": {"ledger_balance": Decimal("120.505")},
    "too_large": {"ledger_balance": Decimal("9" * 39)},
    "account_mismatch": {"echoed_account_id": "b"},
    "currency_mismatch": {"echoed_currency": "USD"},
    "bank_time_unreadable": {"echoed_as_of": "2026-01-01T00:00:00"},
    "stale": {"echoed_as_of": "old", "bank_as_of": timedelta(hours=-2)},
    "future_dated": {"echoed_as_of": "ahead", "bank_as_of": timedelta(minutes=20)},
    "observed_outside_run": {"arrived": 0.0},
}  # fmt: skip
WARNED: dict[str, dict[str, Any]] = {
    "below_minimum": {"available_balance": Decimal(1), "ledger_balance": Decimal(1)},
    "available_above_ledger": {"available_balance": Decimal("120.51")},
}


def findings(ledger: Ledger, account_id: str) -> list[Any]:
    return ledger.rows(
        "SELECT rule, severity, reason FROM sync.finding WHERE account_id = :id", id=account_id
    )


def one_differs(fields: dict[str, Any]) -> Any:
    def reply(id_: str) -> Reply:
        given = fields if id_ == "a" else {}
        if "bank_as_of" in given:
            given = {**given, "bank_as_of": datetime.now(UTC) + given["bank_as_of"]}
        return Reply(account_id=id_, **given)

    return reply


@pytest.mark.parametrize("rule", BREAKING)
def test_a_row_that_breaks_a_critical_rule_is_held_and_the_others_published(
    ledger: Ledger, rule: str
) -> None:
    fields = BREAKING[rule]
    reason = fields.get("reason", rule)
    ledger.run(one_differs(fields))
    assert findings(ledger, "a") == [(rule, "critical", reason)]
    assert ledger.rows("SELECT account_id, outcome, reasons FROM sync.outcome ORDER BY 1") == [
        ("a", "quarantined", [reason]), ("b", "published", []), ("c", "published", []),
    ]  # fmt: skip
    assert ledger.rows("SELECT account_id FROM ledger.balance ORDER BY 1") == [("b",), ("c",)]
    assert ledger.rows("SELECT account_id, payload, reasons FROM sync.quarantine") == [("a", "{}", [reason])]


def test_a_currency_is_the_same_in_any_case_and_with_blanks_around_it(ledger: Ledger) -> None:
    same = ["eur", "Eur", " EUR", "EUR ", "\teur\r\n", None]
    others = ["usd", "EU R", "EURO", "E\u00dcR", "", " ", "978"]
    said = {f"a{number}": currency for number, currency in enumerate([*same, *others])}
    ledger.accounts(*said)
    ledger.run(lambda id_: Reply(account_id=id_, echoed_currency=said[id_]))
    held = ledger.rows("SELECT account_id, echoed_currency, reasons FROM sync.quarantine")
    assert {(id_, shown) for id_, shown, _ in held} == {(i, c) for i, c in said.items() if c in others}
    assert {reason for _, _, reasons in held for reason in reasons} == {"currency_mismatch"}


@pytest.mark.parametrize("rule", WARNED)
def test_a_warning_is_written_down_and_the_row_published(ledger: Ledger, rule: str) -> None:
    ledger.accounts("a", "b", "c", minimum_balance="'50.00'")
    ledger.run(one_differs(WARNED[rule]))
    assert findings(ledger, "a") == [(rule, "warning", rule)]
    assert ledger.value("SELECT state FROM sync.run") == "complete"


def past_balances(ledger: Ledger, amounts: list[int]) -> None:
    """Balances of account a, an hour apart, the newest an hour ago."""
    ledger.plan()
    for age, amount in enumerate(reversed(amounts), start=1):
        ledger.rows("SELECT ledger.ensure_partitions(now() - make_interval(hours => :age))", age=age)
        ledger.rows(
            "INSERT INTO ledger.balance VALUES ('a', date_trunc('hour', now() - make_interval(hours => :age), 'UTC'),"
            " 1, :amount, 'EUR', now() - make_interval(hours => :age), 0, 0, 1, now() - make_interval(hours => :age))",
            age=age, amount=amount,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("past", "now", "rules"),
    [
        ([500] * 24, "500", ["unchanged_for_a_day"]),
        ([500] * 24, "501", []),
        ([500] * 23, "500", []),
        ([*[500] * 23, 501], "500", []),
        ([500, 700] * 12, "9000", ["jump"]),
        ([500, 700] * 12, "6000", []),
        ([500, 700] * 11, "9000", []),
    ],
)
def test_warnings_that_look_at_the_accounts_own_past(
    ledger: Ledger, past: list[int], now: str, rules: list[str]
) -> None:
    past_balances(ledger, past)
    ledger.run(lambda id_: Reply(account_id=id_, available_balance=Decimal(1), ledger_balance=Decimal(now)))
    assert [rule for rule, _, _ in findings(ledger, "a")] == rules


def test_every_rule_has_a_row_that_breaks_it() -> None:
    shown = {*BREAKING, *WARNED, "unchanged_for_a_day", "jump"}
    shown |= {"answers_mixed_up", "another_accounts_balance"}  # in test_lookalikes.py
    assert {rule.name for rule in rules.RULES} == shown


def test_there_are_no_two_answers_for_one_account(ledger: Ledger) -> None:
    ledger.fetch(ledger.plan())
    with pytest.raises(exc.IntegrityError, match=r"observation_.*_pkey"):
        ledger.rows("INSERT INTO sync.observation SELECT * FROM sync.observation WHERE account_id = 'a'")


def test_five_hundred_rows_that_break_one_rule_are_five_hundred_rows_held(ledger: Ledger) -> None:
    ledger.accounts(*(f"a{n:03}" for n in range(500)))
    run_no = ledger.run(lambda id_: Reply(account_id=id_, ledger_balance=Decimal("0.001")))
    assert ledger.rows("SELECT outcome, count(*) FROM sync.outcome GROUP BY 1") == [("quarantined", 500)]
    assert ledger.rows(
        "SELECT severity, success, evaluated, unexpected FROM sync.validation_result"
        " WHERE run_no = :n AND expectation = 'too_precise'", n=run_no,
    ) == [("critical", False, 500, 500)]  # fmt: skip


def test_zeros_beyond_the_minor_units_are_no_decimals_and_38_digits_are_enough(ledger: Ledger) -> None:
    ledger.run(
        lambda id_: Reply(
            account_id=id_, available_balance=Decimal("1.10000"), ledger_balance=Decimal("9" * 36 + ".99")
        )
    )
    assert ledger.value("SELECT state FROM sync.run") == "complete"


@pytest.mark.parametrize(("currency", "amount", "fit"), [
    ("JPY", "1", True), ("JPY", "1.5", False), ("BHD", "1.125", True), ("BHD", "1.1255", False),
])  # fmt: skip
def test_decimals_are_bounded_by_the_currency(ledger: Ledger, currency: str, amount: str, fit: bool) -> None:
    ledger.accounts("a", currency=currency)
    value = Decimal(amount)
    ledger.run(lambda id_: Reply(account_id=id_, available_balance=value, ledger_balance=value))
    assert ledger.value("SELECT outcome = 'published' FROM sync.outcome") is fit


def test_each_expectation_leaves_a_result_and_a_page(ledger: Ledger) -> None:
    run_no = ledger.run(lambda id_: Reply(account_id=id_, ledger_balance=Decimal("98765.43")))
    results = ledger.rows("SELECT expectation, evaluated FROM sync.validation_result")
    assert {name for name, _ in results} == {rule.name for rule in rules.RULES} | {
        "every_answer_is_looked_at"
    }
    assert {evaluated for _, evaluated in results} == {3}
    pages = list((ledger.folder / "docs" / f"run_{run_no}").rglob("*.html"))
    assert pages
    assert not any("98765.4" in page.read_text() for page in pages), "no balance in Data Docs"


def test_only_the_newest_sites_of_data_docs_are_kept(ledger: Ledger) -> None:
    older = 1_000_000 - ledger.value("SELECT coalesce(max(run_no), 0) FROM sync.run")
    for n in range(60):
        (ledger.folder / "docs" / f"run_{older + n}").mkdir(parents=True)
    (ledger.folder / "docs" / "somebody's").mkdir()
    run_no = ledger.run()
    kept = {path.name for path in (ledger.folder / "docs").iterdir()}
    assert kept == {f"run_{older + n}" for n in range(13, 60)} | {f"run_{run_no}", "somebody's"}


@pytest.mark.parametrize("place", ["/proc/nowhere", "a file/docs"])
def test_a_report_that_can_not_be_kept_is_one_warning_and_costs_nothing(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    (ledger.folder / "a file").touch()
    run_no = ledger.plan()
    ledger.fetch(run_no)
    assert audit.audit_run(ledger.engine, run_no, ledger.folder / place) == 3
    assert ledger.publish(run_no) == 3
    (warning,) = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert f"The audit's report of run {run_no} is not kept in {ledger.folder / place}: " in warning
    assert "set QBANK_DOCS to" in warning


def test_a_store_that_does_not_answer_holds_the_audit_for_a_while_only(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_docs, "_PATIENCE_S", 0.2)
    released = threading.Event()
    monkeypatch.setattr(data_docs, "_copy", lambda *_: released.wait(60))
    run_no = ledger.plan()
    ledger.fetch(run_no)
    try:
        assert ledger.audit(run_no) == 3
    finally:
        released.set()
    assert "is not kept in" in caplog.text
    assert "it took more than" in caplog.text


def test_without_a_place_for_reports_there_is_none_and_no_word_of_it(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    assert audit.audit_run(ledger.engine, run_no, None) == 3
    assert [each for each in caplog.records if each.levelname == "WARNING"] == []


def broken(rule: str, predicate: str) -> tuple[rules.AuditRule, ...]:
    return tuple(replace(each, predicate=predicate) if each.name == rule else each for each in rules.RULES)


@pytest.mark.parametrize("predicate", ["no_such_column", "1/0 > 0"])
def test_a_rule_that_raises_blocks_publishing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, predicate: str
) -> None:
    monkeypatch.setattr(audit, "RULES", broken("stale", predicate))
    run_no = ledger.plan()
    ledger.fetch(run_no)
    with pytest.raises(AuditError, match="Rule stale could not be evaluated"):
        ledger.audit(run_no)
    assert ledger.publish(run_no) == 0
    ledger.close(run_no)
    assert ledger.rows("SELECT DISTINCT outcome, reasons FROM sync.outcome") == [("failed", ["audit_error"])]


def test_a_rule_that_counts_otherwise_for_gx_and_for_the_ledger_blocks_publishing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # True of every row for GX's session, of none for the ledger's.
    odd = "current_query() LIKE 'SELECT%'"
    monkeypatch.setattr(audit, "RULES", broken("stale", odd))
    run_no = ledger.plan()
    ledger.fetch(run_no)
    with pytest.raises(AuditError, match=r"Rule stale matched 3 rows .* and 0 for the ledger"):
        ledger.audit(run_no)
    assert ledger.value("SELECT count(*) FROM sync.verdict") == 0


def test_an_audit_that_saw_fewer_rows_blocks_publishing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    real = audit.evaluate
    monkeypatch.setattr(
        audit, "evaluate", lambda url, run, answers, *rest: real(url, run, answers + 1, *rest)
    )
    with pytest.raises(AuditError, match="saw 3 of 4 answers"):
        ledger.audit(run_no)


def test_whatever_login_libpq_takes_may_audit(ledger: Ledger) -> None:
    """Great Expectations would refuse the URL: it gets a connection, and no URL."""
    login, password = f"the runs of {ledger.url.database}", "a b+c/d"
    ledger.rows(f"CREATE ROLE \"{login}\" LOGIN PASSWORD '{password}' IN ROLE qbank_loader")
    try:
        run_no = ledger.plan()
        ledger.fetch(run_no)
        engine = engine_for(ledger.url.set(username=login, password=password))
        assert audit.audit_run(engine, run_no, ledger.folder / "docs") == 3
    finally:
        ledger.rows(f'DROP ROLE "{login}"')


def test_an_account_without_an_observation_is_not_attempted(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no, [Reply(account_id="a")])
    assert ledger.audit(run_no) == 1
    ledger.publish(run_no)
    assert ledger.close(run_no) == "partial"
    assert ledger.rows("SELECT account_id, outcome, reasons, attempts FROM sync.outcome ORDER BY 1") == [
        ("a", "published", [], 1), ("b", "failed", ["not_attempted"], 0), ("c", "failed", ["not_attempted"], 0),
    ]  # fmt: skip


def test_a_closed_run_is_not_audited(ledger: Ledger) -> None:
    run_no = ledger.plan()
    ledger.fetch(run_no)
    ledger.close(run_no)
    with pytest.raises(LedgerError, match="was closed while it was audited"):
        ledger.audit(run_no)


def test_auditing_again_changes_nothing(ledger: Ledger) -> None:
    run_no = ledger.run(one_differs({"ledger_balance": Decimal("1.001")}))
    before = ledger.rows("SELECT * FROM sync.verdict ORDER BY account_id")
    ledger.rows("UPDATE sync.run SET state = 'running'")
    assert ledger.audit(run_no) == 2
    assert ledger.rows("SELECT * FROM sync.verdict ORDER BY account_id") == before
