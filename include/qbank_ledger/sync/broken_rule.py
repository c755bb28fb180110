"""A rule to Great Expectations: an expectation that no answer breaks it, and the metric that counts who does.

The metric is an aggregate over the whole batch, and Great Expectations asks for all such in one query: the
answers are read once. Its own expectations of a query or a column read them once each. Only gx.py imports
this, where it is used, as it imports Great Expectations.
"""

from typing import Any, ClassVar

from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from sqlalchemy import column, func

_METRIC = "qbank_ledger.rows_that_break"


class RowsThatBreak(TableMetricProvider):  # type: ignore[misc]  # Any to mypy
    """How many rows of a batch have true in the column of a rule."""

    metric_name = _METRIC
    value_keys = ("rule",)

    @metric_partial(  # type: ignore[untyped-decorator]
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _count(
        cls: Any, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: Any
    ) -> tuple[Any, Any, Any]:
        broken: Any = column(metric_value_kwargs["rule"])
        return func.count().filter(broken), metric_domain_kwargs, {}


class ExpectNoRowToBreak(BatchExpectation):  # type: ignore[misc]
    """Expect that no row of the batch has true in the column that has the rule's name."""

    rule: str

    metric_dependencies: ClassVar[tuple[str, ...]] = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("rule",)
    args_keys: ClassVar[tuple[str, ...]] = ("rule",)

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        broken = metrics[_METRIC]
        return {"success": broken == 0, "result": {"observed_value": broken}}
