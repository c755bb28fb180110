"""The connections that the stack makes in Airflow's database."""

import json

import pytest
from local.databases import Fields, is_ours, ledger_connection, qbank_connection

SECRET = "made by the test"


def test_a_connection_that_only_differs_in_its_port_follows_the_stack() -> None:
    assert is_ours(qbank_connection(8090, "me", SECRET), qbank_connection(9000, "me", SECRET))
    assert is_ours(
        ledger_connection("ledger_default", 5433, "ledger_loader", SECRET),
        ledger_connection("ledger_default", 6000, "ledger_loader", SECRET),
    )


@pytest.mark.parametrize(
    "edit",
    [
        {"host": "https://api.qbankconnect.com"},
        {"login": "someone"},
        {"password": "another"},
        {"extra": json.dumps({"token_url": "http://127.0.0.1:8090/token", "concurrency": 4})},
        {"extra": None},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_connection_that_a_user_edited_is_the_users(edit: Fields) -> None:
    wanted = qbank_connection(8090, "me", SECRET)
    assert not is_ours({**wanted, **edit}, wanted)


def test_a_ledger_elsewhere_is_the_users() -> None:
    wanted = ledger_connection("ledger_default", 5433, "ledger_loader", SECRET)
    assert not is_ours({**wanted, "host": "db.example.com"}, wanted)
