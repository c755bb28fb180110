"""Exchange rates by a profile: each sample to the last digit, and what is no rate."""

from pathlib import Path

import pytest
import xlsxwriter

from qbank_ledger.errors import GLFileError, GLSourcesFileError
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.words.erp import DATA, RATE_SAMPLES, RateSample, Read, built_in, profiles, read

BASE = {
    "kind": "rates", "from": "{column: From}", "to": "EUR", "date": "{column: Date}", "rate": "{column: Rate}",
}  # fmt: skip
HEADER = "from_currency,to_currency,as_of_date,rate"


def of(content: str, given: Given = Given(), **keys: str | None) -> Read:  # noqa: B008 - frozen
    said = {key: text for key, text in {**BASE, **keys}.items() if text is not None}
    text = ", ".join(f"{key}: {text}" for key, text in said.items())
    return read(TextSource("x.csv", content, ".csv"), profiles(f"p: {{{text}}}")["p"], given)


def rates(found: Read) -> list[tuple[str, ...]]:
    assert found.problems == ""
    return [(*row.key, f"{row.amount:f}") for row in found.rows]


@pytest.mark.parametrize("sample", RATE_SAMPLES, ids=lambda sample: sample.profile)
def test_a_sample_is_read_exactly(sample: RateSample) -> None:
    found = read(DATA / sample.file, built_in(sample.profile))
    assert found.problems == ""
    assert [(row.line, *row.key, f"{row.amount:f}") for row in found.rows] == list(sample.rows)
    assert found.reading.skipped.total() == sample.skipped
    assert found.reading.proved == found.reading.summed == []


def test_a_bank_that_writes_them_its_own_way_is_read_by_a_profile_of_ones_own() -> None:
    found = of(
        "Kurse vom 31.10.2025\nPaar;Kurs\nCHF/EUR;1,0785\nYen;0,00562303\n",
        **{
            "from": "{column: Paar, pattern: '^(\\w+)', names: {Yen: JPY}}",
            "date": "{title: 'vom ([\\d.]+)', format: '%d.%m.%Y'}",
            "rate": "{column: Kurs}",
            "numbers": "{decimal: ','}",
            "proofs": "{rows: 2}",
        },
    )
    assert rates(found) == [
        ("CHF", "EUR", "2025-10-31", "1.0785"),
        ("JPY", "EUR", "2025-10-31", "0.00562303"),
    ]
    assert found.reading.proved == ["rows: 2, at least 2"]


def test_the_date_may_be_the_runs() -> None:
    content = "From;Rate\nUSD;0.86\n"
    assert rates(of(content, Given("2025-10-31"), date=None)) == [("USD", "EUR", "2025-10-31", "0.86")]
    with pytest.raises(GLFileError, match="takes the date from the run: give gl_date"):
        of(content, date=None)


@pytest.mark.parametrize("rate", ["9" * 38, f"0.{'0' * 37}1", f"1.{'0' * 36}1"])
def test_a_rate_has_up_to_38_digits_whatever_the_currencies_have(rate: str) -> None:
    assert rates(of(f"From;Date;Rate\nJPY;2025-10-31;{rate}\n")) == [("JPY", "EUR", "2025-10-31", rate)]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("EUR,USD,2025-10-31,0", "line 2: rate is '0': write a rate above 0"),
        ("EUR,USD,2025-10-31,0.000", "line 2: rate is '0.000': write a rate above 0"),
        ("EUR,USD,2025-10-31,-1.1", "line 2: rate is '-1.1': write a rate above 0"),
        ("EUR,USD,2025-10-31,NaN", "line 2: rate is 'NaN': the profile declares numbers"),
        ("EUR,USD,2025-10-31,Infinity", "line 2: rate is 'Infinity': the profile declares numbers"),
        ("EUR,USD,2025-10-31,1e3", "line 2: rate is '1e3': the profile declares numbers"),
        ('EUR,USD,2025-10-31,"1,1"', "line 2: rate is '1,1': the profile declares numbers"),
        ("EUR,USD,2025-10-31,", "line 2: rate is missing"),
        (f"EUR,USD,2025-10-31,1.{'1' * 38}", f"line 2: rate is '1.{'1' * 38}': it has more than 38 digits"),
        ("EUR,EUR,2025-10-31,1", "line 2: from_currency and to_currency are both EUR"),
        ("EUR,XAU,2025-10-31,1", "line 2: to_currency is 'XAU': write the ISO 4217 code"),
        ("eur,USD,2025-10-31,1", "line 2: from_currency is 'eur': write the ISO 4217 code"),
        ("EUR,USD,31.10.2025,1", "line 2: as_of_date is '31.10.2025': write a date such as 2026-10-31"),
        ("EUR,USD,2025-10-31, 1", "line 2: rate is ' 1': it holds a space around it"),
        ("EUR,USD,2025-10-31", "line 2: it has 3 fields, the header 4"),
        ("EUR,USD,2025-10-31,1.1\nEUR,USD,2025-10-31,1.2",
         "line 3: it duplicates line 2: the same from_currency, to_currency, as_of_date"),
    ],
)  # fmt: skip
def test_what_is_no_rate_is_refused_by_its_line(row: str, said: str) -> None:
    found = read(TextSource("x.csv", f"{HEADER}\n{row}\n", ".csv"), built_in("plain-rates"))
    assert said in found.problems


def test_a_file_without_a_rate_or_with_another_header_is_refused() -> None:
    plain = built_in("plain-rates")
    assert "it holds no rate" in read(TextSource("x.csv", f"{HEADER}\n", ".csv"), plain).problems
    other = TextSource("x.csv", "from,to,date,rate\nEUR,USD,2025-10-31,1\n", ".csv")
    assert f"the header must be {HEADER}" in read(other, plain).problems


def test_a_rate_of_a_workbook_is_what_the_cell_shows(tmp_path: Path) -> None:
    path = tmp_path / "rates.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["From", "Date", "Rate"])
        sheet.write_row(1, 0, ["USD", "2025-10-31", 0.1 + 0.2])
        sheet.write_row(2, 0, ["JPY", "2025-10-31", 0.0056230321091877])
    text = ", ".join(f"{key}: {text}" for key, text in BASE.items())
    found = read(path, profiles(f"p: {{{text}}}")["p"])
    assert [rate for *_, rate in rates(found)] == ["0.3", "0.0056230321091877"]


# ── a wide table ───────────────────────────────────────────────────────────────────────────────────

WIDE = {
    "unpivot": "{heading: Currency, cell: Value}", "from": "{column: Currency, pattern: '^FX(...)CAD$'}",
    "to": "CAD", "date": "{column: date}", "rate": "{column: Value}",
    "skip": "[{column: Value, matches: '^$'}, {matches: '^Source'}]",
}  # fmt: skip


def test_a_column_that_no_key_names_is_a_row_for_each_row_of_a_wide_table() -> None:
    found = of(
        "Bank of Examples\ndate,FXUSDCAD,Fxnote,FXEURCAD,\n2025-10-30,1.3941,a,,\n2025-10-31,1.4,b,1.6201\n"
        "date,FXUSDCAD,Fxnote,FXEURCAD\n\nSource: the bank\n",
        **{**WIDE, "skip": WIDE["skip"].replace("]", ", {column: Currency, matches: note}]")},
    )
    assert rates(found) == [
        ("USD", "CAD", "2025-10-30", "1.3941"),
        ("USD", "CAD", "2025-10-31", "1.4"),
        ("EUR", "CAD", "2025-10-31", "1.6201"),
    ]
    assert [row.line for row in found.rows] == [3, 4, 4]
    assert found.rows[2].cells == ("FXEURCAD", "2025-10-31", "1.6201")
    assert found.reading.skipped == {
        "Value matches ^$": 1, "Currency matches note": 2, "the header again": 1, "the row matches ^Source": 1,
    }  # fmt: skip
    assert [row.text for row in found.skipped] == [
        "2025-10-30 | Fxnote | a", "2025-10-30 | FXEURCAD | ", "2025-10-31 | Fxnote | b",
        "date FXUSDCAD Fxnote FXEURCAD", "Source: the bank",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("date,FXUSDCAD\n2025-10-31,N/A\n", "line 2: Value is 'N/A': the profile declares numbers"),
        ("date,FXUSDCAD\n2025-10-31,0\n", "line 2: Value is '0': write a rate above 0"),
        ("date,FXUSDCAD,other\n2025-10-31,1.4,2\n", "line 2: Currency is 'other': it does not match"),
        ("date,FXXAUCAD\n2025-10-31,1.4\n", "line 2: Currency is 'FXXAUCAD': write the ISO 4217 code"),
        ("date,FXCADCAD\n2025-10-31,1\n", "line 2: from_currency and to_currency are both CAD"),
        ("date,FXUSDCAD,\n2025-10-31,1.4,2\n", "line 2: it has 3 fields, the header 2"),
        ("date,FXUSDCAD,FXEURCAD,FXUSDCAD\n2025-10-31,1.4,1.6,1.5\n", "line 1: the header has 'FXUSDCAD' twice"),
        ("date,FXUSDCAD\n2025-10-31,1.4\n2025-10-31,1.4\n", "line 3: it duplicates line 2"),
        ("date\n2025-10-31\n", "it holds no rate"),
        ("day,FXUSDCAD\n2025-10-31,1.4\n", "no row of it has the columns 'date'"),
        ("date,FXUSDCAD,FXEURCAD\n2025-10-31,1.4\n", "line 2: it has 2 fields, the header 3"),
    ],
)  # fmt: skip
def test_a_cell_of_a_wide_table_that_is_no_rate_is_refused(table: str, said: str) -> None:
    assert said in of(table, **WIDE).problems


def test_the_two_files_of_the_ecb_are_not_taken_for_each_other() -> None:
    for profile, file in (
        ("ecb-eurofxref", "ecb-eurofxref-hist.csv"),
        ("ecb-eurofxref-hist", "ecb-eurofxref.csv"),
    ):
        assert "write a date" in read(DATA / file, built_in(profile)).problems


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"rate": None}, "rate is missing (exchange rates)"),
        ({"from": None}, "from is missing (exchange rates)"),
        ({"to": "EURO"}, "to is 'EURO': write the ISO 4217 code"),
        ({"from": "given"}, "from is 'given': the run does not give it"),
        ({"rate": "{debit: D, credit: C}"}, "rate has debit, credit, and must have one of: column"),
        ({"entity": "E"}, "entity is an unknown key"),
        ({"absent_means": "zero"}, "absent_means is an unknown key"),
        ({"duplicates": "sum"}, "duplicates is an unknown key"),
        ({"proofs": "{debits_equal_credits: true}"}, "proofs.debits_equal_credits is an unknown key"),
        ({"unpivot": "Currency"}, "unpivot must be a mapping"),
        ({"unpivot": "{heading: A}"}, "unpivot must name two columns"),
        ({"unpivot": "{heading: A, cell: A}"}, "unpivot must name two columns"),
        ({"unpivot": "{heading: A, cell: B, rows: C}"}, "unpivot.rows is an unknown key"),
        ({"unpivot": "{heading: A, cell: B}", "exactly": "[A, B]"}, "unpivot is of no use beside exactly"),
        ({"unpivot": "{heading: From, cell: Rate}", "date": "{column: '#1'}"}, "unpivot needs a column"),
        ({"kind": "fx"}, "kind is 'fx': write gl or items or rates"),
    ],
)
def test_a_key_that_a_profile_of_rates_has_not_is_refused(keys: dict[str, str | None], said: str) -> None:
    with pytest.raises(GLSourcesFileError) as refused:
        of("", **keys)
    assert said in str(refused.value)


def test_plain_is_the_plain_layout_of_the_kind_that_is_asked_for() -> None:
    books = read_gl_sources(None)
    assert books.profile("plain", "rates").exactly == tuple(HEADER.split(","))
    with pytest.raises(
        GLSourcesFileError, match=r"ecb-rates reads exchange rates .* name a profile of kind gl"
    ):
        books.profile("ecb-rates", "gl")
