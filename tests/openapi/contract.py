"""docs/openapi.yaml, as the tests read it."""

from typing import Any

import yaml

from tests.conftest import REPOSITORY

BALANCES = "/v1/balances/{accountId}"


def contract() -> dict[str, Any]:
    """The contract, for the caller to change."""
    document: dict[str, Any] = yaml.safe_load((REPOSITORY / "docs" / "openapi.yaml").read_text("utf-8"))
    return document
