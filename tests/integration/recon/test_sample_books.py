"""The sample books of `make run`: made from the sandbox's balances, wrong in three places."""

from pathlib import Path

import pytest
from local.sample_books import reconcile_sample

from tests.words.ledger import Ledger, Reply


@pytest.fixture
def ledger(ledger: Ledger) -> Ledger:
    """Four accounts, each on a GL account of its own."""
    ledger.accounts("a", "b", "c", "d")
    return ledger


def run(ledger: Ledger, api_host: str, amount: str = "120.50") -> None:
    ledger.quick_run(lambda id_: Reply(account_id=id_, ledger_balance=amount), api_host=api_host)  # type: ignore[arg-type]
    ledger.rows("UPDATE ledger.account SET gl_account = account_id")


def test_three_balances_differ_each_for_a_reason_of_its_own(ledger: Ledger, tmp_path: Path) -> None:
    run(ledger, "127.0.0.1")
    path = reconcile_sample(ledger.url, tmp_path / "sample")
    assert path is not None
    amounts = [line.rpartition(",")[2] for line in path.read_text().splitlines()[1:]]
    assert amounts == ["210.50", "-120.50", "145.50", "120.50"]
    found = ledger.rows(
        "SELECT account_id, status, cause, age_days, provisional FROM recon.open_break ORDER BY 1"
    )
    assert [tuple(row) for row in found] == [
        ("a", "break", "transposition", 0, True),
        ("b", "break", "sign", 0, True),
        ("c", "break", "unexplained", 0, True),
    ]
    assert reconcile_sample(ledger.url, tmp_path / "sample") == path
    assert ledger.value("SELECT count(*) FROM recon.reconciliation") == 4


def test_a_0_that_would_come_to_the_front_is_not_swapped(ledger: Ledger, tmp_path: Path) -> None:
    run(ledger, "127.0.0.1", "905.00")
    path = reconcile_sample(ledger.url, tmp_path)
    assert path is not None
    assert path.read_text().splitlines()[1].rpartition(",")[2] == "950.00"
    assert ledger.value("SELECT cause FROM recon.open_break WHERE account_id = 'a'") == "transposition"


def test_nought_has_no_digits_to_swap_and_no_sign_to_turn(ledger: Ledger, tmp_path: Path) -> None:
    run(ledger, "127.0.0.1", "0")
    path = reconcile_sample(ledger.url, tmp_path)
    assert path is not None
    assert [line.rpartition(",")[2] for line in path.read_text().splitlines()[1:]] == [
        "25.00",
        "0.00",
        "0.00",
        "0.00",
    ]


def test_accounts_that_compare_as_their_sum_are_left_as_they_are(ledger: Ledger, tmp_path: Path) -> None:
    run(ledger, "127.0.0.1")
    ledger.rows("UPDATE ledger.account SET gl_account = 'a' WHERE account_id = 'b'")
    path = reconcile_sample(ledger.url, tmp_path)
    assert path is not None
    assert [line.rpartition(",")[2] for line in path.read_text().splitlines()[1:]] == [
        "241.00",
        "210.50",
        "-120.50",
    ]


def test_a_real_banks_ledger_gets_no_made_up_books(ledger: Ledger, tmp_path: Path) -> None:
    run(ledger, "api.qbankconnect.com")
    assert reconcile_sample(ledger.url, tmp_path) is None
    assert ledger.rows("SELECT * FROM recon.file_load") == []
