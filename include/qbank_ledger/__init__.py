"""The ledger: plan, stage, audit, publish, settle. Knows nothing of the bank nor of Airflow."""
