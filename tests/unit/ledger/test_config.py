"""The ledger's connection, as Airflow's environment variable gives it."""

import json

import pytest

from qbank_ledger.config import LEDGER_CONNECTION, connection_fields, ledger_url
from qbank_ledger.errors import LedgerConnectionError, LedgerError


def test_a_uri_is_read_as_airflow_reads_it() -> None:
    url = ledger_url(
        {LEDGER_CONNECTION: "postgres://lo%40der:p%2Fw%23@db.example:5432/ledger?sslmode=require"}
    )
    assert (url.username, url.password, url.host, url.port) == ("lo@der", "p/w#", "db.example", 5432)
    assert (url.database, url.query["sslmode"], url.drivername) == (
        "ledger",
        "require",
        "postgresql+psycopg2",
    )


def test_json_says_the_same() -> None:
    text = json.dumps(
        {
            "conn_type": "postgres", "host": "db.example", "port": 5432, "login": "lo@der", "password": "p/w#",
            "schema": "ledger", "extra": {"sslmode": "require", "cursor": "dictcursor"},
        }
    )  # fmt: skip
    assert ledger_url({LEDGER_CONNECTION: text}) == ledger_url(
        {LEDGER_CONNECTION: "postgresql://lo%40der:p%2Fw%23@db.example:5432/ledger?sslmode=require"}
    )


@pytest.mark.parametrize(
    "text", ["", "mysql://u:hunter2@h/d", "{hunter2", '{"host": "hunter2"}', "postgres://h:hunter2"]
)
def test_what_is_no_postgres_connection_is_one_sentence_without_its_password(text: str) -> None:
    with pytest.raises(LedgerConnectionError, match=LEDGER_CONNECTION) as caught:
        ledger_url({LEDGER_CONNECTION: text})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("sign", ["/", "?", "#"])
@pytest.mark.parametrize("beginning", ["1234", "", "hunter2"])
def test_a_password_that_is_not_encoded_is_no_host(sign: str, beginning: str) -> None:
    """Its beginning would be a port, and the rest, the host included, the database's name."""
    text = f"postgres://u:{beginning}{sign}hunter3@db.example:5432/ledger"
    with pytest.raises(LedgerConnectionError, match=LEDGER_CONNECTION) as caught:
        ledger_url({LEDGER_CONNECTION: text})
    if beginning != "hunter2":  # else the port is none already
        assert "encode login and password" in str(caught.value)
    assert "hunter" not in str(caught.value)
    with pytest.raises(LedgerError, match=r"^AIRFLOW_CONN_OPS_MAIL") as caught:
        connection_fields("ops_mail", {"AIRFLOW_CONN_OPS_MAIL": text.replace("postgres", "smtp")})
    assert "hunter" not in str(caught.value)


def test_an_address_among_the_options_is_no_password() -> None:
    given = "smtp://mail.example:25/?from_email=a@example.com&to=b%40example.com"
    fields = connection_fields("ops_mail", {"AIRFLOW_CONN_OPS_MAIL": given})
    assert (fields["host"], fields["extra"]) == (
        "mail.example", {"from_email": "a@example.com", "to": "b@example.com"},
    )  # fmt: skip
    assert ledger_url({LEDGER_CONNECTION: "postgres://u:p@h/led%40ger"}).database == "led@ger"
