"""An export of a date's closings: of that date by the account's own clock, and called what they are."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from ofxstatement.plugins.iso20022 import Iso20022Parser
from ofxstatement.statement import Statement

from qbank_ledger.errors import ExportError
from qbank_ledger.export.bai2 import Bai2
from qbank_ledger.export.camt052 import VERSIONS, Camt052
from qbank_ledger.export.csv_table import CsvTable
from tests.words.desk import Desk

from .readers import READERS, from_camt, read_bai2, read_csv

DATE = date(2024, 10, 5)
IBAN = "DE02120300000000202051"
every_format = pytest.mark.parametrize("name", READERS)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 10, day, hour, minute, tzinfo=UTC)


def observe(desk: Desk, id_: str, balance: str, observed: datetime) -> None:
    """One more balance of an account that has one."""
    desk.rows(
        "INSERT INTO ledger.balance VALUES (:id, date_trunc('hour', CAST(:at AS timestamptz), 'UTC'),"
        " CAST(:balance AS numeric), CAST(:balance AS numeric), 'EUR', :at, 2, 8, 1, :at)",
        id=id_, at=observed, balance=balance,
    )  # fmt: skip


def reasons(desk: Desk, closing_of: date) -> list[str]:
    desk.account("fits", observed=at(5, 23, 30))
    desk.export(CsvTable, closing_of=closing_of)
    return desk.said


@every_format
def test_the_last_balance_of_the_date_is_its_closing_whatever_came_later(desk: Desk, name: str) -> None:
    desk.account("x", "1.00", observed=at(5, 9))
    observe(desk, "x", "-2.50", at(5, 23, 30))
    observe(desk, "x", "3.00", at(6, 0, 30))
    form, read = READERS[name]
    found = read(desk.export(form, closing_of=DATE))["x"]
    assert (found.ledger_balance, found.on, found.closing) == (Decimal("-2.50"), DATE, True)
    assert desk.said == []


@every_format
def test_a_date_is_the_accounts_own_and_ends_at_its_cut_off(desk: Desk, name: str) -> None:
    desk.account("x", "1.00", observed=at(4, 12, 30))  # 01:30 of the 5th in Auckland
    observe(desk, "x", "2.00", at(5, 4, 20))  # 17:20
    observe(desk, "x", "3.00", at(5, 5, 30))  # 18:30, after the cut-off
    desk.rows("UPDATE ledger.account SET time_zone = 'Pacific/Auckland', cut_off = '17:30'")
    form, read = READERS[name]
    found = read(desk.export(form, closing_of=DATE))["x"]
    assert (found.ledger_balance, found.on) == (2, DATE)


@every_format
def test_a_date_has_the_accounts_that_were_active_as_it_ended(desk: Desk, name: str) -> None:
    """An account that was closed since is in it, as it was on the day after; one that was opened since is not missed."""
    for id_ in ("stays", "closed", "gone"):
        desk.account(id_, observed=at(5, 23))
        desk.ledger.opened(id_, at=at(1, 12))
    desk.account("new", None)
    desk.ledger.opened("new", at=at(8, 12))
    for id_, closed_at in (("closed", at(8, 12)), ("gone", at(5, 23, 30))):
        desk.rows("UPDATE ledger.account SET active = false WHERE account_id = :id", id=id_)
        desk.rows(
            "UPDATE ledger.account_period SET closed_at = :at WHERE account_id = :id", id=id_, at=closed_at
        )
    form, read = READERS[name]
    assert read(desk.export(form, closing_of=DATE)).keys() == {"stays", "closed"}
    assert desk.said == []


def test_an_account_that_a_part_of_a_run_published_before_the_first_whole_one_is_in_it(desk: Desk) -> None:
    """Its first period begins with the first whole run, and its balance is in the ledger."""
    desk.account("x", observed=at(5, 23))
    desk.ledger.opened("x", at=at(6, 12))
    assert read_csv(desk.export(CsvTable, closing_of=DATE)).keys() == {"x"}


def test_a_date_that_is_not_over_has_no_closing(desk: Desk) -> None:
    tomorrow = desk.now.date() + timedelta(days=1)
    desk.account("open", observed=desk.now)
    with pytest.raises(ExportError, match="Nothing was exported"):
        desk.export(Camt052, closing_of=tomorrow)
    ends = tomorrow + timedelta(days=1)
    assert desk.said == [
        f"Not exported: open: {tomorrow} ends at {ends}T00:05Z, and has no closing balance before then."
    ]


def test_an_account_without_a_balance_of_the_date_is_left_out_by_name(desk: Desk) -> None:
    desk.account("later", observed=at(6, 9))
    assert reasons(desk, DATE) == ["Not exported: later: it has no closing balance on 2024-10-05."]


def test_a_closing_in_a_currency_that_the_account_no_longer_has_is_refused(desk: Desk) -> None:
    desk.account("moved", balance_currency="USD", observed=at(5, 9))
    assert reasons(desk, DATE) == [
        "Not exported: moved: its closing balance on 2024-10-05 is in USD, the account in EUR."
    ]


def test_a_closing_is_stale_when_it_was_seen_long_before_the_days_end(desk: Desk) -> None:
    desk.account("early", observed=at(5, 22, 29))
    desk.account("late", observed=at(5, 22, 31))
    found = read_csv(desk.export(CsvTable, closing_of=DATE))
    assert {id_: line["is_stale"] for id_, line in found.items()} == {"early": "true", "late": "false"}
    assert desk.done
    assert desk.done.stale == 1


def test_bai2_says_that_a_closing_is_final_and_of_which_day(desk: Desk) -> None:
    desk.account("x", observed=at(5, 23, 30))
    (group,) = read_bai2(desk.export(Bai2, closing_of=DATE)).children
    assert (group.header.as_of_date, group.header.as_of_date_modifier.value) == (DATE, "2")


@pytest.mark.parametrize("version", VERSIONS)
def test_ofxstatement_reads_the_closing(desk: Desk, version: str, tmp_path: Path) -> None:
    """It takes a report's CLBD for granted, which an hour's balance is not."""
    desk.account("x", "1234567.89", bank_account=IBAN, bank_id="BYLADEM1001", observed=at(5, 23, 30))

    def read(closing_of: date | None) -> Statement:
        file = tmp_path / "balances.xml"
        file.write_text(desk.export(partial(Camt052, version=version), closing_of=closing_of), "utf-8")
        return Iso20022Parser(str(file)).parse()

    found = read(DATE)
    assert (found.account_id, found.currency, found.end_balance) == (IBAN, "EUR", Decimal("1234567.89"))
    assert found.end_date.date() == DATE
    with pytest.raises(KeyError, match="CLBD"):
        read(None)


def test_the_command_takes_the_date(desk: Desk) -> None:
    desk.account("x", "5.00", observed=at(5, 23, 30))
    done = desk.command("--format", "camt052", "--date", "2024-10-05")
    assert (done.returncode, done.stderr) == (0, "")
    assert from_camt(done.stdout)["x"].closing
    wrong = desk.command("--format", "camt052", "--date", "05.10.2024")
    assert wrong.returncode == 2
    assert "'05.10.2024' is not a date: write it as 2026-10-31" in wrong.stderr
