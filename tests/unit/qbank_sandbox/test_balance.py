"""Balances are exact, follow from account and UTC hour alone, and are of every kind that exists."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from qbank_sandbox.accounts import read_currencies
from qbank_sandbox.balance import balance_at, minor_units

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
CONFIGURED = read_currencies(Path(__file__).parents[3] / "include" / "config" / "accounts.yaml")


def test_a_balance_is_the_same_all_through_its_utc_hour_and_in_any_zone() -> None:
    first = balance_at("acc", 2, "EUR", NOON)
    last = balance_at("acc", 2, "EUR", NOON + timedelta(minutes=59, seconds=59))
    abroad = balance_at("acc", 2, "EUR", NOON.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert first.ledger_balance == last.ledger_balance == abroad.ledger_balance
    assert first.available_balance == last.available_balance == abroad.available_balance


def test_balances_move_from_hour_to_hour_but_stay_around_their_level() -> None:
    hours = [balance_at("acc-1", 2, "EUR", NOON + timedelta(hours=hour)).ledger_balance for hour in range(24)]
    assert len(set(hours)) == 24
    assert max(hours) - min(hours) < abs(hours[0]) / 20


@pytest.mark.parametrize(
    ("currency", "decimals"), [("JPY", 0), ("EUR", 2), ("USD", 2), ("GBP", 2), ("BHD", 3)]
)
def test_amounts_carry_exactly_the_currencys_minor_units(currency: str, decimals: int) -> None:
    assert minor_units(currency) == decimals
    for number in range(200):
        balance = balance_at(f"acc-{number}", decimals, currency, NOON)
        for amount in (balance.available_balance, balance.ledger_balance):
            assert amount.as_tuple().exponent == -decimals
            assert len(f"{amount:f}".partition(".")[2]) == decimals


def test_what_is_available_is_never_above_the_ledger_nor_far_below() -> None:
    for number in range(500):
        balance = balance_at(f"acc-{number}", 2, "EUR", NOON)
        held = balance.ledger_balance - balance.available_balance
        assert 0 <= held <= abs(balance.ledger_balance) / 20


def test_the_configured_accounts_hold_large_small_overdrawn_and_empty_balances() -> None:
    ledger = [
        balance_at(id_, minor_units(currency), currency, NOON + timedelta(hours=hour)).ledger_balance
        for id_, currency in CONFIGURED.items()
        for hour in range(24)
    ]
    assert any(amount == 0 for amount in ledger)
    assert any(amount < 0 for amount in ledger)
    assert any(0 < amount < 10 for amount in ledger)
    assert any(f"{float(amount):.2f}" != f"{amount:.2f}" for amount in ledger), "none that a float can't hold"
