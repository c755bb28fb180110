"""What the DAGs are known by in Airflow, where nobody names it otherwise."""

LEDGER = "ledger_default"  # the connection
BALANCE = "ledger://balance"  # the asset
TAGS = ("qbank", "ledger")  # of every DAG of ours: by them the scheduler knows whose pool to make
