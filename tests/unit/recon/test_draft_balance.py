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
