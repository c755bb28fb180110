"""Audit: which answers of a run are fit to publish, decided in PostgreSQL by the rules as data.

Great Expectations gives each rule's verdict, its count and Data Docs, in one pass over the answers; the same
predicates, in another, write ``sync.finding``. GX lists 20 failing rows by default and 200 at most, so the
rows never come from it. The two counts must agree, and a gate proves that the audit looked at every answer:
where it can't, nothing may be published.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from qbank_ledger.db.transaction import in_transaction, patiently, plan_for_sets
from qbank_ledger.errors import AuditError, MovedError, RunRefusedError
from qbank_ledger.sync.data_docs import keep
from qbank_ledger.sync.gx import GATE, Result, evaluate
from qbank_ledger.sync.rules import RULES
from qbank_ledger.sync.run import lock_run
from qbank_ledger.sync.sql import execute

log = logging.getLogger(__name__)

_LOOKS = 3  # at what may move under the audit; a rule that is never the same twice is wrong


def audit_run(engine: Engine, run_no: int, docs: Any = None) -> int:
    """Write findings and verdicts for every answer of an open run; returns how many are fit.

    First makes a ``not_attempted`` of every account without an observation. Auditing again changes
    nothing that was decided. Where another run published meanwhile, or an answer came, it looks again. Data
    Docs go to ``docs`` (see data_docs.py), where it is given. Raises AuditError when a rule can't be
    evaluated or the audit can't prove that it looked.
    """
    for look in range(1, _LOOKS + 1):
        try:
            return _audit(engine, run_no, docs)
        except MovedError as error:
            if look == _LOOKS:
                raise
            log.warning("audit: %s Looking again.", error)
    raise AssertionError("unreachable")


def _audit(engine: Engine, run_no: int, docs: Any) -> int:
    """One look at every answer, and what it decides; where anything moved under it, nothing is kept."""

    def begin(connection: Connection) -> int:
        plan_for_sets(connection)
        execute(connection, "add_not_attempted", run_no=run_no)
        answers = _check_complete(connection, run_no)
        _find_lookalikes(connection, run_no)
        return answers

    answers = in_transaction(engine, begin)
    results: list[Result] = []
    build: Callable[[Path], None] | None = None
    if answers:
        results, build = patiently(lambda: evaluate(engine, run_no, answers, RULES))
    fit = in_transaction(engine, lambda connection: _decide(connection, run_no, answers, results))
    log.info("audit: run %s has %s answers, %s fit to publish", run_no, answers, fit)
    if docs is not None and build is not None:
        keep(docs, run_no, build)
    return fit


def _decide(connection: Connection, run_no: int, answers: int, results: list[Result]) -> int:
    """Write results, findings and verdicts; returns how many answers are fit."""
    plan_for_sets(connection)
    if lock_run(connection, run_no).state != "running":
        raise RunRefusedError(
            f"Run {run_no} was closed while it was audited: clear its fetch with everything downstream."
        )
    if _check_complete(connection, run_no) != answers:
        raise MovedError(f"Answers of run {run_no} changed while they were audited: clear the audit task.")
    _store_results(connection, run_no, results, answers)
    if answers:
        _find(connection, run_no, results)
    execute(connection, "write_verdicts", run_no=run_no)
    verdicts = execute(connection, "count_verdicts", run_no=run_no).one()
    if verdicts.audited != answers:
        raise AuditError(
            f"Run {run_no} has {answers} answers and {verdicts.audited} verdicts: not published."
        )
    return int(verdicts.fit)


def _check_complete(connection: Connection, run_no: int) -> int:
    """The number of answers, once there is an observation for every account of the run."""
    row = execute(connection, "count_observations", run_no=run_no).one()
    if row.observed != row.expected:
        raise AuditError(
            f"Run {run_no} has {row.observed} observations for {row.expected} accounts: not published."
        )
    return int(row.answers)


def _find_lookalikes(connection: Connection, run_no: int) -> None:
    """Write down which answers are exactly another account's: once for the run, not once for each rule."""
    since = execute(connection, "recent_runs", run_no=run_no).scalar_one()
    execute(connection, "find_lookalikes", run_no=run_no, since=since)


def _find(connection: Connection, run_no: int, results: list[Result]) -> None:
    """Write the findings of all rules; their numbers must be GX's."""
    broken = " OR ".join(f"({rule.predicate})" for rule in RULES)
    each = ", ".join(f"('{rule.name}', '{rule.severity}', ({rule.predicate}))" for rule in RULES)
    # Which rules they break is asked only of the answers that break any.
    connection.execute(
        text(
            "INSERT INTO sync.finding (run_no, account_id, rule, severity, reason)"
            " SELECT s.run_no, s.account_id, r.name, r.severity, coalesce(s.reason, r.name)"
            " FROM (SELECT * FROM sync.audit_subject WHERE run_no = :run_no OFFSET 0) AS s,"
            f" LATERAL (VALUES {each}) AS r (name, severity, is_broken)"
            f" WHERE ({broken}) AND r.is_broken ON CONFLICT DO NOTHING"
        ),
        {"run_no": run_no},
    )
    found = {row.rule: row.found for row in execute(connection, "count_findings", run_no=run_no)}
    counted = {result.name: result.count for result in results if result.name != GATE}
    for name, count in counted.items():
        if found.get(name, 0) != count:
            raise MovedError(
                f"Rule {name} matched {count} rows of run {run_no} for Great Expectations and "
                f"{found.get(name, 0)} for the ledger: not published."
            )


def _store_results(connection: Connection, run_no: int, results: list[Result], answers: int) -> None:
    connection.execute(text("DELETE FROM sync.validation_result WHERE run_no = :run_no"), {"run_no": run_no})
    if results:
        connection.execute(
            text(
                "INSERT INTO sync.validation_result"
                " (run_no, expectation, severity, success, evaluated, unexpected)"
                " VALUES (:run_no, :expectation, :severity, :success, :evaluated, :unexpected)"
            ),
            [
                {
                    "run_no": run_no,
                    "expectation": result.name,
                    "severity": result.severity,
                    "success": result.success,
                    "evaluated": answers,
                    "unexpected": 0 if result.name == GATE else result.count,
                }
                for result in results
            ],
        )
