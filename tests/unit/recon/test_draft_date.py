"""Which date a draft takes for the closing: never a print-out's, nor one of two; ? where nothing tells."""

import re
from datetime import date, timedelta

import pytest

from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.draft import draft
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.words.erp import DATA, read


def books(*above: str) -> TextSource:
    return TextSource("books.csv", "\n".join((*above, "Account;Balance", "1100;1.50", "")), ".csv")


def dated(*above: str) -> tuple[str, str]:
    """What the draft of a file with these lines above its header says of the date, and why."""
    found = re.search("^    date: (.*?)  # (.*)$", draft(books(*above)), re.MULTILINE)
    assert found
    return found[1], found[2]


def read_by_its_draft(drafted: TextSource, books: TextSource) -> str:
    """The date of the only row, as the draft of one file reads another; else what is wrong with it."""
    sources = read_gl_sources(TextSource("drafted", draft(drafted), ".yaml"))
    found = read(books, sources.profiles["our-books"], Given(entity="E", currency="EUR"))
    return found.problems or found.rows[0].key[3]


@pytest.mark.parametrize(
    ("above", "on"),
    [
        (["Printed: 05.11.2026 per user MM", "Balances (01.10.2026 - 31.10.2026)"], "2026-10-31"),
        (["Erstellt am 05.11.2026 per Stichtag", "Saldenliste per 31.10.2026"], "2026-10-31"),
        (["Run date 2026-11-05", "QB - 2026-10-01 - 2026-10-31"], "2026-10-31"),
        (["2026-11-05 09:12 period 10", "From: 2026-10-01 To: 2026-10-31 (posted)"], "2026-10-31"),
        (["Generated on 5 November 2026", "1 October 2026 to 31 October 2026"], "2026-10-31"),
        (["Zeitraum vom 01.10.2026 bis 31.10.2026"], "2026-10-31"),
        (["Période du 01.10.2026 au 31.10.2026", "Édité le 05.11.2026"], "2026-10-31"),
        (["From 2026-10-01", "To 2026-10-31"], "2026-10-31"),
        (["05.11.2026", "As of Friday, October 30, 2026"], "2026-10-30"),
    ],
)  # fmt: skip
def test_a_closing_is_told_from_the_day_of_the_print_out(above: list[str], on: str) -> None:
    assert read_by_its_draft(books(*above), books(*above)) == on


@pytest.mark.parametrize(
    "above",
    [
        ["As of March 31, 2026 vs December 31, 2025"],
        ["As of March 31, 2026 (December 31, 2025)"],
        ["Compared to 31.12.2025"],
        ["31.10.2026 - 31.12.2025"],
        ["01.10.2026 - 31.10.2026 | 01.09.2026 - 30.09.2026"],
        ["Stand 31.10.2026", "Stand 31.12.2025"],
        ["Report 31.10.2026 per group"],
    ],
)  # fmt: skip
def test_of_two_dates_or_one_without_a_word_before_it_it_asks(above: list[str]) -> None:
    said, why = dated(*above)
    assert said.endswith('format: "?"}')
    assert re.search("write %. ?%|write %d.%m.%Y|write %B %d, %Y", why), why


@pytest.mark.parametrize("above", ["Printed: 05.11.2026 per user MM", "As of 31.10.2026, printed by MM"])
def test_a_print_outs_line_never_counts(above: str) -> None:
    assert dated(above) == ("given", f"line 1 has the day of a print-out, {above!r}: by the run")


def test_a_column_of_the_days_of_print_outs_is_none_of_balances() -> None:
    text = draft(TextSource("books.csv", "Account;Date printed;Balance\n1100;2026-11-05;1.50\n", ".csv"))
    assert "    date: given  #" in text


def test_the_pattern_finds_the_closing_in_the_next_month_too() -> None:
    """What stands before it may be other numbers, and the words right before it may stand elsewhere."""
    october = books("QB 10 - 01.10.2026 - 31.10.2026")
    assert read_by_its_draft(october, books("QB 9 - 01.11.2026 - 30.11.2026")) == "2026-11-30"


ENDS = [date(2026, month + 1, 1) - timedelta(days=1) for month in range(1, 12)] + [date(2026, 12, 31)]
WRITTEN = ("As at %d {} %Y", "As of {} %d, %Y", "End of {} %Y", "Period ended %d-{}-%Y")


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("name", ["%B", "%b"])
def test_a_profile_drafted_in_one_month_reads_each_of_the_twelve(written: str, name: str) -> None:
    files = [books(day.strftime(written.format(name))) for day in ENDS]
    for drafted in files[:4] + files[5:]:
        text = draft(drafted)
        profile = read_gl_sources(TextSource("drafted", text, ".yaml")).profiles["our-books"]
        for day, file in zip(ENDS, files, strict=True):
            found = read(file, profile, Given(entity="E", currency="EUR"))
            assert (found.problems, [row.key[3] for row in found.rows]) == ("", [day.isoformat()])


@pytest.mark.parametrize("written", WRITTEN)
def test_in_may_it_asks_whether_the_name_is_the_long_one(written: str) -> None:
    form = re.sub(r"^[A-Za-z ]+ (?=[%{])", "", written)
    said, why = dated(ENDS[4].strftime(written.format("%B")))
    assert said.endswith('format: "?"}')
    long, short = form.format("%B"), form.format("%b")
    assert f"write {long} where June is June, {short} where it is Jun" in why


def test_it_knows_the_date_of_the_example_in_the_documents() -> None:
    text = draft(DATA / "trial-balance.csv")
    assert "format: \"%b %d, %Y\"}  # line 4 says 'As of Nov 26, 2026'" in text


def test_a_month_of_another_language_is_asked_for() -> None:
    said, why = dated("Stand 31 Januar 2026")
    assert said.endswith('format: "?"}')
    assert why.endswith("31 Januar 2026 is no date in English: say others in names, and %d %b %Y")


def test_so_with_the_dates_of_a_column() -> None:
    for on, form in {"31 Oct 2026": "%d %b %Y", "31-October-2026": "%d-%B-%Y", "31 May 2026": "?"}.items():
        text = draft(TextSource("books.csv", f"Account;Date;Balance\n1100;{on};1.50\n", ".csv"))
        assert f'date: {{column: "Date", format: "{form}"}}' in text


def test_a_period_may_be_of_a_fiscal_year_that_is_not_the_calendars_and_is_asked_for() -> None:
    said, why = dated("Company code 1000   Period 10 2026")
    assert said.endswith('format: "?"}')
    assert why.endswith(
        "write %m %Y if your fiscal year is the calendar's; else say given, or names of its periods"
    )
