"""Which column a draft takes for the balance: by what its name says of time; ? where none or several say it."""

import re

import pytest

from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.draft import draft
from qbank_ledger.recon.draft_names import money


def balance(header: str, *rows: str) -> tuple[str, str]:
    """What the draft of such a file says of the balance, and why."""
    text = draft(TextSource("books.csv", "\n".join((header, *rows, "")), ".csv"))
    found = re.search("^    balance: {(.*?)}  # (.*)$", text, re.MULTILINE)
    assert found, text
    if found[1] == 'column: "?"':
        assert 'numbers: {decimal: "?"}' in text, "which no run accepts"
    return found[1], found[2]


@pytest.mark.parametrize(
    ("header", "closing"),
    [
        (
            "CoCd;G/L Acct;Crcy;Balance Carryforward;Balance, Previous Periods;Debit rept.period;"
            "Credit report per.;Accumulated Balance",
            "Accumulated Balance",
        ),
        ("Cuenta;Nombre;Moneda;Saldo inicial;Debe;Haber;Saldo final", "Saldo final"),
        ("Cuenta;Nombre;Moneda;Saldo anterior;Debe;Haber;Saldo", "Saldo"),
        ("Compte;Libellé;Devise;Solde initial;Débit;Crédit;Solde final", "Solde final"),
        ("Compte;Libellé;Devise;Solde d'ouverture;Débit;Crédit;Solde", "Solde"),
        ("Conto;Descrizione;Divisa;Saldo iniziale;Dare;Avere;Saldo finale", "Saldo finale"),
        ("Conta;Nome;Moeda;Saldo inicial;Débito;Crédito;Saldo acumulado", "Saldo acumulado"),
        ("Rekening;Omschrijving;Valuta;Beginsaldo;Debet;Credit;Eindsaldo", "Eindsaldo"),
        ("Konto;Bezeichnung;Währung;Anfangsbestand;Soll;Haben;Endbestand", "Endbestand"),
        ("Konto;Bezeichnung;Währung;Saldovortrag;Soll;Haben;Kumul. Saldo", "Kumul. Saldo"),
        ("Konto;Namn;Valuta;Ingående balans;Debet;Kredit;Utgående balans", "Utgående balans"),
        ("Account;Name;Currency;Balance B/F;Debit;Credit;Balance C/F", "Balance C/F"),
        ("Account;Name;Currency;Balance brought forward;Dr;Cr;Balance carried forward", "Balance carried forward"),
        ("GLAccount;Ledger;Crcy;StartingBalanceAmtInCoCodeCrcy;Debit;Credit;EndingBalanceAmtInCoCodeCrcy",
         "EndingBalanceAmtInCoCodeCrcy"),
        ("Account;Name;Currency;Beginning Balance;Debit;Credit;Period balance;Ending Balance", "Ending Balance"),
        ("Account;Name;Currency;Closing balance prior year;Debit;Credit;Balance", "Balance"),
        ("Account;Name;Currency;Opening;Closing rate;Closing count;Balance", "Balance"),
        ("Konto;Benämning;Valuta;IB;Debet;Kredit;UB", "UB"),
    ],
)  # fmt: skip
def test_the_closing_is_the_balance_and_the_opening_never(header: str, closing: str) -> None:
    after = header.count(";") - 6
    row = f"1100;Bank;EUR;100,00;30,00;10,00{';20,00' * after};120,00"
    said, why = balance(header, row, row.replace("1100", "1200"))
    assert said == f'column: "{closing}"'
    assert why == "its name says so; debit must be positive"


@pytest.mark.parametrize(
    ("header", "debit", "credit"),
    [
        (
            "Account,Opening (Dr),Opening (Cr),Debit,Credit,Closing (Dr),Closing (Cr)",
            "Closing (Dr)",
            "Closing (Cr)",
        ),
        (
            "number,x,y,totalDebit,totalCredit,balanceAtDateDebit,balanceAtDateCredit",
            "balanceAtDateDebit",
            "balanceAtDateCredit",
        ),
        ("Compte,x,y,Débit,Crédit,Solde débiteur,Solde crediteur", "Solde débiteur", "Solde crediteur"),
        ("Konto;EB-Wert;y;Soll;Haben;Saldo Soll;Saldo Haben".replace(";", ","), "Saldo Soll", "Saldo Haben"),
    ],
)
def test_so_with_debit_and_credit_in_two_columns(header: str, debit: str, credit: str) -> None:
    said, _ = balance(header, "1100,1.00,2.00,3.00,4.00,5.50,", "1200,1.00,2.00,3.00,4.00,,6.50")
    assert said == f'debit: "{debit}", credit: "{credit}"'


@pytest.mark.parametrize(
    "header",
    [
        "Konto;Saldo 31.12.2025;Saldo 31.10.2026",
        "Account;Balance;Balance 2",
        "Account;Closing balance USD;Closing balance EUR",
        "Konto;Betrag in Hauswährung;Betrag",
        "Account;Opening balance;Amount",
    ],
)
def test_between_two_it_asks_and_names_them(header: str) -> None:
    said, why = balance(header, "1200;1.50;2.50")
    assert said == 'column: "?"'
    _, one, other = header.split(";")
    assert why == f'each of "{one}", "{other}" may be it: write the column'


@pytest.mark.parametrize(
    "header", ["Account;Name;Opening balance", "Konto;Name;Saldo Vorjahr", "Account;Name;Average balance"]
)
def test_an_opening_alone_is_not_the_balance(header: str) -> None:
    assert balance(header, "1200;Bank;2.50") == (
        'column: "?"', "no name says which it is: write the column",
    )  # fmt: skip


def test_a_name_of_texts_is_no_amount_whatever_it_says() -> None:
    said, _ = balance("Konto;Saldo;Endsaldo S/H", "1200;1,50;S")
    assert said == 'column: "Saldo"'
    assert money("Balance type") is money("Trial Balance") is money("Closing date") is None


@pytest.mark.parametrize(
    ("header", "rows", "says"),
    [
        (
            "Konto;Name;Anfangsbestand;Soll;Haben", ["1200;Bank;100,00;30,00;10,00"],
            'opening: "Anfangsbestand", debit: "Soll", credit: "Haben"',
        ),
        (
            "Account;Name;Opening Balance;Debit;Credit;Net", ["1;Bank;100.00;30.00;10.00;20.00"],
            'opening: "Opening Balance", debit: "Debit", credit: "Credit"',
        ),
        (
            "Account;Name;Opening Balance;Debit;Credit;Net", ["1;Bank;100.00;30.00;10.00;120.00"],
            'opening: "Opening Balance", debit: "Debit", credit: "Credit"',
        ),
        (
            "Konto;EB-Wert Soll;EB-Wert Haben;Jahresverkehr Soll;Jahresverkehr Haben", ["1200;100,00;;30,00;10,00"],
            'opening_debit: "EB-Wert Soll", opening_credit: "EB-Wert Haben", '
            'debit: "Jahresverkehr Soll", credit: "Jahresverkehr Haben"',
        ),
        (
            "ACCOUNT;BEGIN_BALANCE_DR;BEGIN_BALANCE_CR;PERIOD_NET_DR;PERIOD_NET_CR", ["1;1.50;0;2.50;0"],
            'opening_debit: "BEGIN_BALANCE_DR", opening_credit: "BEGIN_BALANCE_CR", '
            'debit: "PERIOD_NET_DR", credit: "PERIOD_NET_CR"',
        ),
        # What says the same as debit and credit, or is a number of something, asks nothing.
        ("Account;Debit;Credit;Net", ["1;30.00;;30.00", "2;;30.00;-30.00"], 'debit: "Debit", credit: "Credit"'),
        ("Account;Branch No.;Debit;Credit", ["1;7;30.00;", "2;8;;30.00"], 'debit: "Debit", credit: "Credit"'),
    ],
)  # fmt: skip
def test_what_was_posted_is_the_balance_with_its_opening_alone(
    header: str, rows: list[str], says: str
) -> None:
    assert balance(header, *rows) == (says, "their names say so")


@pytest.mark.parametrize(
    ("header", "row", "why"),
    [
        ("Account;Name;Debit;Credit;Net", "1;Bank;30.00;10.00;120.00", '"Net" may be it as well as debit'),
        ("Konto;Stand;Soll;Haben", "1200;100,00;30,00;10,00", '"Stand" may be it as well as debit'),
        ("Account;Opening;Debit;Credit;Net", "1;100.00;30.00;10.00;99.00", '"Net" may be it as well as debit'),
        ("Konto;Monatsverkehr Soll;Monatsverkehr Haben", "1200;30,00;10,00", "by their names debits and credits"),
        (
            "Konto;Saldovortrag;Saldo Vorperioden;Soll;Haben", "1200;1,00;2,00;3,00;4,00",
            'each of "Saldovortrag", "Saldo Vorperioden", "Soll", "Haben" may be it',
        ),
        (
            "Konto;Monat Soll;Monat Haben;Jahr Soll;Jahr Haben", "1200;3,00;4,00;5,00;6,00",
            'each of "Monat Soll", "Monat Haben", "Jahr Soll", "Jahr Haben" may be it',
        ),
        ("Account;Name;Debit;Credit", "1100;Bank;30.00;10.00", "an account has both, as in line 2: they may be what"),
        ("Konto;Umsatz;S/H", "1200;3,00;S", "no name says which it is"),
        ("Konto;Soll", "1200;3,00", 'each of "Soll" may be it'),
    ],
)  # fmt: skip
def test_what_was_posted_since_nobody_knows_what_is_asked_for(header: str, row: str, why: str) -> None:
    said, found = balance(header, row)
    assert said == 'column: "?"'
    assert found.startswith(why), found


@pytest.mark.parametrize(
    ("above", "says"),
    [
        (",Initial Balance,,Oct 2026,,End Balance,", 'debit: "#6", credit: "#7"'),
        ("Account,Eröffnung,,Umsätze,,Abschluss,", 'debit: "#6", credit: "#7"'),
        (",Opening,,Movement,,,", 'column: "?"'),
        (",Oct 2026,,Sep 2026,,Aug 2026,", 'column: "?"'),
        ("Initial Balance,Oct 2026,End Balance", 'column: "?"'),
    ],
)
def test_names_that_come_again_are_told_apart_by_the_line_above_or_asked_for(above: str, says: str) -> None:
    header = "Account,Debit,Credit,Debit,Credit,Debit,Credit"
    said, why = balance(
        f"Trial balance\n{above}\n{header}", "1100,1.00,,2.00,,3.00,", "1200,,1.00,,2.00,,3.00"
    )
    assert said == says
    if says == 'column: "?"':
        assert why.startswith(
            'each of "#2" (Debit), "#3" (Credit), "#4" (Debit), "#5" (Credit), "#6" (Debit)'
        )
        assert "may be it, below line 2, " in why


def test_names_that_come_again_without_a_line_above_are_asked_for() -> None:
    said, why = balance("Account,Debit,Credit,Debit,Credit", "1100,1.00,,2.00,", "1200,,1.00,,2.00")
    assert (said, why.endswith('"#5" (Credit) may be it: write the column')) == ('column: "?"', True)


@pytest.mark.parametrize(
    ("header", "rows", "column"),
    [
        ("Account,Debit,Credit", ["1,100.00,", "2,,-100.00"], "Credit"),
        ("Account,Debit,Credit", ["1,100.00,", "2,,(100.00)", "3,,(1.00)", "4,,5.00"], "Credit"),
        ("Account,Debit,Credit", ["1,100.00 DR,", "2,,100.00 CR"], "Credit"),
        ("Account,Debit,Credit", ["1,-100.00,", "2,,100.00"], "Debit"),
        ("Account,Closing (Dr),Closing (Cr)", ["1,100.00,0.00", "2,0.00,-100.00"], "Closing (Cr)"),
        ("Account,Opening Balance,Debit,Credit", ["1,-5.00,100.00,", "2,-5.00,,-100.00"], "Credit"),
    ],
)  # fmt: skip
def test_a_credit_that_is_negative_already_is_not_turned(header: str, rows: list[str], column: str) -> None:
    said, why = balance(header, *rows)
    assert said == 'column: "?"'
    assert why.startswith(f'"{column}" is mostly negative, and ')


def test_a_reversal_among_credits_is_none_of_that() -> None:
    said, _ = balance("Account,Debit,Credit", "1,-1.00,", "2,100.00,", "3,1.00,", "4,,-3.00", "5,,100.00")
    assert said == 'debit: "Debit", credit: "Credit"'


def test_a_column_of_zeros_is_a_column_of_numbers() -> None:
    said, _ = balance("Account;Name;Balance", *(f"{number};Bank;-" for number in range(9)), "10;Bank;1.50")
    assert said == 'column: "Balance"'


def test_a_total_has_a_debit_and_a_credit_and_says_nothing_of_its_accounts() -> None:
    rows = ["1100,30.00,", "1200,0.00,30.00", ",60.00,60.00", "Total,30.00,30.00"]
    assert balance("Account,Debit,Credit", *rows) == (
        'debit: "Debit", credit: "Credit"',
        "their names say so",
    )
