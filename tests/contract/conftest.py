"""A bank on loopback, and clients of it that don't wait long."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from qbank.client import QBankClient
from qbank.settings import Settings
from tests.contract.bank import Bank

ClientOf = Callable[..., QBankClient]


@pytest.fixture
def bank() -> Iterator[Bank]:
    with Bank().serving() as serving:
        yield serving


@pytest.fixture
def client_of(bank: Bank) -> Iterator[ClientOf]:
    with ExitStack() as stack:

        def make(**fields: Any) -> QBankClient:
            on_token = fields.pop("on_token", lambda token: None)
            settings = settings_of(bank, **fields)
            return stack.enter_context(QBankClient(settings, on_token=on_token))

        yield make


def settings_of(bank: Bank, **fields: Any) -> Settings:
    known = {
        "client_id": bank.client_id,
        "client_secret": bank.client_secret,
        "api_url": bank.url,
        "token_url": f"{bank.url}/token",
        "timeout_s": 2,
        "max_backoff_s": 0.05,
    }
    return Settings(**(known | fields))
