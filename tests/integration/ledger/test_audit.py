"""Audit: each rule has a row that breaks it, and nothing is published that was not looked at."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, exc

from qbank_ledger.db import session
from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import AuditError, LedgerError
from qbank_ledger.sync import audit, data_docs, rules
from tests.words.ledger import Ledger, Reply, failed

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


def findings(ledger: Ledger) -> list[Any]:
    """Every finding, by account."""
    return ledger.rows(
        "SELECT account_id, rule, severity, reason FROM sync.finding ORDER BY account_id, rule"
    )


def each(answers: dict[str, dict[str, Any]]) -> Callable[[str], Reply]:
    """For each account a good answer but for its fields."""

    def reply(id_: str) -> Reply:
        given = answers.get(id_, {})
        if "bank_as_of" in given:
            given = {**given, "bank_as_of": datetime.now(UTC) + given["bank_as_of"]}
        return Reply(account_id=id_, **given)

    return reply


def test_a_row_that_breaks_a_critical_rule_is_held_and_the_others_published(ledger: Ledger) -> None:
    """In one run, an account for each rule."""
    ledger.accounts("b", "c", *BREAKING)
    ledger.run(each(BREAKING))
    reasons = {rule: fields.get("reason", rule) for rule, fields in sorted(BREAKING.items())}
    assert findings(ledger) == [(rule, rule, "critical", reason) for rule, reason in reasons.items()]
    assert ledger.rows("SELECT account_id, outcome, reasons FROM sync.outcome ORDER BY 1") == sorted(
        [(rule, "quarantined", [reason]) for rule, reason in reasons.items()]
        + [("b", "published", []), ("c", "published", [])]
    )
    assert ledger.rows("SELECT account_id FROM ledger.balance ORDER BY 1") == [("b",), ("c",)]
    assert ledger.rows("SELECT account_id, payload, reasons FROM sync.quarantine ORDER BY 1") == [
        (rule, "{}", [reason]) for rule, reason in reasons.items()
    ]
    assert ledger.rows(
        "SELECT expectation FROM sync.validation_result WHERE NOT success AND unexpected = 1 ORDER BY 1"
    ) == [(rule,) for rule in reasons], "Great Expectations saw each of them, and once"


def test_a_currency_is_the_same_in_any_case_and_with_blanks_around_it(ledger: Ledger) -> None:
    same = ["eur", "Eur", " EUR", "EUR ", "\teur\r\n", None]
    others = ["usd", "EU R", "EURO", "E\u00dcR", "", " ", "978"]
    said = {f"a{number}": currency for number, currency in enumerate([*same, *others])}
    ledger.accounts(*said)
    ledger.run(lambda id_: Reply(account_id=id_, echoed_currency=said[id_]))
    held = ledger.rows("SELECT account_id, echoed_currency, reasons FROM sync.quarantine")
    assert {(id_, shown) for id_, shown, _ in held} == {(i, c) for i, c in said.items() if c in others}
    assert {reason for _, _, reasons in held for reason in reasons} == {"currency_mismatch"}


# An account's balances of the hours before, what it answers now, and the warning that follows.
OWN_PAST: dict[str, tuple[list[int], str, list[str]]] = {
    "still": ([500] * 24, "500", ["unchanged_for_a_day"]),
    "moved-now": ([500] * 24, "501", []),
    "still-for-less": ([500] * 23, "500", []),
    "moved-this-day": ([*[500] * 23, 501], "500", []),
    "jumped": ([500, 700] * 12, "9000", ["jump"]),
    "grew": ([500, 700] * 12, "6000", []),
    "jumped-when-new": ([500, 700] * 11, "9000", []),
    # As near to its last balance as a jump can be.
    "jumped-near-the-last": ([*[0] * 23, 100], "1005", ["jump"]),
    "gone-negative": ([20] * 24, "-181", ["available_above_ledger", "below_minimum", "jump"]),
    "from-nought": ([0] * 24, "60", ["jump"]),
}


def past_balances(ledger: Ledger, account_id: str, amounts: list[int]) -> None:
    """Balances of an account, an hour apart, the newest an hour ago."""
    ledger.rows(
        "SELECT ledger.ensure_partitions(now() - make_interval(hours => age)) FROM generate_series(1, 24) AS age"
    )
    ledger.rows(
        "INSERT INTO ledger.balance SELECT :id, date_trunc('hour', at, 'UTC'), 1, amount, 'EUR', at, 0, 0, 1, at"
        " FROM unnest(CAST(:amounts AS numeric[])) WITH ORDINALITY AS past (amount, age),"
        " LATERAL (SELECT now() - make_interval(hours => age::int)) AS t (at)",
        id=account_id, amounts=amounts[::-1],
    )  # fmt: skip


def test_a_warning_is_written_down_and_the_row_published(ledger: Ledger) -> None:
    """In one run, an account for each warning, and for each past of its own."""
    ledger.accounts("b", "c", *WARNED, *OWN_PAST, minimum_balance="'50.00'")
    ledger.plan()
    for id_, (past, _, _) in OWN_PAST.items():
        past_balances(ledger, id_, past)
    own_past = {
        id_: {"available_balance": Decimal(1), "ledger_balance": Decimal(now)}
        for id_, (_, now, _) in OWN_PAST.items()
    }
    run_no = ledger.run(each(WARNED | own_past))
    warned = {rule: [rule] for rule in WARNED} | {id_: rules_ for id_, (*_, rules_) in OWN_PAST.items()}
    assert findings(ledger) == sorted(
        (id_, rule, "warning", rule) for id_, rules_ in warned.items() for rule in rules_
    )
    assert ledger.value("SELECT state FROM sync.run WHERE run_no = :n", n=run_no) == "complete"


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


def test_decimals_are_bounded_by_the_currency(ledger: Ledger) -> None:
    said = {"JPY": ("1", "1.5"), "BHD": ("1.125", "1.1255")}
    amounts = {f"{currency}-{amount}": Decimal(amount) for currency in said for amount in said[currency]}
    ids = {id_.replace(".", "_"): id_ for id_ in amounts}
    lines = "".join(
        f"  - {{account_id: {id_}, currency: {id_[:3]}, entity: QB01, gl_account: '1100'}}\n" for id_ in ids
    )
    ledger.file.write_text(f"accounts:\n{lines}")
    ledger.run(
        lambda id_: Reply(
            account_id=id_, available_balance=amounts[ids[id_]], ledger_balance=amounts[ids[id_]]
        )
    )
    assert dict(ledger.rows("SELECT account_id, reasons FROM sync.outcome")) == {
        "JPY-1": [], "JPY-1_5": ["too_precise"], "BHD-1_125": [], "BHD-1_1255": ["too_precise"],
    }  # fmt: skip


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
    return tuple(replace(one, predicate=predicate) if one.name == rule else one for one in rules.RULES)


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


@pytest.mark.parametrize("moved", ["a balance", "an answer"])
def test_what_moved_under_the_audit_is_looked_at_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, moved: str
) -> None:
    """An operator releases a balance, or a fetch that was thought dead adds an answer: no hour is lost to that."""
    ledger.accounts("a", "b", "c")
    run_no = ledger.plan()
    ledger.fetch(run_no, lambda id_: failed(id_) if id_ == "c" else Reply(account_id=id_))
    real, looks = audit.evaluate, []

    def moving(engine: Engine, run: int, answers: int, rules_: Any) -> Any:
        found = real(engine, run, answers, rules_)
        looks.append(answers)
        if len(looks) == 1 and moved == "an answer":
            ledger.fetch(run_no)
        elif len(looks) == 1:
            results, build = found
            return [replace(each, count=each.count + (each.name == "jump")) for each in results], build
        return found

    monkeypatch.setattr(audit, "evaluate", moving)
    fit = 3 if moved == "an answer" else 2
    assert ledger.audit(run_no) == fit
    assert looks == [2, fit]


def test_great_expectations_reads_the_answers_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    execute = session._Cursor.execute

    def noting(self: Any, query: Any, *arguments: Any) -> Any:
        asked.append(str(query))
        return execute(self, query, *arguments)

    monkeypatch.setattr(session._Cursor, "execute", noting)
    ledger.run()
    counting = [query for query in asked if "audit_subject" in query and "FILTER" in query]
    assert len(counting) == 1, "a query for all rules, and not one for each"
    assert all(f'"{rule.name}"' in counting[0] for rule in rules.RULES)


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
    run_no = ledger.run(each({"a": {"ledger_balance": Decimal("1.001")}}))
    before = ledger.rows("SELECT * FROM sync.verdict ORDER BY account_id")
    ledger.rows("UPDATE sync.run SET state = 'running'")
    assert ledger.audit(run_no) == 2
    assert ledger.rows("SELECT * FROM sync.verdict ORDER BY account_id") == before
