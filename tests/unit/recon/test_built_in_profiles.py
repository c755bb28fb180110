"""The built-in profiles: each reads a sample of its layout, traps and all, to the last digit."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from qbank_ledger.files.source import TextSource
from qbank_ledger.files.text_file import UnreadableFileError
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.words.erp import (
    DATA,
    ITEM_SAMPLES,
    OCTOBER,
    RATE_SAMPLES,
    SAMPLES,
    Read,
    Sample,
    built_in,
    profiles,
    read,
)

NAMES = {
    "plain",
    "netsuite-trial-balance",
    "xero-trial-balance",
    "erpnext-trial-balance",
    "odoo-trial-balance",
    "business-central-trial-balance",
    "sap-list",
    "sap-trial-balance",
    "oracle-gl-balances",
    "quickbooks-trial-balance",
    "datev-susa",
}
OF_ITEMS = {"plain-items", "sap-open-items"}
OF_RATES = {"plain-rates", "ecb-rates", "ecb-eurofxref", "ecb-eurofxref-hist"}


def test_each_built_in_profile_has_a_sample() -> None:
    assert next(iter(read_gl_sources(None).profiles)) == "plain"
    assert {sample.profile for sample in SAMPLES} == NAMES
    assert {sample.profile for sample in ITEM_SAMPLES} >= OF_ITEMS
    assert {sample.profile for sample in RATE_SAMPLES} == OF_RATES
    assert {name: one.kind for name, one in read_gl_sources(None).profiles.items()} == {
        **dict.fromkeys(NAMES, "gl"),
        **dict.fromkeys(OF_ITEMS, "items"),
        **dict.fromkeys(OF_RATES, "rates"),
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.profile)
def test_a_built_in_profile_reads_its_layout_exactly(sample: Sample, tmp_path: Path) -> None:
    found = read(sample.path(tmp_path), built_in(sample.profile), sample.given)
    assert found.problems == ""
    assert [(row.line, row.key[0], row.key[1], row.key[2], f"{row.amount:f}") for row in found.rows] == list(
        sample.rows
    )
    if sample.profile != "plain":
        assert {row.key[3] for row in found.rows} == {sample.on}
    assert len(found.skipped) == found.reading.skipped.total() == sample.skipped


def test_noise_that_was_rounded_is_counted(tmp_path: Path) -> None:
    by_name = {sample.profile: sample for sample in SAMPLES}
    for name, rounded in {"erpnext-trial-balance": 1, "odoo-trial-balance": 1, "plain": 0}.items():
        sample = by_name[name]
        assert read(sample.path(tmp_path), built_in(name), sample.given).reading.rounded == rounded


@pytest.mark.parametrize("name", sorted(NAMES))
def test_journal_entries_are_refused_with_that_sentence(name: str) -> None:
    given = Given(OCTOBER, "DE01", "EUR")
    with pytest.raises(UnreadableFileError, match=r"journal entries \(Buchungsstapel\), not balances"):
        read(DATA / "extf-buchungsstapel.csv", built_in(name), given)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.profile)
def test_another_layouts_file_is_refused_whole(sample: Sample, tmp_path: Path) -> None:
    """Each file by each other profile: nothing of it is taken for balances."""
    given = Given(OCTOBER, "QB01", "EUR")
    path = sample.path(tmp_path)
    for name in (NAMES | OF_ITEMS | OF_RATES) - {sample.profile}:
        try:
            found = read(path, built_in(name), given)
        except UnreadableFileError:
            continue
        assert found.problems, name


def without(path: Path, line: int) -> TextSource:
    """A file without one of its lines."""
    lines = path.read_text("cp1252").splitlines(keepends=True)
    return TextSource("cut.csv", "".join(lines[: line - 1] + lines[line:]), ".csv")


@pytest.mark.parametrize(
    ("profile", "line", "said"),
    [
        ("netsuite-trial-balance", 13, "debits and credits must be equal, and differ by -8,400.10"),
        ("netsuite-trial-balance", 18, r"no row matches total_row \^Total\$: the file may be cut off"),
        (
            "netsuite-trial-balance",
            4,
            r"no line above its header matches .* \(date.title of profile netsuite-trial-balance\)",
        ),
        (
            "xero-trial-balance",
            8,
            "the total says Debit - Year to date 30,000.00, the rows add up to 28,793.18",
        ),
        ("business-central-trial-balance", 5, "debits and credits must be equal, and differ by -106.16"),
        ("quickbooks-trial-balance", 7, "the total says Credit 10,050.00, the rows add up to 9,000.00"),
    ],
)
def test_a_row_that_is_missing_is_found_by_the_files_own_proof(profile: str, line: int, said: str) -> None:
    sample = next(sample for sample in SAMPLES if sample.profile == profile)
    found = read(without(DATA / sample.file, line), built_in(profile), sample.given)
    assert re.search(said, found.problems), found.problems


def test_an_amount_is_exact_in_ten_thousand_ways() -> None:
    """Each amount of cents is itself again, by the marks of each of the built-in profiles."""
    for name in NAMES:
        marks = built_in(name).marks
        for cents in range(-5_000, 5_000):
            whole, part = divmod(abs(cents) * 1_237, 100)
            number = f"{whole}{marks.decimal}{part:02}"
            if cents < 0:
                number = f"{number}-" if marks.negative == ("trailing",) else f"-{number}"
            assert marks.read(number) == Decimal(cents * 1_237).scaleb(-2)


def like(name: str, *changes: tuple[str, str]) -> Read:
    """The sample of a profile, read by it, with these texts in it replaced, each of which it has."""
    sample = next(sample for sample in SAMPLES if sample.profile == name)
    text = (DATA / sample.file).read_text(built_in(name).encoding)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read(TextSource(sample.file, text, ".csv"), built_in(name), sample.given)


@pytest.mark.parametrize("hyphen", ["-", "_x002D_", "_x002d_", " "])
def test_business_centrals_totals_are_no_accounts_however_their_type_is_spelt(hyphen: str) -> None:
    changes = [(f"{which}-Total", f"{which}{hyphen}Total") for which in ("Begin", "End")]
    found = like("business-central-trial-balance", *changes)
    assert (found.problems, sorted(found.balances), len(found.skipped)) == ("", ["1110", "1120", "2100"], 4)


@pytest.mark.parametrize(
    "footer",
    [
        "Accrual basis Saturday, November 1, 2025 06:42 AM GMT-07:00",
        "Friday, Nov 06, 2025 10:11:12 AM GMT-8 - Accrual Basis",
        "Friday, November 7, 2025 10:11 AM GMT+1 - Cash basis",
    ],
)
def test_quickbooks_footer_is_no_account_wherever_it_says_its_basis(footer: str) -> None:
    old = "Accrual basis Saturday, November 1, 2025 06:42 AM GMT-07:00"
    found = like("quickbooks-trial-balance", (old, footer), ("Savings", "Adjustment to Cash Basis"))
    assert (found.problems, len(found.skipped)) == ("", 2)
    assert found.balances["Adjustment to Cash Basis"] == Decimal("-1050.00")


def between_bars(profile: str, *lines: str) -> list[tuple[int, str]]:
    """Which lines of such a list the profile skips, of those that follow its first page."""
    samples = {sample.profile: sample for sample in (*SAMPLES, *ITEM_SAMPLES)}
    sample = samples[profile]
    text = (DATA / sample.file).read_text("cp1252")
    page = text[: text.index("\n\n", text.index("|*"))]
    source = TextSource("list.txt", "\n".join((page, *lines, "")), ".txt")
    found = read(source, built_in(profile), sample.given)
    return [(one.line, one.text) for one in found.skipped if one.line > page.count("\n") + 1]


@pytest.mark.parametrize("profile", ["sap-list", "sap-open-items"])
def test_a_rule_between_bars_is_skipped_however_it_is_drawn_and_no_row_behind_a_page_break(
    profile: str,
) -> None:
    rules = [
        "|-----|----|",
        "|----+----|",
        "|---------|",
        "+----+----+",
        "----------",
        "|* | |5,00 |",
        "Seite 2",
    ]
    skipped = between_bars(profile, *rules)
    assert [text for _, text in skipped] == rules
    row = "\f|  |0000113101|Bank|CHF  |     1,00 |     5,00 |"
    assert between_bars(profile, row) == []


def test_oracles_translated_and_statistical_balances_are_no_accounts() -> None:
    """Y and N are of a translation, current or not; R is what was entered, and empty the ledger's currency."""
    header = "LEDGER_NAME,ACCOUNT,{},PERIOD_NAME,ACTUAL_FLAG,{}BEGIN_BALANCE_DR,BEGIN_BALANCE_CR,PERIOD_NET_DR,PERIOD_NET_CR"
    flags = {"USD": "", "EUR": "R", "GBP": "Y", "CHF": "N", "STAT": ""}
    profile = built_in("oracle-gl-balances")
    for currency in ("CURRENCY_CODE", "CURRENCY"):
        rows = [f"US Primary,1110,{code},OCT-25,A,{flag},1.50,0,0,0" for code, flag in flags.items()]
        text = "\n".join((header.format(currency, "TRANSLATED_FLAG,"), *rows, ""))
        found = read(TextSource("balances.csv", text, ".csv"), profile)
        assert (found.problems, [row.key[2] for row in found.rows]) == ("", ["USD", "EUR"])
        rows = [f"US Primary,1110,{code},OCT-25,A,1.50,0,0,0" for code in ("USD", "STAT")]
        text = "\n".join((header.format(currency, ""), *rows, ""))
        found = read(TextSource("balances.csv", text, ".csv"), profile)
        assert (found.problems, [row.key[2] for row in found.rows]) == ("", ["USD"])


def test_oracles_flag_is_never_taken_for_a_period() -> None:
    text = "LEDGER,ACCOUNT,CURRENCY,{}ACTUAL_FLAG,TRANSLATED_FLAG,BEGIN_BALANCE_DR,BEGIN_BALANCE_CR,PERIOD_NET_DR,PERIOD_NET_CR\n"
    for period in (("PERIOD,", ","), ("", "")):
        rows = f"{text.format(period[0])}US,1110,USD,{period[1]}A,R,1.50,0,0,0\n"
        found = read(TextSource("balances.csv", rows, ".csv"), built_in("oracle-gl-balances"))
        assert "TRANSLATED_FLAG is 'R': write a date in the form %b-%y" in found.problems


def test_the_period_of_another_fiscal_year_has_its_month_by_name() -> None:
    """As docs/profiles.md says it: the tenth period of a year that begins in April is January."""
    text = """
like: sap-list
date: {title: "Period\\\\s+(\\\\d{1,2} \\\\d{4})", format: "%m %Y", names: {"10 2025": 2026-01-31}}
"""
    ours = profiles("ours:" + text.replace("\n", "\n  "))["ours"]
    found = read(DATA / "sap-list.txt", ours)
    assert (found.problems, {row.key[3] for row in found.rows}) == ("", {"2026-01-31"})
    thirteenth = like("sap-list", ("Period 10 2025", "Period 13 2025"))
    assert "its title says as_of_date '13 2025': write a date in the form %m %Y" in thirteenth.problems


def test_an_account_of_erpnext_without_a_number_is_its_whole_name_of_one_word_or_several() -> None:
    names = [("1110 - Cash - QB", "Cash - QB"), ("1120 - Bank - EUR - QB", "  (Old) Bank Accounts - QB")]
    found = like("erpnext-trial-balance", *names)
    assert found.problems == ""
    assert sorted(found.balances) == ["(Old) Bank Accounts - QB", "2110", "Cash - QB"]
