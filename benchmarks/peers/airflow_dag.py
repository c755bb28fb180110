"""Stock Airflow as tutorials have it: HttpHook asks in a loop, PostgresHook.insert_rows replaces.

HttpHook knows no OAuth: the token is asked for by hand, once.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from airflow.providers.http.hooks.http import HttpHook
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False)
def peer() -> None:
    @task
    def fetch() -> list[list[object]]:
        job = json.loads((Path(os.environ["PEER_FOLDER"]) / "job.json").read_text())
        form = {
            "grant_type": "client_credentials",
            "client_id": job["client_id"],
            "client_secret": job["client_secret"],
            "scope": "balances.read",
        }
        token = HttpHook("POST", http_conn_id="bank").run("/token", data=form).json()["access_token"]
        bank = HttpHook("GET", http_conn_id="bank")
        headers = {"Authorization": f"Bearer {token}"}
        rows = []
        for account_id in job["ids"]:
            found = bank.run(f"/v1/balances/{account_id}", headers=headers).json()
            rows.append([account_id, found["available_balance"], found["ledger_balance"]])
        return rows

    @task
    def load(rows: list[list[object]]) -> None:
        ledger = PostgresHook(postgres_conn_id="ledger")
        ledger.run(
            "CREATE TABLE IF NOT EXISTS balance"
            " (account_id text PRIMARY KEY, available_balance numeric, ledger_balance numeric)"
        )
        names = ["account_id", "available_balance", "ledger_balance"]
        ledger.insert_rows("balance", rows, names, replace=True, replace_index="account_id")

    load(fetch())


peer()
