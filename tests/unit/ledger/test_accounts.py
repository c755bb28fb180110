"""The accounts file: what is taken, what is refused, and how the refusal reads."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from qbank_ledger.accounts import fingerprint, read_accounts
from qbank_ledger.errors import AccountsFileError

GOOD = """\
defaults: {entity: QB01, time_zone: Europe/Berlin, tolerance: "0.00"}
accounts:
  - account_id: a1b2c3d4-e5f6-7890-1234-567890abcde
    name: Operating account
    currency: EUR
    gl_account: "0110100"
    minimum_balance: "-1234567890123456.78"
    tolerance: "0.05"
    cut_off: "17:30"
  - account_id: second
    currency: BHD
    entity: QB02
    gl_account: 0110200
    active: false
"""


def refusal(path: Path, content: str) -> str:
    path.write_text(content)
    with pytest.raises(AccountsFileError) as caught:
        read_accounts(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def entry(**fields: str) -> str:
    keys = {"account_id": "a", "currency": "EUR", "entity": "Q", "gl_account": '"1"', **fields}
    return "accounts:\n  - {" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.yaml"


def test_a_good_file_is_read_exactly(path: Path) -> None:
    path.write_text(GOOD)
    first, second = read_accounts(path)
    assert first.minimum_balance == Decimal("-1234567890123456.78")
    assert first.tolerance == Decimal("0.05")
    assert (first.gl_account, first.cut_off, first.time_zone) == ("0110100", time(17, 30), "Europe/Berlin")
    assert (first.minor_units, second.minor_units) == (2, 3)
    assert (second.name, second.entity, second.active) == ("second", "QB02", False)
    assert second.gl_account == "0110200", "an unquoted number keeps its leading zero"


def test_a_csv_says_the_same(tmp_path: Path, path: Path) -> None:
    path.write_text(GOOD)
    table = tmp_path / "accounts.csv"
    table.write_text(
        "\ufeffaccount_id,name,currency,entity,gl_account,minimum_balance,tolerance,cut_off,time_zone,active\r\n"
        "a1b2c3d4-e5f6-7890-1234-567890abcde,Operating account,EUR,QB01,0110100,-1234567890123456.78,0.05,17:30,"
        "Europe/Berlin,true\r\n"
        "second,,BHD,QB02,0110200,,0.00,,Europe/Berlin,false\r\n\r\n"
    )
    assert read_accounts(table) == read_accounts(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it lists no account"),
        ("accounts: []\n", "it lists no account"),
        ("accounts:\n  - {account_id: 'a'\n", "it is not YAML"),
        ("- a\n", "must be a mapping"),
        ("acounts: []\n", "'acounts' is no key of the file"),
        ("defaults: {account_id: x}\naccounts: []\n", "defaults can't give 'account_id'"),
        ("accounts: 7\n", "accounts must be a list"),
        ("accounts:\n  - just text\n", "entry 1 must be a mapping"),
        (entry(active="false"), "none of its accounts is active"),
        (entry(colour="red"), "account a: colour is no key of an account"),
        (entry(currency="EURO"), "currency is 'EURO': write the ISO 4217 code"),
        (entry(currency="XAU"), "currency is 'XAU'"),
        (entry(tolerance="0.05"), "tolerance is the float 0.05: money and account numbers are text"),
        (entry(minimum_balance="1e3"), "minimum_balance is '1e3': write a plain decimal"),
        (entry(minimum_balance="NaN"), "minimum_balance is 'NaN'"),
        (entry(tolerance='"-1"'), "not below zero"),
        (entry(gl_account="110.100"), "gl_account is the float 110.100"),
        (entry(account_id="../admin"), "account_id is '../admin': write 1 to 64"),
        (entry(account_id="x" * 65), "write 1 to 64"),
        (entry(account_id='"é"'), "write 1 to 64"),
        (entry(account_id='""'), "account_id is missing"),
        (entry(time_zone="Mars/Base"), "time_zone is 'Mars/Base'"),
        (entry(cut_off='"25:00"'), "cut_off is '25:00'"),
        (entry(cut_off="17:30:15"), "write a time such as '17:30', in quotes"),
        (entry(max_age_minutes="0"), "write a whole number of minutes above 0"),
        (entry(name='"a\\0b"'), "holds a NUL"),
        (entry(name="[1]"), "must be a single value"),
        (entry(active="maybe"), "write true or false"),
        (entry().replace("entity: Q", "entity: Q, entity: R"), "gives 'entity' twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(path: Path, content: str, said: str) -> None:
    message = refusal(path, content)
    assert said in message
    assert "line " in message


def test_every_problem_is_named_at_once(path: Path) -> None:
    message = refusal(
        path,
        "accounts:\n  - {account_id: a, currency: XXZ}\n  - {account_id: b/, currency: EUR}\n"
        '  - {account_id: a, currency: EUR, entity: Q, gl_account: "1"}\n',
    )
    for said in (
        "has 7 problem(s)",
        "line 2, account a: currency is 'XXZ'",
        "line 2, account a: entity is missing",
        "line 2, account a: gl_account is missing",
        "line 3, account b/: account_id is 'b/'",
        "line 4: account_id 'a' stands already at line 2",
    ):
        assert said in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("account_id,colour\na,red\n", "'colour' is no column"),
        ("account_id,account_id\na,a\n", "stands twice"),
        ("account_id,currency,entity,gl_account\na,EUR,Q\n", "line 2: it has 3 fields, the header 4"),
        ('account_id,currency,entity,gl_account\n"a,EUR,Q,1\n', "line 2"),
        ("account_id,currency,entity,gl_account\n", "it lists no account"),
        (
            "account_id,currency,entity,gl_account\na,EUR,Q,1\na,EUR,Q,1\n",
            "line 3: account_id 'a' stands already at line 2",
        ),
    ],
)
def test_a_csv_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    assert said in refusal(tmp_path / "accounts.csv", content)


def test_a_file_that_is_not_there_or_not_text_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AccountsFileError, match=r"nowhere\.yaml can't be read: No such file"):
        read_accounts(tmp_path / "nowhere.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"accounts: \xe9")
    with pytest.raises(AccountsFileError, match="not UTF-8"):
        read_accounts(latin)
    with pytest.raises(AccountsFileError, match=r"must end in \.yaml or \.csv"):
        read_accounts(_touch(tmp_path / "accounts.txt"))


def test_the_fingerprint_knows_the_set_of_active_accounts_and_nothing_else(path: Path) -> None:
    path.write_text(GOOD)
    accounts = read_accounts(path)
    assert fingerprint(accounts) == fingerprint(accounts[:1]) != fingerprint(accounts[1:])


def _touch(path: Path) -> Path:
    path.touch()
    return path
