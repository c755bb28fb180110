"""Where Airflow meets the bank and the ledger: knows all three, and is known by the DAGs alone."""
