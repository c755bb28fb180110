"""The ledger, in rooms: sync, recon, seals, export, month_end. Knows nothing of the bank nor of Airflow."""
