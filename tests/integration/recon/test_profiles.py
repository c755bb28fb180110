"""Files as ERPs write them, from preview to a break: the figures to the last digit, each on its line."""

import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from qbank_ledger.errors import GLFileError
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.match import GLAccount
from qbank_ledger.recon.preview import Mirror, preview
from qbank_ledger.recon.profile import Given, Profile
from tests.words.books import GL_HEADER, Books
from tests.words.erp import OCTOBER, SAMPLES, Sample, built_in, profiles

FIGURES = "SELECT line_no, entity, gl_account, currency, balance::text FROM recon.gl_balance ORDER BY line_no, gl_account"
TODAY = datetime.now(UTC).date()


def shown(path: Path, profile: Profile, given: Given, *mirrored: GLAccount) -> str:
    lines: list[str] = []
    preview(path, profile, given, [Mirror(one, TODAY) for one in mirrored], lines.append)
    return "\n".join(lines)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.profile)
def test_a_sample_is_previewed_loaded_and_a_break_is_found_in_it(
    books: Books, sample: Sample, tmp_path: Path
) -> None:
    path, profile = sample.path(tmp_path), built_in(sample.profile)
    line, entity, gl_account, currency, balance = next(row for row in sample.rows if Decimal(row[4]))
    books.account(gl=gl_account, entity=entity, currency=currency)
    bank = Decimal(balance) + (3 if currency == "JPY" else Decimal("0.03"))
    books.bank(date.fromisoformat(OCTOBER), str(bank), currency=currency)

    said = shown(path, profile, sample.given, GLAccount(entity, gl_account, currency))
    assert said.endswith(f"It would load: {len(sample.rows)} rows.")
    assert f"Skipped: {sample.skipped}" in said
    assert f"({entity} / {gl_account} / {currency})" not in said
    assert books.rows("SELECT FROM recon.file_load") == []

    loaded = load_file(books.ledger.engine, path, "gl", profile, given=sample.given)
    assert [tuple(row) for row in books.rows(FIGURES)] == list(sample.rows)
    [kept] = books.rows("SELECT * FROM recon.file_load")
    assert (kept.load_no, kept.source, kept.name, kept.profile, kept.rows, kept.skipped) == (
        loaded.load_no, None, str(path), sample.profile, len(sample.rows), sample.skipped,
    )  # fmt: skip
    [figure] = books.rows("SELECT * FROM recon.gl_figure WHERE line_no = :line", line=line)
    assert (figure.file_name, str(figure.balance)) == (str(path), balance)

    books.reconcile()
    found = books.newest(on=date.fromisoformat(OCTOBER))
    assert (found.status, found.gl_load_no) == ("break", loaded.load_no)
    assert found.difference == bank - Decimal(balance)


def test_the_same_bytes_read_in_the_same_way_are_one_load_and_for_another_date_are_another(
    books: Books, tmp_path: Path
) -> None:
    path = tmp_path / "tb.csv"
    path.write_text("Konto;Saldo\n1200;1,00\n")
    profile, given = built_in("datev-susa"), Given("2024-10-31", "DE01", "EUR")
    first = load_file(books.ledger.engine, path, "gl", profile, given=given)
    assert not load_file(books.ledger.engine, path, "gl", profile, given=given).is_new
    for other, how in (
        (profile, replace(given, date="2024-11-01")),
        (profile, replace(given, entity="DE02")),
        (profiles("susa: {like: datev-susa, currency: CHF}")["susa"], Given("2024-10-31", "DE01")),
    ):
        loaded = load_file(books.ledger.engine, path, "gl", other, given=how)
        assert loaded.is_new
        assert loaded.load_no > first.load_no
    assert books.value("SELECT count(*) FROM recon.gl_balance") == 4


def test_zero_is_not_missing_where_the_profile_says_so(books: Books) -> None:
    """Active accounts of the file's entity and currency, and no others; the default writes none."""
    for id_, gl, fields in (
        ("x", "1100", {}),
        ("y", "1200", {}),
        ("z", "1300", {"currency": "USD"}),
        ("w", "1400", {"entity": "QB02"}),
        ("v", "1500", {"active": False}),
    ):
        books.account(id_, gl, **fields)
    zero = profiles("one: {like: plain, absent_means: zero}")["one"]
    content = f"{GL_HEADER}\nQB01,1100,EUR,2024-10-30,5\nQB01,1100,EUR,2024-10-31,6\n"
    path = books.file(content)
    load_file(books.ledger.engine, path, "gl")
    assert books.value("SELECT count(*) FROM recon.gl_balance") == 2
    loaded = load_file(books.ledger.engine, path, "gl", zero)
    rows = books.rows(
        "SELECT line_no, gl_account, as_of_date::text, balance FROM recon.gl_balance WHERE load_no = :n"
        " ORDER BY gl_account, as_of_date",
        n=loaded.load_no,
    )
    assert [tuple(row) for row in rows] == [
        (2, "1100", "2024-10-30", 5), (3, "1100", "2024-10-31", 6),
        (None, "1200", "2024-10-30", 0), (None, "1200", "2024-10-31", 0),
    ]  # fmt: skip
    assert (
        loaded.rows
        == books.value("SELECT rows FROM recon.file_load WHERE load_no = :n", n=loaded.load_no)
        == 2
    )
    said = shown(path, zero, Given(), GLAccount("QB01", "1100", "EUR"), GLAccount("QB01", "1200", "EUR"))
    assert "The file lacks 1 account(s), which would be loaded as 0: QB01 / 1200 / EUR." in said


def test_a_file_that_is_refused_leaves_nothing_and_its_preview_says_the_same(
    books: Books, tmp_path: Path
) -> None:
    path = tmp_path / "tb.csv"
    path.write_text(
        "Account Code,Account,Debit - Year to date,Credit - Year to date\n090,Bank,1.234,56\nTotal,,1,1\n"
    )
    profile = profiles("one: {like: xero-trial-balance, date: '2024-10-31'}")["one"]
    said: list[str] = []
    with pytest.raises(GLFileError) as previewed:
        preview(path, profile, Given(entity="E", currency="EUR"), [], said.append)
    with pytest.raises(GLFileError) as loaded:
        load_file(books.ledger.engine, path, "gl", profile, given=Given(entity="E", currency="EUR"))
    assert str(previewed.value) == str(loaded.value).replace("was loaded", "would be loaded")
    assert "line 2: Debit - Year to date is '1.234': it has 3 decimals, EUR 2" in str(loaded.value)
    assert "It would load" not in "".join(said)
    assert "line 2      refused: Debit - Year to date is '1.234'" in "\n".join(said)
    assert books.rows("SELECT FROM recon.file_load") == []


def test_a_date_ahead_of_the_accounts_today_is_refused_in_the_preview_too(tmp_path: Path) -> None:
    path = tmp_path / "gl.csv"
    path.write_text(f"{GL_HEADER}\nQB01,1100,EUR,2090-10-31,5\nQB01,1200,EUR,2090-10-31,5\n")
    with pytest.raises(GLFileError, match=r"line 2: as_of_date 2090-10-31 is ahead of today, .* and others$"):
        shown(path, built_in("plain"), Given(), GLAccount("QB01", "1100", "EUR"))


def test_a_date_ahead_that_many_rows_have_is_one_sentence(books: Books, tmp_path: Path) -> None:
    """Such as of a wrong month: the file has one fault, and not one in each of its rows."""
    path = tmp_path / "gl.csv"
    path.write_text(f"{GL_HEADER}\n" + "".join(f"QB01,{row},EUR,2090-10-31,5\n" for row in range(1_200)))
    profile, given = built_in("plain"), Given()
    with pytest.raises(GLFileError) as previewed:
        shown(path, profile, given)
    with pytest.raises(GLFileError) as loaded:
        load_file(books.ledger.engine, path, "gl", profile, given=given)
    assert str(previewed.value) == str(loaded.value).replace("was loaded", "would be loaded")
    assert re.search(
        r"1 problem\(s\).*\n  line 2: as_of_date 2090-10-31 is ahead of today, .*, in this row and others$",
        str(loaded.value),
    )


def test_a_preview_is_read_beside_the_file(tmp_path: Path) -> None:
    """Amounts stand below each other, their cells in the order of the file, sums as what they are."""
    path = tmp_path / "gl.csv"
    path.write_text(
        "Account,Curr,Open Dr,Open Cr,Dr,Cr\n1,EUR,5,1,2,3\nAccounts Receivable (A/R),EUR,1,0,0,0\n2,EUR,0,4,0,0\n"
    )
    columns = "opening_debit: Open Dr, opening_credit: Open Cr, debit: Dr, credit: Cr"
    profile = profiles(
        "one: {entity: E, date: 2025-10-31, currency: {column: Curr}, account: {column: Account}, "
        f"balance: {{{columns}}}}}"
    )["one"]
    said = shown(path, profile, Given()).splitlines()
    rows = [line for line in said if line.startswith("line ")]
    assert rows[0].endswith("3.00 EUR   from '1' | '5' | '1' | '2' | '3'")
    assert rows[0].count("EUR") == 1
    assert len({line.index(" EUR   from") for line in rows}) == 1
    assert "Sum: E 2025-10-31: debits 4.00, credits 4.00 EUR, equal." in said
    path.write_text("Account,Curr,Open Dr,Open Cr,Dr,Cr\n1,EUR,5,1,2,3\n")
    assert (
        "Sum: E 2025-10-31: debits 3.00, credits 0.00 EUR, which differ by 3.00; "
        "the profile does not ask that they be equal." in shown(path, profile, Given())
    )


@pytest.mark.parametrize("name", ["plain", "netsuite-trial-balance"])
def test_what_is_unmapped_names_its_file_and_line(books: Books, name: str, tmp_path: Path) -> None:
    sample = next(sample for sample in SAMPLES if sample.profile == name)
    path = sample.path(tmp_path)
    load_file(books.ledger.engine, path, "gl", built_in(name), given=sample.given)
    rows = books.rows("SELECT file_name, line_no FROM recon.unmapped_gl ORDER BY line_no")
    assert [tuple(row) for row in rows] == [(str(path), row[0]) for row in sample.rows]


@pytest.mark.slow
def test_a_hundred_thousand_rows_load_in_ten_seconds(books: Books, tmp_path: Path) -> None:
    path = tmp_path / "tb.csv"
    rows = "".join(f'{n:06} - Bank,"{n:,}.{n % 100:02}",\n' for n in range(1, 100_001))
    path.write_text(f"End of Oct 2024\nAccount ,Debit ,Credit \n{rows}")
    profile = profiles("one: {like: netsuite-trial-balance, entity: E, currency: EUR, proofs: ~}")["one"]
    began = time.process_time()
    assert load_file(books.ledger.engine, path, "gl", profile).rows == 100_000
    assert time.process_time() - began < 10  # the machine may be busy
