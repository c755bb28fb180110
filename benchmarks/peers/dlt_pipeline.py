"""dlt as its documentation has it: its REST client and OAuth, calls deferred to 64 workers, merged."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials

WORKERS = "64"


def main(bank: str, client_id: str, client_secret: str, database: str, ids: list[str]) -> None:
    client = RESTClient(
        base_url=bank,
        auth=OAuth2ClientCredentials(
            access_token_url=f"{bank}/token",
            client_id=client_id,
            client_secret=client_secret,
            access_token_request_data={"grant_type": "client_credentials", "scope": "balances.read"},
        ),
    )

    @dlt.resource
    def account() -> Iterator[list[str]]:
        yield from ([account_id] for account_id in ids)

    @dlt.transformer(data_from=account, name="balance", write_disposition="merge", primary_key="account_id")
    def balance(chosen: list[str]) -> Iterator[Any]:
        @dlt.defer
        def ask(account_id: str) -> Any:
            reply = client.get(f"/v1/balances/{account_id}")
            reply.raise_for_status()
            return reply.json()

        yield from (ask(account_id) for account_id in chosen)

    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.postgres(database),
        dataset_name="public",
        pipelines_dir=os.environ["PEER_FOLDER"],
    )
    pipeline.run(balance)


if __name__ == "__main__":
    os.environ |= {"EXTRACT__WORKERS": WORKERS, "EXTRACT__MAX_PARALLEL_ITEMS": WORKERS}
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__REQUEST_MAX_ATTEMPTS": "2"}
    main(**json.loads((Path(os.environ["PEER_FOLDER"]) / "job.json").read_text()))
