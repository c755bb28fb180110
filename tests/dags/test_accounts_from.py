"""The configured accounts from wherever they are: Airflow's Variables, a query, a URL."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from qbank_airflow.accounts import accounts_from
from qbank_ledger.errors import AccountsFileError
from qbank_ledger.sync.accounts_file import read_accounts
from tests.words.ledger import Ledger

YAML = "accounts:\n  - {account_id: a-1, currency: EUR, entity: QB01, gl_account: '1100'}\n"
CSV = "account_id;currency;entity;gl_account\r\na-1;EUR;QB01;1100\r\n"

pytestmark = pytest.mark.usefixtures("metadata")


@pytest.mark.parametrize("text", [YAML, CSV, "\ufeff" + CSV])
def test_a_variable_holds_them_in_yaml_or_csv(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_OUR_ACCOUNTS", text)
    (account,) = read_accounts(accounts_from("variable://our_accounts"))
    assert (account.account_id, account.gl_account) == ("a-1", "1100")


def test_what_is_wrong_in_a_variable_is_named_as_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_OUR_ACCOUNTS", YAML.replace("EUR", "EURO"))
    with pytest.raises(
        AccountsFileError, match=r"in the Airflow Variable our_accounts has 1 problem.*\n.*line 2"
    ):
        read_accounts(accounts_from("variable://our_accounts"))


def test_a_variable_that_is_not_there_is_named() -> None:
    with pytest.raises(AccountsFileError, match="There is no Airflow Variable nobody: create it"):
        accounts_from("variable://nobody")


@pytest.fixture
def ledger(ledger_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A database that Airflow's connection erp names."""
    connection = ledger_url.set(drivername="postgres").render_as_string(False)
    monkeypatch.setenv("AIRFLOW_CONN_ERP", connection)
    return Ledger(ledger_url, tmp_path)


def test_a_query_gives_them_exactly(ledger: Ledger) -> None:
    query = (
        "SELECT 'a-1' AS account_id, 'EUR' AS currency, 'QB01' AS entity, '001100' AS gl_account, 0.10 AS tolerance,"
        " time '17:30' AS cut_off, NULL AS minimum_balance, true AS active, E'a, \"b\"' AS name, 90 AS max_age_minutes"
    )
    (account,) = read_accounts(accounts_from(f"sql://erp?{query}"))
    assert (account.gl_account, account.name) == ("001100", 'a, "b"')
    assert (account.tolerance, account.minimum_balance, account.cut_off) == (
        Decimal("0.10"),
        None,
        time(17, 30),
    )


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (
            "sql://erp?SELECT 'a' AS account_id, 0.1::float8 AS tolerance",
            "the query's column tolerance is a float: cast it to numeric",
        ),
        (
            "sql://erp?SELECT no_such_column",
            'from a query by erp: the query failed: column "no_such_column" does not exist',
        ),
        (
            "sql://nobody?SELECT 1",
            "from a query by nobody: the connection nobody can't be used: .*isn't defined",
        ),
        ("sql://erp", "Write the accounts' query as sql://CONN_ID"),
    ],
)
def test_a_query_that_can_not_be_used_is_one_sentence(ledger: Ledger, source: str, why: str) -> None:
    with pytest.raises(AccountsFileError, match=why):
        read_accounts(accounts_from(source))


def test_a_url_is_read_by_airflows_own_path(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(CSV)
    (account,) = read_accounts(accounts_from(f"file://{file}"))
    assert account.account_id == "a-1"
    with pytest.raises(AccountsFileError, match=r"file:///.*gone\.csv can't be read: No such file"):
        read_accounts(accounts_from(f"file://{tmp_path}/gone.csv"))
    with pytest.raises(
        AccountsFileError, match=r"nofs://x/y\.csv can't be read: Unsupported filesystem: 'nofs'"
    ):
        read_accounts(accounts_from("nofs://x/y.csv"))


def test_an_object_is_read_no_further_than_a_file(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    with file.open("wb") as large:
        large.truncate(65 * 1024 * 1024)
    with pytest.raises(AccountsFileError, match=r"larger than 64 MiB|longer than 64 KiB"):
        read_accounts(accounts_from(f"file://{file}"))
