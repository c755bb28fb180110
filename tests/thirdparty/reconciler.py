"""An Airflow process that lives on: for each line that it is told, one run of qbank_reconciliation, and its outcome."""

import sys

from airflow.models import DagBag

dag = DagBag().dags["qbank_reconciliation"]
for _ in sys.stdin:
    run = dag.test()
    states = {each.task_id: str(each.state) for each in run.get_task_instances()}
    print("outcome:", run.state, states["load"], states["sources"], flush=True)
