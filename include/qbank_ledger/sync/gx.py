"""Great Expectations: evaluates the rules over a run's answers, in PostgreSQL, and makes Data Docs of it.

Its verdicts and counts are what audit.py holds against its own; rows never come from it.
"""

import logging
import os
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from qbank_ledger.errors import AuditError, LedgerError, LedgerUnavailableError, MovedError
from qbank_ledger.sync.deferred import deferred
from qbank_ledger.sync.rules import AuditRule

GATE = "every_answer_is_looked_at"
# Of expectations that are none of ours: charts and distributions, 40 % of the import's time and 80 MB.
_UNUSED = ("altair", "scipy.stats")

# What passes, as the other rooms wait for it.
_AWAY = re.compile(
    r"psycopg2\.(OperationalError|InterfaceError|errors\.(AdminShutdown|CrashShutdown|CannotConnectNow"
    r"|DiskFull|OutOfMemory|TooManyConnections|QueryCanceled|LockNotAvailable|DeadlockDetected))"
)
_NOWHERE = "postgresql+psycopg2://nobody@nowhere/ledger"  # says the dialect; the connections are ours


@dataclass(frozen=True, slots=True)
class Result:
    """GX's verdict on one rule; ``count`` is of the rows that break it, for the gate of those seen."""

    name: str
    severity: str
    success: bool
    count: int


def evaluate(
    engine: Engine, run_no: int, answers: int, rules: Sequence[AuditRule]
) -> tuple[list[Result], Callable[[Path], None]]:
    """The verdict on each rule over the run's answers, and on the gate, that there were ``answers`` of them.

    With them what builds Data Docs of it, a site in a folder. Raises AuditError when a rule was not
    evaluated over every answer, LedgerUnavailableError when the database goes away.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # Hundreds of lines a run that say nothing, and some that would print a balance.
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    with warnings.catch_warnings(), _lost_connections():
        warnings.simplefilter("ignore")
        with deferred(*_UNUSED):
            import great_expectations as gx  # noqa: PLC0415 - 2 s and 150 MB: only where it is used

            from qbank_ledger.sync.broken_rule import ExpectNoRowToBreak  # noqa: PLC0415 - as above

        context = gx.get_context(mode="ephemeral", project_config=_project())
        asset = context.data_sources.add_postgres(
            "ledger", connection_string=_NOWHERE, kwargs={"creator": lambda: _connected(engine)}
        ).add_query_asset(f"run_{run_no}", query=_broken(run_no, rules))
        suite = gx.ExpectationSuite(name="balances")
        suite.add_expectation(
            gx.expectations.ExpectTableRowCountToEqual(
                value=answers, severity="critical", meta={"rule": GATE}
            )
        )
        for rule in rules:
            # What GX selects, it shows: it counts, and selects nothing.
            suite.add_expectation(
                ExpectNoRowToBreak(
                    rule=rule.name,
                    description=f"{rule.name}: {rule.why}",
                    severity=rule.severity,
                    meta={"rule": rule.name},
                )
            )
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
            result_format="BASIC",
        )
        outcome = context.checkpoints.add(checkpoint).run()
    validated = next(iter(outcome.run_results.values()))
    return _results(engine, run_no, answers, rules, validated.results), partial(_build, context)


def _build(context: Any, site: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.add_data_docs_site(
            site_name="run",
            site_config={
                "class_name": "SiteBuilder",
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
            },
        )
        context.build_data_docs(site_names=["run"])


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
            "The connection to the ledger database was lost during the audit: check that the database is up."
        )


def _connected(engine: Engine) -> Any:
    """A connection of our own for GX, which refuses URLs that libpq takes, and shows them as it does."""
    lent = engine.raw_connection()
    lent.detach()
    connection: Any = lent.dbapi_connection
    connection.plan_for_sets()
    return connection


def _project() -> Any:
    """GX's project: everything in memory, without a site of Data Docs (else it leaves one in /tmp)."""
    from great_expectations.data_context.types import base  # noqa: PLC0415 - as above

    return base.DataContextConfig(
        store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={},
        progress_bars=base.ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )


def _broken(run_no: int, rules: Sequence[AuditRule]) -> str:
    """The batch: a row for each answer of the run, a column for each rule: whether it breaks it."""
    columns = ", ".join(f'({rule.predicate}) AS "{rule.name}"' for rule in rules)
    # Not to be taken apart: each column of an answer is found once, not once for each rule that speaks of it.
    return (
        f"SELECT {columns} FROM (SELECT * FROM sync.audit_subject WHERE run_no = {int(run_no)} OFFSET 0) AS s"
    )


def _results(
    engine: Engine, run_no: int, answers: int, rules: Sequence[AuditRule], results: Any
) -> list[Result]:
    """The verdicts, once each expectation was evaluated, over every answer."""
    found = []
    for result in results:
        name = result.expectation_config.meta["rule"]
        if result.exception_info.get("raised_exception", True) or "observed_value" not in result.result:
            _raise_if_away(str(result.exception_info))
            if name == GATE:
                name = _no_sql(engine, rules) or name
            raise AuditError(f"Rule {name} could not be evaluated for run {run_no}: not published.")
        severity = str(getattr(result.expectation_config.severity, "value", "critical"))
        found.append(Result(name, severity, bool(result.success), int(result.result["observed_value"])))
    missing = {rule.name for rule in rules} | {GATE}
    if missing != {result.name for result in found} or len(found) != len(rules) + 1:
        raise AuditError(f"Great Expectations did not evaluate every rule for run {run_no}: not published.")
    seen = next(result.count for result in found if result.name == GATE)
    if seen != answers:
        raise MovedError(
            f"Great Expectations saw {seen} of {answers} answers of run {run_no}: not published."
        )
    return found


def _no_sql(engine: Engine, rules: Sequence[AuditRule]) -> str | None:
    """The first rule that is none to PostgreSQL: it leaves no expectation a batch to look at."""
    for rule in rules:
        try:
            with engine.connect() as connection:
                connection.execute(text(f"SELECT {rule.predicate} FROM sync.audit_subject AS s LIMIT 0"))
        except ProgrammingError:
            return rule.name
    return None
