"""A profile proposed for a file that nobody has seen: what is certain, why, and what it asks."""

from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from qbank_ledger.errors import GLFileError, GLSourcesFileError
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.draft import draft
from qbank_ledger.recon.draft_marks import ASKS, marks_of
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.words.erp import DATA, OCTOBER, SAMPLES, Sample, built_in, read

# Those whose draft needs no answer, or of a list of SAP, of which fiscal year its period is; the others ask, or need
# their user's own skips and names.
WHOLE = {"plain", "netsuite-trial-balance", "odoo-trial-balance", "sap-list", "xero-trial-balance"}


def drafted(text: str) -> str:
    return draft(TextSource("books.csv", text, ".csv"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.profile)
def test_each_layout_gets_a_draft_that_is_yaml_with_why_beside_each_guess(
    sample: Sample, tmp_path: Path
) -> None:
    text = draft(sample.path(tmp_path))
    source = TextSource("drafted", text, ".yaml")
    if '"?"' in text:
        with pytest.raises(GLSourcesFileError, match=r"is '\?': write"):
            read_gl_sources(source)
    else:
        assert "our-books" in read_gl_sources(source).profiles
    guesses = [line for line in text.splitlines() if line.startswith("    ") and not line.endswith(":")]
    assert [line for line in guesses if "#" not in line] == []


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_draft_without_a_question_reads_the_file_as_the_built_in_profile_does(
    name: str, tmp_path: Path
) -> None:
    sample = next(sample for sample in SAMPLES if sample.profile == name)
    path = sample.path(tmp_path)
    text = draft(path).replace("# proofs", "duplicates: ignore_empty\n    # proofs")
    if name == "xero-trial-balance":
        text = text.replace('column: "Account Code"}  # its', 'column: ["Account Code", "Account"]}  # its')
    if name == "sap-list":
        text = text.replace('column: "G/L acct"}', 'column: "G/L acct", strip_zeros: true}')
        text = text.replace('format: "?"}', 'format: "%m %Y"}')
    profile = read_gl_sources(TextSource("drafted", text, ".yaml")).profiles["our-books"]
    currency = sample.given.currency or "EUR"  # its signs are of that
    given = {"plain": Given(), "sap-list": Given(entity="1000")}.get(
        name, Given(entity="E", currency=currency)
    )
    found = read(path, profile, given)
    assert found.problems == ""
    assert found.balances == read(path, built_in(name), sample.given).balances


@pytest.mark.parametrize(
    ("numbers", "decimal"),
    [
        (["1.234"], ASKS), (["1,234", "-3,000"], ASKS), (["1.234", "5"], ASKS), (["1,234", "1.234"], ASKS),
        (["1.234.567"], ","), (["1,234,567"], "."), (["1.234,56"], ","), (["1,234.56"], "."), (["12,5"], ","),
        (["1.5", "1,5"], ASKS), (["1.234", "0,50"], ","), (["1,234", "0.50"], "."), (["0.123"], "."), (["1234.567"], "."),
        (["1,234.50", "1.234,50"], ASKS), (["1,234,567", "1.234"], ASKS), (["12"], "."), (["1 234,50"], ","),
    ],
)  # fmt: skip
def test_between_two_readings_of_a_number_it_asks(numbers: list[str], decimal: str) -> None:
    assert marks_of(numbers).decimal == decimal


def test_what_it_asks_no_reader_takes_for_an_answer() -> None:
    text = drafted("Account,Balance\n1100,1.234\n1200,-3.000\n")
    assert (
        "decimal: \"?\"  # '1.234' is 1234 where decimal is ',' and grouping ['.'], and 1.234 where" in text
    )
    with pytest.raises(GLSourcesFileError, match=r"numbers.decimal is '\?': write \. or ,"):
        read_gl_sources(TextSource("drafted", text, ".yaml"))


def test_a_day_and_a_month_that_may_be_either_are_asked_for() -> None:
    text = drafted("As of 10/11/2025\nAccount,Balance\n1100,1.50\n")
    assert "format: \"?\"}  # line 1 says 'As of 10/11/2025': write %d/%m/%Y or %m/%d/%Y" in text


def test_the_day_of_a_print_out_is_not_taken_for_the_closing() -> None:
    text = drafted("10.11.2025 G/L account balances\nAccount,Balance\n1100,1.50\n")
    assert (
        "format: \"?\"}  # line 1 says '10.11.2025 G/L account balances': write %d.%m.%Y if that is the closing"
        in text
    )
    assert "}  # line 2 says 'Period 10 2025'" in drafted(
        "10.11.2025\nPeriod 10 2025\nAccount,Balance\n1100,1.50\n"
    )


def test_marks_of_a_column_that_nobody_has_named_are_asked_for() -> None:
    text = drafted("Konto;Wert\n1200;1.234\n")
    assert 'balance: {column: "?"}' in text
    assert 'numbers: {decimal: "?"}  # the marks of the column that you write above' in text


def test_an_amount_beside_its_side_is_the_balance_and_debit_and_credit_come_before_it() -> None:
    text = drafted("Konto;Betrag;S/H\n1200;1.234,50;S\n")
    assert 'balance: {amount: "Betrag", side: "S/H", debit: [S, D], credit: [H, C]}' in text
    assert 'decimal: ","' in text
    assert 'balance: {debit: "Soll", credit: "Haben"}' in drafted("Konto;Betrag;Soll;Haben\n1200;1,5;1,5;\n")


@pytest.mark.parametrize("number", ["1.23457E+11", "1,2E+06", "1E+15"])
def test_of_a_number_with_an_exponent_it_asks_whether_a_spreadsheet_cut_it(number: str) -> None:
    text = drafted(f"Account;Balance\n1100;{number}\n1200;n/a\n")
    assert f"exponent: \"?\"  # '{number}': where a spreadsheet cut its digits, format the column" in text
    assert "1 cell(s) in these columns are no numbers, such as 'n/a': rows to skip?" in text
    with pytest.raises(GLSourcesFileError, match=r"numbers.exponent is '\?': write true or false"):
        read_gl_sources(TextSource("drafted", text, ".yaml"))


def test_an_account_that_a_spreadsheet_cut_is_said() -> None:
    text = drafted("Account;Balance\n1.10150E+09;5.50\n")
    assert "its name says so; '1.10150E+09' is no account: where a spreadsheet cut" in text


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (["(1.50)", "$2.00"], {"negative": ["parentheses"], "symbols": ["$"]}),
        (["1.50-", "-", "2.50 CR"], {"negative": ["trailing", "CR"], "zero": ["-"]}),
        (["1'234.50", "-2.00 EUR"], {"grouping": ["'"], "negative": ["leading"], "symbols": ["EUR"]}),
        (["1.234,50 S", "2,00H"], {"grouping": ["."], "negative": ["H"]}),
        (["$ 1.50", " $ -   ", "$-"], {"symbols": ["$"], "zero": ["$ -", "$-"], "others": []}),
        (
            ["1,50 €", "-   €", "\u2013", "\u2014", "EUR -"],
            {"zero": ["-   €", "\u2013", "\u2014", "EUR -"], "others": []},
        ),
        (["1.50", "$", "n/a"], {"zero": [], "others": ["$", "n/a"]}),
    ],
)
def test_the_marks_that_it_finds_are_those_that_read_the_numbers(
    numbers: list[str], said: dict[str, list[str]]
) -> None:
    marks = marks_of(numbers)
    assert {key: list(getattr(marks, key)) for key in said} == said


def test_what_is_no_file_of_balances_is_a_sentence(tmp_path: Path) -> None:
    for text in ("", "hello\nworld\n", "a,b\nc,d\n"):
        with pytest.raises(
            GLFileError, match=r"No profile can be proposed for books\.csv: no row with column names"
        ):
            drafted(text)
    with pytest.raises(GLFileError, match="journal entries"):
        draft(DATA / "extf-buchungsstapel.csv")
    with pytest.raises(GLFileError, match="can't be read: No such file"):
        draft(tmp_path / "nothing.csv")


def test_nothing_of_a_hostile_file_is_more_than_a_comment() -> None:
    """A name with a line break in it, YAML in a cell: quoted, or behind a #."""
    text = drafted('"Acc\nount: x","Bal: {a}"\n"}\n- &x 1",1.50\n')
    profile = read_gl_sources(
        TextSource(
            "drafted", text.replace('column: "?"', 'column: "Bal: {a}"').replace('"?"', '"."'), ".yaml"
        )
    ).profiles["our-books"]
    assert profile.places["gl_account"].columns == ("Acc ount: x",)
    assert Decimal("1.50") not in profile.scale.values()


def test_of_a_workbook_with_several_sheets_it_asks_which_and_names_the_one_that_was_chosen(
    tmp_path: Path,
) -> None:
    path = tmp_path / "books.xlsx"
    with xlsxwriter.Workbook(path) as made:
        made.add_worksheet("Notes").write_row(0, 0, ["See the next sheet"])
        sheet = made.add_worksheet("Saldo, 2025")
        sheet.write_row(0, 0, ["Konto", "Saldo"])
        sheet.write_row(1, 0, ["1200", 5.25])
    asks = r"several sheets: say which \(sheet\); there are 'Notes', 'Saldo, 2025' \(here: SHEET=… of make gl-profile, or --sheet\)"
    with pytest.raises(GLFileError, match=asks):
        draft(path)
    with pytest.raises(GLFileError, match="no sheet 'Saldo': say which"):
        draft(path, "Saldo")
    with pytest.raises(GLFileError, match="No profile can be proposed"):
        draft(path, "Notes")
    text = draft(path, "Saldo, 2025")
    profile = read_gl_sources(TextSource("drafted", text, ".yaml")).profiles["our-books"]
    found = read(path, profile, Given(OCTOBER, "DE01", "EUR"))
    assert (profile.sheet, found.problems, found.balances) == ("Saldo, 2025", "", {"1200": Decimal("5.25")})


@pytest.mark.parametrize(
    ("header", "account"),
    [
        ("Account Type;Account No.;Account Name;Balance", "Account No."),
        ("Account Group Code;Account Name;Account Code;Balance", "Account Code"),
        ("Account Description;Account;Account Category;Balance", "Account"),
        ("Account ID;Account Number;Account Name;Balance", "Account Number"),
        ("Parent Account;AccountName;AccountNumber;Balance", "AccountNumber"),
        ("Account;Code;Type;Balance", "Code"),
        ("Account Balance;Account Name;Main account;Balance type", "Main account"),
        ("Kontoart;Kontobezeichnung;Kontonr.;Saldo", "Kontonr."),
        ("Kontogruppe;Bezeichnung;Sachkonto;Saldo", "Sachkonto"),
        ("Tipo de cuenta;Nombre de la cuenta;Código de cuenta;Saldo", "Código de cuenta"),
        ("Intitulé du compte;Classe de compte;Numéro de compte;Solde", "Numéro de compte"),
        ("Descrizione conto;Tipo conto;Codice conto;Saldo", "Codice conto"),
        ("Soort rekening;Rekeningnaam;Rekening;Saldo", "Rekening"),
        ("Account Type;Account Name;Balance;x", "Account Name"),
        ("Company Code Currency;Account Currency;GLAccount;Balance", "GLAccount"),
    ],
)  # fmt: skip
def test_the_account_is_its_number_and_never_its_type_or_name_beside_one(header: str, account: str) -> None:
    cells = [
        "1.50" if name in ("Balance", "Saldo", "Solde", "Account Balance") else "A1"
        for name in header.split(";")
    ]
    text = drafted(f"{header}\n{';'.join(cells)}\n")
    assert f'    account: {{column: "{account}"}}  # its name says so' in text


@pytest.mark.parametrize(
    ("header", "entity", "currency"),
    [
        ("Company Type;Company Name;Company Code;Account;Currency Type;Currency;Balance", "Company Code", "Currency"),
        ("CompanyCodeCurrency;Company;x;GLAccount;y;z;Balance", "Company", "CompanyCodeCurrency"),
        ("Company Name;Account;x;Currency Code;Currency Type;z;Balance", "Company Name", "Currency Code"),
    ],
)  # fmt: skip
def test_so_with_entity_and_currency(header: str, entity: str, currency: str) -> None:
    text = drafted(f"{header}\nA;B;C;D;E;F;1.50\n")
    assert f'entity: {{column: "{entity}"}}' in text
    assert f'currency: {{column: "{currency}"}}' in text


def test_a_zero_with_its_currency_beside_it_is_an_account_at_zero() -> None:
    books = TextSource(
        "books.csv", "Account;Balance\n1100; $ 1,234.50 \n1200; $ -   \n1300; $ (5.00)\n", ".csv"
    )
    text = draft(books)
    assert 'zero: ["$ -"]' in text
    profile = read_gl_sources(TextSource("drafted", text, ".yaml")).profiles["our-books"]
    found = read(books, profile, Given(OCTOBER, "US01", "USD"))
    assert found.problems == ""
    assert found.balances == {"1100": Decimal("1234.50"), "1200": Decimal(0), "1300": Decimal("-5.00")}
