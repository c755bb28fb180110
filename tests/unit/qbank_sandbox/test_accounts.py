"""The sandbox reads ids and currencies out of the accounts file, and leaves the rest alone."""

from collections import Counter
from pathlib import Path

import pytest

from qbank_sandbox.accounts import AccountsError, read_currencies
from qbank_sandbox.balance import minor_units

CONFIGURED = Path(__file__).parents[3] / "include" / "config" / "accounts.yaml"


def test_a_yaml_file_gives_ids_and_currencies_with_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(
        "defaults: {currency: EUR}\naccounts:\n  - account_id: 0012\n  - {account_id: b, currency: JPY}\n"
    )
    assert read_currencies(path) == {"0012": "EUR", "b": "JPY"}


def test_a_csv_file_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("﻿name,account_id,currency\nOne,0012,EUR\nTwo, b , JPY\n")
    assert read_currencies(path) == {"0012": "EUR", "b": "JPY"}


@pytest.mark.parametrize(
    "text",
    [
        "name;account_id;currency\nOne, GmbH;0012;EUR\nTwo;b;JPY\n",
        "\ufeffsep=;\r\nname;account_id;currency\r\nOne;0012;EUR\r\nTwo;b;JPY\r\n",
        "\nname, account_id ,currency,,\nOne,0012,EUR,,\n,,,,\nTwo,b,JPY,,\n",
    ],
    ids=["semicolons", "as Excel writes it", "empty columns"],
)
def test_a_csv_file_of_a_spreadsheet_gives_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(text.encode())
    assert read_currencies(path) == {"0012": "EUR", "b": "JPY"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", ""),
        ("a.yaml", "accounts: []"),
        ("a.yaml", "accounts: [{account_id: x}]"),
        ("a.yaml", "accounts: [text]"),
        ("a.yaml", "{"),
        ("a.csv", "account_id,currency\n"),
        ("a.csv", "account_id\nx\n"),
        ("a.csv", ""),
    ],
)
def test_a_file_without_accounts_is_refused_in_one_sentence(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(AccountsError, match=r"^The accounts file .*\.$"):
        read_currencies(path)


def test_a_missing_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AccountsError, match="can't be read: No such file or directory"):
        read_currencies(tmp_path / "none.yaml")


def test_the_configured_accounts_are_thirty_in_five_currencies_and_begin_with_the_banks_example() -> None:
    currencies = read_currencies(CONFIGURED)
    assert next(iter(currencies)) == "a1b2c3d4-e5f6-7890-1234-567890abcde"
    assert len(currencies) == 30
    assert set(Counter(currencies.values())) == {"EUR", "USD", "GBP", "JPY", "BHD"}


def test_a_currency_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'EURO' is no currency of ISO 4217"):
        minor_units("EURO")
