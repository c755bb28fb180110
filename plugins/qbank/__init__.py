"""The bank: an OAuth2 client for QBank Connect's balances, and Airflow's hook and connection over it.

Only `hook` imports Airflow. Nothing here knows the ledger.
"""
