"""A Singer tap by Meltano's SDK, a partition an account, piped into target-postgres."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import OAuthAuthenticator
from singer_sdk.streams import RESTStream

JOB = json.loads((Path(os.environ["PEER_FOLDER"]) / "job.json").read_text())


class Authenticator(OAuthAuthenticator):
    @property
    def oauth_request_body(self) -> dict[str, Any]:
        return {
            "grant_type": "client_credentials",
            "client_id": JOB["client_id"],
            "client_secret": JOB["client_secret"],
            "scope": "balances.read",
        }


class Balances(RESTStream):
    name = "balance"
    url_base = JOB["bank"]
    path = "/v1/balances/{account_id}"
    records_jsonpath = "$"
    primary_keys = ("account_id",)
    state_partitioning_keys = ()
    schema = th.PropertiesList(
        th.Property("account_id", th.StringType),
        th.Property("available_balance", th.NumberType),
        th.Property("ledger_balance", th.NumberType),
    ).to_dict()

    @property
    def authenticator(self) -> Authenticator:
        if not hasattr(self, "_authenticator"):
            self._authenticator = Authenticator(
                auth_endpoint=f"{JOB['bank']}/token", oauth_scopes="balances.read"
            )
        return self._authenticator

    @property
    def partitions(self) -> list[dict[str, str]]:
        return [{"account_id": account_id} for account_id in JOB["ids"]]


class TapBank(Tap):
    name = "tap-bank"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self) -> list[Stream]:
        return [Balances(self)]


def main() -> int:
    """Both ends of the pipe; the exit code of the end that failed."""
    config = Path(os.environ["PEER_FOLDER"]) / "target.json"
    config.write_text(
        json.dumps(
            {
                "sqlalchemy_url": JOB["database"].replace("postgresql:", "postgresql+psycopg:", 1),
                "default_target_schema": "public",
                "load_method": "upsert",
            }
        )
    )
    tap = subprocess.Popen([sys.executable, __file__, "tap"], stdout=subprocess.PIPE)  # noqa: S603
    target = Path(sys.executable).with_name("target-postgres")
    loaded = subprocess.run([target, "--config", config], stdin=tap.stdout, check=False)  # noqa: S603
    return tap.wait() or loaded.returncode


if __name__ == "__main__":
    sys.exit(TapBank.cli(["--config", "ENV"]) if sys.argv[1:] == ["tap"] else main())
