"""Each format says what the ledger says, to those who read it with other programs."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from bai2.exceptions import IntegrityException

from qbank_ledger.errors import ExportError
from qbank_ledger.export import file
from qbank_ledger.export.bai2 import Bai2
from qbank_ledger.export.balance import is_iban
from qbank_ledger.export.camt052 import VERSIONS, Camt052
from qbank_ledger.export.csv_table import COLUMNS, CsvTable
from tests.words.desk import Desk

from .readers import (
    MINOR_UNITS,
    READERS,
    from_bai2,
    from_camt,
    read_bai2,
    read_camt,
    read_csv,
    read_pycamt,
)

IBAN, OTHER_IBAN = "DE02120300000000202051", "GB82WEST12345698765432"
every_format = pytest.mark.parametrize("name", READERS)
both_versions = pytest.mark.parametrize("version", VERSIONS)


def camt(desk: Desk, version: str = "001.02") -> Any:
    """The message's reports."""
    return read_camt(desk.export(partial(Camt052, version=version))).bk_to_cstmr_acct_rpt.rpt


def refused(desk: Desk, form: Any) -> str:
    """Why the only account but ``fits`` is left out."""
    desk.account("fits")
    desk.export(form)
    (line,) = desk.said
    assert desk.done
    assert (desk.done.written, desk.done.refused) == (1, 1)
    return line


# ── every format ───────────────────────────────────────────────────────────────────────────────────


@every_format
@pytest.mark.parametrize(
    ("currency", "booked", "available"),
    [
        ("EUR", "1234.50", "1000.00"),
        ("EUR", "-0.05", "-12.30"),
        ("EUR", "0", "0.00"),
        ("EUR", "100", "100.000"),
        ("JPY", "100.0000000", "1.0"),
        ("EUR", "-5.00", "3.00"),
        ("JPY", "427549690", "-1"),
        ("BHD", "26026.906", "0.001"),
        ("EUR", "9999999999999999.99", "-9999999999999999.99"),
        ("JPY", "999999999999999999", "123456789012345678"),
        ("EUR", "123456789012345678", "12345678901234567.8"),
    ],
)
def test_what_is_read_back_is_what_is_in_the_ledger(
    desk: Desk, name: str, currency: str, booked: str, available: str
) -> None:
    desk.account("x", booked, available=available, currency=currency, minor_units=MINOR_UNITS[currency])
    form, read = READERS[name]
    found = read(desk.export(form))["x"]
    assert (found.ledger_balance, found.available_balance) == (Decimal(booked), Decimal(available))
    assert (found.currency, found.on, found.closing) == (currency, desk.now.date(), False)
    assert desk.said == []


@every_format
def test_every_active_account_is_there_once_and_no_other(
    desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "_CHUNK_ROWS", 100)  # read in three pieces, the last of them not full
    form, read = READERS[name]
    desk.accounts([{"id": f"a{n:04}", "ledger": f"{n}.01"} for n in range(250)])
    desk.account("gone", active=False)
    assert set(read(desk.export(form))) == {f"a{n:04}" for n in range(250)}
    assert (desk.said, desk.done.written if desk.done else 0) == ([], 250)


@every_format
def test_the_newest_balance_is_the_one_that_counts(desk: Desk, name: str) -> None:
    desk.account("x", "1.00", observed=datetime(2024, 10, 1, 12, tzinfo=UTC))
    desk.rows(
        "INSERT INTO ledger.balance VALUES ('x', '2024-10-01 13:00Z', 2, 2, 'EUR', '2024-10-01 13:30Z', 1, 8, 1, now())"
    )
    form, read = READERS[name]
    assert read(desk.export(form))["x"].ledger_balance == 2


@every_format
def test_an_account_that_was_never_observed_is_refused_by_name(desk: Desk, name: str) -> None:
    desk.account("never", None)
    assert refused(desk, READERS[name][0]) == "Not exported: never: it has no balance yet."


@every_format
def test_a_balance_in_a_currency_that_the_account_no_longer_has_is_refused(desk: Desk, name: str) -> None:
    desk.account("moved", balance_currency="USD")
    line = "Not exported: moved: its newest balance is in USD, the account in EUR."
    assert refused(desk, READERS[name][0]) == line


@every_format
def test_a_stale_balance_keeps_its_date_and_is_counted(desk: Desk, name: str) -> None:
    old = datetime(2024, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)
    desk.account("old", observed=old)
    desk.account("new")
    form, read = READERS[name]
    found = read(desk.export(form))
    assert (found["old"].on, found["new"].on) == (old.date(), desk.now.date())
    assert desk.done
    assert (desk.done.written, desk.done.stale) == (2, 1)


@every_format
def test_times_are_utc_whatever_the_connection_says(desk: Desk, name: str) -> None:
    observed = datetime(2024, 10, 5, 20, tzinfo=UTC)
    desk.account("x", observed=observed)
    form, read = READERS[name]
    tokyo = desk.ledger.url.update_query_dict({"options": "-c timezone=Asia/Tokyo"})
    assert read(desk.export(form, tokyo))["x"].on == observed.date()


@every_format
def test_with_nothing_to_write_there_is_no_file(desk: Desk, name: str) -> None:
    with pytest.raises(ExportError, match=r"Nothing was exported: none of the 0 active account\(s\)"):
        desk.export(READERS[name][0])
    desk.account("never", None)
    with pytest.raises(ExportError, match=r"none of the 1 active account\(s\)"):
        desk.export(READERS[name][0])


# ── camt.052 ───────────────────────────────────────────────────────────────────────────────────────


@both_versions
def test_camt_names_the_account_by_its_iban_and_the_bank_by_its_bic(desk: Desk, version: str) -> None:
    desk.account("x", "-1.50", name="Main & <co>, ÄÖ/銀行", bank_account=IBAN, bank_id="BYLADEM1001")
    (report,) = camt(desk, version)
    assert (report.acct.id.iban, report.acct.id.othr) == (IBAN, None)
    assert (report.acct.ccy, report.acct.nm) == ("EUR", "Main & <co>, ÄÖ/銀行")
    bank = report.acct.svcr.fin_instn_id
    assert (bank.bic if version == "001.02" else bank.bicfi) == "BYLADEM1001"
    booked = report.bal[0]
    assert (booked.amt.value, booked.cdt_dbt_ind.value) == (Decimal("1.50"), "DBIT")


@both_versions
def test_camt_names_by_other_ids_what_has_neither(desk: Desk, version: str) -> None:
    desk.account("x" * 34)
    desk.account("b", bank_account="DE03120300000000202051 <&>", bank_id="021000021")
    plain, banked = camt(desk, version)[::-1]
    assert (plain.acct.id.othr.id, plain.acct.svcr) == ("x" * 34, None)
    assert banked.acct.id.othr.id == "DE03120300000000202051 <&>"
    assert banked.acct.svcr.fin_instn_id.clr_sys_mmb_id.mmb_id == "021000021"


@both_versions
def test_camt_has_ids_of_at_most_35_characters_and_no_two_the_same(
    desk: Desk, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "_CHUNK_ROWS", 100)
    desk.accounts([{"id": f"a{n}"} for n in range(120)])
    text = desk.export(partial(Camt052, version=version))
    message = read_camt(text).bk_to_cstmr_acct_rpt
    ids = [message.grp_hdr.msg_id, *(report.id for report in message.rpt)]
    assert len(set(ids)) == 121
    # There is room for the number of the millionth.
    assert max(map(len, ids)) + 4 <= 35


def test_camt_has_the_moment_of_the_observation_to_the_second(desk: Desk) -> None:
    """Readers such as ofxstatement-iso20022 stop at a fraction, and at a Z."""
    desk.account("x", observed=datetime(2024, 10, 5, 9, 7, 1, 999_999, tzinfo=UTC))
    text = desk.export(Camt052)
    assert re.findall("<DtTm>(.*?)</DtTm>", text) == ["2024-10-05T09:07:01+00:00"] * 2
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", re.findall("<CreDtTm>(.*?)</CreDtTm>", text)[0]
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id_": "y" * 35}, "its account_id, as it has no bank_account, has 35 characters, camt.052 takes 34"),
        ({"id_": "y", "bank_account": "1" * 35}, "its bank_account has 35 characters, camt.052 takes 34"),
        ({"id_": "y", "bank_id": "1" * 36}, "its bank_id has 36 characters, camt.052 takes 35"),
        ({"id_": "y", "bank_account": "1\x02"}, "its bank_account has a character that XML does not take"),
        ({"id_": "y", "bank_id": "a\nb"}, "its bank_id has a character that XML does not take"),
        ({"id_": "y", "balance": "1234567890123456789"}, "its ledger balance has 19 digits, camt.052 takes 18"),
        ({"id_": "y", "available": "-12345678901234567.89"}, "its available balance has 19 digits, camt.052 takes 18"),
        ({"id_": "y", "balance": "0.123456"}, "its ledger balance has 6 decimals, camt.052 takes 5"),
    ],
)  # fmt: skip
def test_camt_refuses_what_does_not_fit(desk: Desk, fields: dict[str, Any], reason: str) -> None:
    desk.account(**fields)
    assert refused(desk, Camt052) == f"Not exported: {fields['id_']}: {reason}."


def test_camt_takes_a_long_id_where_there_is_a_bank_account(desk: Desk) -> None:
    desk.account("y" * 64, bank_account=IBAN)
    assert set(from_camt(desk.export(Camt052))) == {IBAN}
    assert set(from_bai2(desk.export(Bai2), MINOR_UNITS)) == {IBAN}


@pytest.mark.parametrize("name", ["n" * 71, "a\x0bb", "tab\tbed"])
def test_camt_leaves_out_a_name_that_does_not_fit_and_keeps_the_balance(desk: Desk, name: str) -> None:
    desk.account("x", name=name)
    (report,) = camt(desk)
    assert (report.acct.nm, desk.said) == (None, [])


def test_camt_is_read_by_pycamt_too(desk: Desk) -> None:
    desk.account("x", bank_account=IBAN)
    assert [(report["IBAN"], report["Currency"]) for report in read_pycamt(desk.export(Camt052))] == [
        (IBAN, "EUR")
    ]


def test_an_iban_may_be_written_in_groups_and_needs_its_check_digits(desk: Desk) -> None:
    desk.account("x", bank_account="DE02 1203 0000 0000 2020 51")
    assert set(from_camt(desk.export(Camt052))) == {IBAN}
    assert set(from_bai2(desk.export(Bai2), MINOR_UNITS)) == {IBAN}
    assert [is_iban(text) for text in (IBAN, OTHER_IBAN)] == [True, True]
    no_country, too_short = "XX4212345678901234", "DE5212345678"  # their check digits are right
    for wrong in (IBAN.replace("51", "15"), IBAN[:-1], IBAN.lower(), f"{IBAN}\n", "x", f"DE02{'1' * 31}"):
        assert not is_iban(wrong)
    assert [is_iban(text) for text in (no_country, too_short)] == [False, False]


# ── BAI2 ───────────────────────────────────────────────────────────────────────────────────────────


def test_bai2_groups_by_currency_and_date_and_says_which_is_todays(desk: Desk) -> None:
    desk.account("d", "5.00", currency="USD", observed=desk.now - timedelta(days=1))
    desk.account("a", "1.00", available="2.00")
    desk.account("c", "-3.50", observed=desk.now - timedelta(days=1))
    desk.account("b", "10.00")
    desk.account("e", "7", currency="JPY", minor_units=0)
    file = read_bai2(desk.export(Bai2))
    yesterday, today = (desk.now - timedelta(days=1)).date(), desk.now.date()
    groups = [
        (
            group.header.currency,
            group.header.as_of_date,
            group.header.as_of_date_modifier.value,
            [account.header.customer_account_number for account in group.children],
            group.trailer.group_control_total,
        )
        for group in file.children
    ]
    assert groups == [
        ("EUR", yesterday, "1", ["c"], -700),
        ("EUR", today, "3", ["a", "b"], 2300),
        ("JPY", today, "3", ["e"], 14),
        ("USD", yesterday, "1", ["d"], 1000),
    ]
    assert (file.trailer.number_of_groups, file.trailer.file_control_total) == (4, 2614)
    assert file.header.version_number == 2
    assert {group.header.group_status.value for group in file.children} == {"1"}


def test_bai2_goes_on_in_88_records_and_counts_them(desk: Desk) -> None:
    desk.accounts(
        [
            {"id": "y" * 64, "ledger": "-1.00"},
            {"id": "big", "ledger": "9" * 36 + ".99", "available": "-" + "8" * 36 + ".88"},
            {"id": "small"},
        ]
    )
    text = desk.export(Bai2)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.endswith("/") for line in lines)
    assert [line[:2] for line in lines] == [
        "01",
        "02",
        "03",
        "88",
        "49",
        "03",
        "49",
        "03",
        "88",
        "49",
        "98",
        "99",
    ]
    total = -200 + int("9" * 38) - int("8" * 38) + 200
    assert lines[-2:] == [f"98,{total},3,10/", f"99,{total},1,12/"]
    found = from_bai2(text, MINOR_UNITS)
    assert found["big"].ledger_balance == Decimal("9" * 36 + ".99")
    assert found["big"].available_balance == Decimal("-" + "8" * 36 + ".88")
    assert found["y" * 64].ledger_balance == -1


def test_bai2_fills_a_line_to_its_last_character(desk: Desk) -> None:
    desk.account("y" * 52)
    desk.account("z" * 53)
    fits, split, rest = (line for line in desk.export(Bai2).splitlines() if line[:2] in ("03", "88"))
    assert (len(fits), fits.count(",0")) == (80, 2)
    assert (split.count(",0"), rest) == (1, "88,060,100,,/")


def test_bai2s_totals_are_checked_by_who_reads_it(desk: Desk) -> None:
    desk.account("x", "1.00")
    text = desk.export(Bai2)
    for found, wrong in [("49,200,", "49,201,"), ("98,200,", "98,201,"), ("99,200,1,6/", "99,200,1,7/")]:
        assert text.count(found) == 1
        with pytest.raises(IntegrityException):
            read_bai2(text.replace(found, wrong))


@pytest.mark.parametrize("number", ["1,2", "1/2", "ä", "1\n2"])
def test_bai2_refuses_a_number_that_would_break_its_fields(desk: Desk, number: str) -> None:
    desk.account("y", bank_account=number)
    assert re.fullmatch(
        r"Not exported: y: its bank_account .* has a comma, a slash or no plain ASCII\.", refused(desk, Bai2)
    )


def test_bai2_refuses_a_number_that_is_longer_than_a_line(desk: Desk) -> None:
    desk.account("y", bank_account="1" * 73)
    assert "does not fit a line of 80 characters" in refused(desk, Bai2)


def test_bai2_refuses_less_than_a_minor_unit(desk: Desk) -> None:
    desk.account("y", "7.5", currency="JPY", minor_units=0)
    assert refused(desk, Bai2) == "Not exported: y: its ledger balance has 1 decimals, its currency 0."


def test_a_refused_account_opens_no_group_and_is_in_no_total(desk: Desk) -> None:
    desk.account("y", "7.005", currency="AUD")
    desk.account("z", "7.005")
    desk.account("x", "1.00")
    file = read_bai2(desk.export(Bai2))
    assert [group.header.currency for group in file.children] == ["EUR"]
    assert file.trailer.file_control_total == 200
    assert len(desk.said) == 2


# ── CSV ────────────────────────────────────────────────────────────────────────────────────────────


def test_csv_has_every_column_as_it_is_in_the_ledger(desk: Desk) -> None:
    observed = datetime(2024, 10, 5, 9, 7, 1, 23, tzinfo=UTC)
    desk.account(
        "x", "1234567890123456789012345678901234.5", available="-0.0000001", name='=SUM(A1), "q"\n/ÄÖ',
        gl="001100", bank_account="000123", bank_id="@1", observed=observed,
    )  # fmt: skip
    text = desk.export(CsvTable)
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert read_csv(text)["x"] == {
        "account_id": "x", "name": '=SUM(A1), "q"\n/ÄÖ', "entity": "QB01", "gl_account": "001100",
        "bank_id": "@1", "bank_account": "000123", "currency": "EUR",
        "ledger_balance": "1234567890123456789012345678901234.50", "available_balance": "-0.0000001",
        "as_of_hour": "2024-10-05T09:00:00.000000Z", "observed_at": "2024-10-05T09:07:01.000023Z",
        "is_stale": "true", "seal_no": "7", "closing_of": "",
    }  # fmt: skip


def test_csv_says_what_is_not_stale_and_leaves_empty_what_is_not_there(desk: Desk) -> None:
    desk.account("x")
    line = read_csv(desk.export(CsvTable))["x"]
    assert (line["is_stale"], line["bank_id"], line["bank_account"]) == ("false", "", "")
