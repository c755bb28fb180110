"""Which rows a draft proposes to skip: totals, by whole words, and no row with an account's number."""

import re

import pytest

from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.draft import draft
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.words.erp import read


def read_by_its_draft(text: str) -> tuple[list[str], str, list[str]]:
    """The skips that a file's draft proposes, what is wrong with the file by it, and its accounts."""
    books = TextSource("books.csv", text, ".csv")
    drafted = draft(books)
    profile = read_gl_sources(TextSource("drafted", drafted, ".yaml")).profiles["our-books"]
    found = read(books, profile, Given("2026-10-31", "E", "EUR"))
    return re.findall("- {(.*?)}  #", drafted), found.problems, sorted(found.balances)


@pytest.mark.parametrize(
    ("accounts", "total", "skip"),
    [
        ("110150,TotalEnergies cash pool,55.00", ",Total,155.00", r"^\\W*Total\\b"),
        ("110150,Summer camp account,55.00", ",Summe,155.00", r"^\\W*Summe\\b"),
        ("110150,Total Gas account,55.00", ",Total,155.00", r"^\\W*Total\\W*$"),
        ("110150,Total,55.00", ",Total,155.00", "^$"),
        ("110150,Bank,55.00", ",Total - Bank,155.00", r"^\\W*Total\\b"),
    ],
)
def test_a_total_is_skipped_and_no_account_of_a_name_that_is_like_it(
    accounts: str, total: str, skip: str
) -> None:
    skips, problems, found = read_by_its_draft(
        f"Account,Name,Balance\n1100,Bank,100.00\n{accounts}\n{total}\n"
    )
    assert (problems, found) == ("", ["1100", "110150"])
    column = "Account" if skip == "^$" else "Name"
    assert skips == [f'column: "{column}", matches: "{skip}"']


def test_each_word_for_a_total_is_skipped_and_not_the_first_alone() -> None:
    text = (
        "Account,Name,Balance\n1100,Bank,1.00\nSubtotal,,1.00\nTotal,,1.00\nGrand Total,,1.00\nSumme,,1.00\n"
    )
    skips, problems, found = read_by_its_draft(text)
    assert (problems, found, len(skips)) == ("", ["1100"], 4)


def test_of_a_list_between_bars_rules_headings_and_subtotals_are_skipped_and_no_row() -> None:
    rows = "|Konto |Saldo |\n|------+------|\n|1200 |5,50 |\n|* |5,50 |\n|-----|-----|\n"
    skips, problems, found = read_by_its_draft(
        f"Seite 1\n-------\n{rows}\nSeite 2\n{rows.replace('1200', '1300')}"
    )
    assert (problems, found, len(skips)) == ("", ["1200", "1300"], 1)
    pattern = re.search(r'matches: "(.*)"', skips[0])
    assert pattern
    assert not re.search(pattern[1].replace("\\\\", "\\"), "\f| 1300 | 5,50 |")
