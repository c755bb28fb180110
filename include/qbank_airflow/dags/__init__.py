"""The DAGs, each a function that makes one: call it in a DAG file of yours, with what is yours.

Their files are those of the repository's folder ``dags``; the wheel has them in this package.
"""

from pathlib import Path

_IN_THE_REPOSITORY = Path(__file__).parents[3] / "dags"
if (_IN_THE_REPOSITORY / "qbank_balance_sync.py").is_file():
    __path__.append(str(_IN_THE_REPOSITORY))

from qbank_airflow.dags.qbank_balance_sync import qbank_balance_sync  # noqa: E402
from qbank_airflow.dags.qbank_reconciliation import qbank_reconciliation  # noqa: E402
from qbank_airflow.dags.qbank_watch import qbank_watch  # noqa: E402

__all__ = ["qbank_balance_sync", "qbank_reconciliation", "qbank_watch"]
