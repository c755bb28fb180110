"""Audit: which answers of a run are fit to publish, decided in PostgreSQL by the rules as data.

Great Expectations gives each rule's verdict, its count and Data Docs; the same predicate, set at a
time, writes ``sync.finding``. GX lists 20 failing rows by default and 200 at most, so the rows never
come from it. The two counts must agree, and a gate proves that the audit looked at every answer:
where it can't, nothing may be published.
"""

import logging
import os
import re
import shutil
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from qbank_ledger.db.transaction import in_transaction, patiently, plan_for_sets
from qbank_ledger.errors import AuditError, LedgerError, LedgerUnavailableError, RunRefusedError
from qbank_ledger.expectations import RULES, Rule
from qbank_ledger.sql import execute

log = logging.getLogger(__name__)

_SITES_KEPT = 48
_GATE = "every_answer_is_looked_at"
_AWAY = re.compile(
    r"psycopg2\.(OperationalError|InterfaceError|errors\.(AdminShutdown|CrashShutdown|CannotConnectNow))"
)
_NOWHERE = "postgresql+psycopg2://nobody@nowhere/ledger"  # says the dialect; the connections are ours


@dataclass(frozen=True, slots=True)
class _Result:
    """GX's verdict on one expectation; ``count`` is of broken rows, for the gate of rows seen."""

    name: str
    severity: str
    success: bool
    count: int


def audit_run(engine: Engine, run_no: int, docs: Path) -> int:
    """Write findings and verdicts for every answer of an open run; returns how many are fit.

    First makes a ``not_attempted`` of every account without an observation. Auditing again changes
    nothing that was decided. Data Docs go to ``docs``/run_N, the newest 48 are kept. Raises
    AuditError when a rule can't be evaluated or the audit can't prove that it looked.
    """

    def begin(connection: Connection) -> int:
        execute(connection, "stage_not_attempted", run_no=run_no)
        answers = _check_complete(connection, run_no)
        _find_lookalikes(connection, run_no)
        return answers

    answers = in_transaction(engine, begin)
    results = patiently(lambda: _expect(engine, run_no, answers, docs)) if answers else []
    fit = in_transaction(engine, lambda connection: _decide(connection, run_no, answers, results))
    log.info("audit: run %s has %s answers, %s fit to publish", run_no, answers, fit)
    return fit


def _decide(connection: Connection, run_no: int, answers: int, results: list[_Result]) -> int:
    """Write results, findings and verdicts; returns how many answers are fit."""
    if execute(connection, "hold_run", run_no=run_no).one().state != "running":
        raise RunRefusedError(
            f"Run {run_no} was closed while it was audited: clear its fetch with what follows."
        )
    if _check_complete(connection, run_no) != answers:
        raise AuditError(f"Answers of run {run_no} changed while they were audited: clear the audit task.")
    _keep_results(connection, run_no, results, answers)
    for rule in RULES if answers else ():
        _find(connection, run_no, rule, results)
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
    plan_for_sets(connection)
    since = execute(connection, "recent_runs", run_no=run_no).scalar_one()
    execute(connection, "find_lookalikes", run_no=run_no, since=since)


def _find(connection: Connection, run_no: int, rule: Rule, results: list[_Result]) -> None:
    """Write the rule's findings; their number must be GX's."""
    connection.execute(
        text(
            "INSERT INTO sync.finding (run_no, account_id, rule, severity, reason)"
            " SELECT s.run_no, s.account_id, :rule, :severity, coalesce(s.reason, :rule)"
            f" FROM sync.audit_subject AS s WHERE s.run_no = :run_no AND ({rule.predicate})"
            " ON CONFLICT DO NOTHING"
        ),
        {"run_no": run_no, "rule": rule.name, "severity": rule.severity},
    )
    found = connection.execute(
        text("SELECT count(*) FROM sync.finding WHERE run_no = :run_no AND rule = :rule"),
        {"run_no": run_no, "rule": rule.name},
    ).scalar_one()
    expected = next(result.count for result in results if result.name == rule.name)
    if found != expected:
        raise AuditError(
            f"Rule {rule.name} matched {expected} rows of run {run_no} for Great Expectations and {found} "
            "for the ledger: not published."
        )


def _keep_results(connection: Connection, run_no: int, results: list[_Result], answers: int) -> None:
    connection.execute(text("DELETE FROM sync.validation_result WHERE run_no = :run_no"), {"run_no": run_no})
    if results:
        connection.execute(
            text(
                "INSERT INTO sync.validation_result VALUES"
                " (:run_no, :expectation, :severity, :success, :evaluated, :unexpected)"
            ),
            [
                {
                    "run_no": run_no,
                    "expectation": result.name,
                    "severity": result.severity,
                    "success": result.success,
                    "evaluated": answers,
                    "unexpected": 0 if result.name == _GATE else result.count,
                }
                for result in results
            ],
        )


def _expect(engine: Engine, run_no: int, answers: int, docs: Path) -> list[_Result]:
    """Let Great Expectations evaluate every rule over the run's answers, in PostgreSQL."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # Hundreds of lines a run that say nothing, and some that would print a balance.
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings(), _lost_connections():
        warnings.simplefilter("ignore")
        import great_expectations as gx  # noqa: PLC0415 - 4 s and 230 MB: only where it is used
        import great_expectations.expectations as gxe  # noqa: PLC0415

        context = gx.get_context(mode="ephemeral", project_config=_project(_new_site(docs, run_no)))
        asset = context.data_sources.add_postgres(
            "ledger", connection_string=_NOWHERE, kwargs={"creator": lambda: _connected(engine)}
        ).add_query_asset(
            f"run_{run_no}", query=f"SELECT * FROM sync.audit_subject WHERE run_no = {int(run_no)}"
        )
        suite = gx.ExpectationSuite(name="balances")
        suite.add_expectation(
            gxe.ExpectTableRowCountToEqual(value=answers, severity="critical", meta={"rule": _GATE})
        )
        for rule in RULES:
            suite.add_expectation(_expectation(gxe, rule))
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(
                name="balances",
                data=asset.add_batch_definition_whole_table("answers"),
                suite=context.suites.add(suite),
            )
        )
        checkpoint = gx.Checkpoint(
            name="audit",
            validation_definitions=[definition],
            actions=[gx.checkpoint.UpdateDataDocsAction(name="docs", site_names=["run"])],
            result_format="BASIC",
        )
        outcome = context.checkpoints.add(checkpoint).run()
    validated = next(iter(outcome.run_results.values()))
    return _results(run_no, answers, validated.results)


@contextmanager
def _lost_connections() -> Iterator[None]:
    """Great Expectations wraps what psycopg2 raises in errors of its own."""
    try:
        yield
    except LedgerError:
        raise
    except Exception:
        _raise_if_away(traceback.format_exc())
        raise


def _raise_if_away(said: str) -> None:
    if _AWAY.search(said):
        raise LedgerUnavailableError(
            "The ledger database went away while it was audited: check that it is up."
        )


def _connected(engine: Engine) -> Any:
    """A connection of our own for GX, which refuses URLs that libpq takes, and shows them as it does."""
    lent = engine.raw_connection()
    lent.detach()
    return lent.dbapi_connection


def _project(site: Path) -> Any:
    """GX's project: everything in memory but one site of Data Docs (else it leaves one in /tmp)."""
    from great_expectations.data_context.types import base  # noqa: PLC0415 - as above

    return base.DataContextConfig(
        store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={
            "run": {
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
            }
        },
        progress_bars=base.ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )


def _expectation(gxe: Any, rule: Rule) -> Any:
    """The rule as an expectation that selects account ids only: what GX selects, it shows."""
    predicate = rule.predicate.replace("{", "{{").replace("}", "}}")
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"SELECT s.account_id FROM (SELECT * FROM {{batch}}) AS s WHERE {predicate}",
        description=f"{rule.name}: {rule.why}",
        severity=rule.severity,
        meta={"rule": rule.name},
    )


def _results(run_no: int, answers: int, results: Any) -> list[_Result]:
    """The verdicts, once each expectation was evaluated, over every answer."""
    found = []
    for result in results:
        name = result.expectation_config.meta["rule"]
        if result.exception_info.get("raised_exception", True) or "observed_value" not in result.result:
            _raise_if_away(str(result.exception_info))
            raise AuditError(f"Rule {name} could not be evaluated for run {run_no}: not published.")
        severity = str(getattr(result.expectation_config.severity, "value", "critical"))
        found.append(_Result(name, severity, bool(result.success), int(result.result["observed_value"])))
    missing = {rule.name for rule in RULES} | {_GATE}
    if missing != {result.name for result in found} or len(found) != len(RULES) + 1:
        raise AuditError(f"Great Expectations did not evaluate every rule for run {run_no}: not published.")
    seen = next(result.count for result in found if result.name == _GATE)
    if seen != answers:
        raise AuditError(
            f"Great Expectations saw {seen} of {answers} answers of run {run_no}: not published."
        )
    return found


def _new_site(docs: Path, run_no: int) -> Path:
    """A folder of its own for the run's Data Docs; the oldest beyond 48 go."""
    docs.mkdir(parents=True, exist_ok=True)
    sites = sorted(docs.glob("run_*"), key=lambda path: path.stat().st_mtime)
    for old in sites[: max(0, len(sites) - _SITES_KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)
    site = docs / f"run_{run_no}"
    shutil.rmtree(site, ignore_errors=True)
    return site
