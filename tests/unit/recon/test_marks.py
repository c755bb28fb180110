"""The twenty ways to write a number that ERPs have: each is read where its marks are declared, and nowhere else."""

from decimal import Decimal

import pytest

from qbank_ledger.files.source import TextSource
from qbank_ledger.money import MINOR_UNITS
from qbank_ledger.recon.currency_signs import SIGNS
from tests.words.erp import built_in, profiles, read

BASE = "account: {column: Account}\nentity: QB01\ncurrency: EUR\ndate: 2025-10-31\ndelimiter: '|'\n"
ONE = "balance: {column: Balance}\n"
NUMBERS = [
    # as it is written, what declares it, what does not, what it is
    ("1,234.50", "{grouping: [',']}", "{}", "1234.50"),
    ("1.234,50", "{decimal: ',', grouping: ['.']}", "{decimal: ','}", "1234.50"),
    ("1 234,50", "{decimal: ',', grouping: [' ']}", "{decimal: ','}", "1234.50"),
    ("1\u00a0234,50", "{decimal: ',', grouping: [' ']}", "{decimal: ',', grouping: ['.']}", "1234.50"),
    ("1\u202f234,50", "{decimal: ',', grouping: [' ']}", "{decimal: ','}", "1234.50"),
    ("1'234.50", '{grouping: ["\'"]}', "{grouping: [',']}", "1234.50"),
    ("1\u2019234.50", '{grouping: ["\'"]}', "{grouping: [',']}", "1234.50"),
    ("1234,5", "{decimal: ','}", "{}", "1234.5"),
    ("12,34,567.50", "{grouping: [',']}", "{}", "1234567.50"),
    ("(1,234.50)", "{grouping: [','], negative: [parentheses]}", "{grouping: [',']}", "-1234.50"),
    ("$(12.34)", "{symbols: [$], negative: [parentheses]}", "{negative: [parentheses]}", "-12.34"),
    ("($12.34)", "{symbols: [$], negative: [parentheses]}", "{symbols: [$]}", "-12.34"),
    ("-$12.34", "{symbols: [$]}", "{}", "-12.34"),
    ("$-12.34", "{symbols: [$]}", "{symbols: [$], negative: [parentheses]}", "-12.34"),
    ("1,234.50-", "{grouping: [','], negative: [trailing]}", "{grouping: [',']}", "-1234.50"),
    ("\u221212.00", "{negative: [leading]}", "{negative: ['-']}", "-12.00"),
    ("\u201312.00", "{negative: [leading]}", "{negative: [trailing]}", "-12.00"),
    ("1,234.50 CR", "{grouping: [','], negative: [CR]}", "{grouping: [',']}", "-1234.50"),
    ("1,234.50 DR", "{grouping: [','], negative: [CR]}", "{grouping: [',']}", "1234.50"),
    ("1.234,50 H", "{decimal: ',', grouping: ['.'], negative: [H]}", "{decimal: ',', grouping: ['.']}", "-1234.50"),
    ("1.234,50 S", "{decimal: ',', grouping: ['.'], negative: [H]}", "{decimal: ',', grouping: ['.']}", "1234.50"),
    ("-110.7 €", "{symbols: [€]}", "{symbols: [$]}", "-110.7"),
    ("12.34 EUR", "{symbols: [EUR]}", "{symbols: [USD]}", "12.34"),
    ("", "{zero: ['']}", "{}", "0"),
    ("-", "{zero: ['-']}", "{}", "0"),
    ("0.00-", "{negative: [trailing]}", "{}", "0.00"),
    ("1.2E+06", "{exponent: true}", "{}", "1200000"),
    ("-3.000", "{decimal: ',', grouping: ['.']}", "{}", "-3000"),
    ("0,000.00", "{grouping: [',']}", "{}", "0.00"),
    (",50", "{decimal: ','}", "{}", "0.50"),
    ("-.50", "{negative: [leading]}", "{negative: [parentheses]}", "-0.50"),
]  # fmt: skip


def balance(
    numbers: str, written: str, form: str = ONE, row: str = "1100|{}", currency: str = "EUR"
) -> tuple[list[Decimal], str]:
    keys = (BASE.replace("EUR", currency) + form).splitlines()
    profile = profiles("one:\n" + "".join(f"  {line}\n" for line in keys) + f"  numbers: {numbers}\n")["one"]
    content = f"Account|Balance|Side\n1000|0|S\n{row.format(written)}\n"
    found = read(TextSource("books.txt", content, ".txt"), profile)
    return [row.amount for row in found.rows if row.key[1] == "1100"], found.problems


@pytest.mark.parametrize(("written", "declared", "undeclared", "amount"), NUMBERS)
def test_a_number_is_read_as_its_marks_say_and_refused_by_its_line_without_them(
    written: str, declared: str, undeclared: str, amount: str
) -> None:
    currency = "USD" if "$" in written else "EUR"
    found, problems = balance(declared, written, currency=currency)
    assert (problems, [f"{one:f}" for one in found]) == ("", [amount])
    found, problems = balance(undeclared, written, currency=currency)
    assert found == []
    assert "line 3: Balance is " in problems


@pytest.mark.parametrize(
    ("side", "amount"), [("S", "12.34"), ("D", "12.34"), ("H", "-12.34"), ("C", "-12.34")]
)
def test_a_side_stands_in_a_column_beside_the_amount(side: str, amount: str) -> None:
    form = "balance: {amount: Balance, side: Side, debit: [S, D], credit: [H, C]}\n"
    assert balance("{}", "12.34", form, f"1100|{{}}|{side}")[0] == [Decimal(amount)]
    undeclared = form.replace(f", {side}]", "]").replace(f"[{side}, ", "[")
    found, problems = balance("{}", "12.34", undeclared, f"1100|{{}}|{side}")
    assert found == []
    assert f"line 3: Side is '{side}': the profile declares" in problems


EVERYTHING = "{grouping: [',', ' '], negative: [leading, trailing, parentheses, CR], symbols: [$, EUR], zero: ['-'], exponent: true}"


@pytest.mark.parametrize(
    "written",
    ["(5", "5)", "-(5)", ")5(", "((5))", "--5", "-5-", "-5 CR", "(5) CR", "5 CR CR", "$5$", "$ 5 EUR", "1,23", "1,234,56",
     "12,3456", "1,234 567", "1, 234", "٣", "5.", ".", "-.", ".5.5", "1,.5", "0,500", "-0,250", "00,123.45", "000,123,456", "123,45,678", "5..0", "1.2.3", "1e", "1e999", "0x10", "1_000", "NaN", "Infinity",
     "9" * 39, "+5", "5 X", "5 DR DR", "eur eur 5", "#N/A", "5\u200b", "5 USD", "= 5", "1.234"],
)  # fmt: skip
def test_marks_that_do_not_go_together_make_no_number(written: str) -> None:
    found, problems = balance(EVERYTHING, written)
    assert found == []
    assert "line 3: Balance is " in problems


@pytest.mark.parametrize(
    ("written", "symbol", "of"),
    [("12.34 USD", "USD", "USD"), ("usd 12.34", "USD", "USD"), ("12.34Usd", "USD", "USD"), ("€ 12.34", "€", "EUR"), ("eur 12.34", "EUR", "EUR"),
     ("$ 12.34", "$", "USD"), ("$12.34", "$", "CAD"), ("-$12.34", "$", "MXN"), ("12.34 ¥", "¥", "JPY"), ("12.34 ¥", "¥", "CNY"),
     ("US$ 12.34", "US$", "USD"), ("£12.34", "£", "GBP"), ("₹12.34", "₹", "INR")],
)  # fmt: skip
def test_a_symbol_of_another_currency_than_the_rows_is_refused(written: str, symbol: str, of: str) -> None:
    numbers = "{symbols: [USD, EUR, €, $, ¥, US$, £, ₹]}"
    written = written.replace("12.34", "12") if of == "JPY" else written
    found, problems = balance(numbers, written, currency=of)
    assert (problems, len(found)) == ("", 1)
    another = {"€": "USD", "EUR": "USD"}.get(symbol, "EUR")
    _, problems = balance(numbers, written, currency=another)
    assert f"Balance is '{written}': it is in {symbol}, the row in {another}" in problems


def test_a_symbol_that_is_no_currencys_says_nothing_of_it() -> None:
    found, problems = balance("{symbols: [net, kr]}", "12.34 NET")
    assert (problems, len(found)) == ("", 1)


def test_each_sign_is_of_currencies_that_there_are() -> None:
    assert set().union(*SIGNS.values()) <= set(MINOR_UNITS)


@pytest.mark.parametrize(
    ("written", "rounded"),
    [("28956708.96999998", "28956708.97"), ("0.00000000001", "0.00"), ("-0.00000000001", "0.00"), ("1.50001", "1.50"),
     ("1.00999", "1.01"), ("3.0000", "3.00")],
)  # fmt: skip
def test_noise_is_rounded_only_where_the_profile_says_so(written: str, rounded: str) -> None:
    found, problems = balance("{noise: round}", written)
    assert (problems, [f"{one:f}" for one in found]) == ("", [rounded])
    found, problems = balance("{}", written)
    assert found == []
    assert "decimals, EUR 2" in problems


@pytest.mark.parametrize("written", ["1.005", "1.00998", "1.50002", "0.001"])
def test_what_is_more_than_a_thousandth_of_a_minor_unit_is_no_noise(written: str) -> None:
    found, problems = balance("{noise: round}", written)
    assert found == []
    assert "decimals, EUR 2" in problems


@pytest.mark.parametrize("written", ["- 5.00", ".50", "+5.00", "\u22125.00", "5.00-"])
def test_the_plain_layout_takes_plain_numbers_alone(written: str) -> None:
    content = f"entity,gl_account,currency,as_of_date,balance\nQB01,1100,EUR,2025-10-31,{written}\n"
    found = read(TextSource("x.csv", content, ".csv"), built_in("plain"))
    assert found.rows == []
    assert f"line 2: balance is {written!r}: the profile declares numbers such as -1234.50" in found.problems
