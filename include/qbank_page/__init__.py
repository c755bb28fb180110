"""The page in Airflow's UI: the ledger to look at, and to act on."""
