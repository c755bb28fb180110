"""Outstanding items by a profile: each sample to the last digit, and what its profile does not declare."""

import re

import pytest

from qbank_ledger.errors import GLFileError, GLSourcesFileError
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.profile import Given
from qbank_ledger.recon.profile_file import read_gl_sources
from tests.words.erp import DATA, ITEM_SAMPLES, ItemSample, Read, built_in, profiles, read

CHEQUES = next(sample for sample in ITEM_SAMPLES if sample.profile == "our-cheques")
BASE = {
    "kind": "items", "entity": "E", "account": "'1100'", "currency": "EUR", "date": "{column: Date}", "side": "bank",
    "item_kind": "cheque", "amount": "{column: Amount}", "reference": "{column: Ref}",
}  # fmt: skip


def of(content: str, **keys: str | None) -> Read:
    said = {key: text for key, text in {**BASE, **keys}.items() if text is not None}
    text = ", ".join(f"{key}: {text}" for key, text in said.items())
    return read(TextSource("x.csv", content, ".csv"), profiles(f"p: {{{text}}}")["p"])


def items(found: Read) -> list[tuple[str, str]]:
    assert found.problems == ""
    return [(row.key[-1], f"{row.amount:f}") for row in found.rows]


@pytest.mark.parametrize("sample", ITEM_SAMPLES, ids=lambda sample: sample.profile)
def test_a_sample_is_read_exactly(sample: ItemSample) -> None:
    found = read(DATA / sample.file, sample.made(), sample.given)
    assert found.problems == ""
    assert [
        (row.line, *row.key[:4], row.cleared, *row.key[4:], f"{row.amount:f}") for row in found.rows
    ] == list(sample.rows)
    assert found.reading.skipped.total() == sample.skipped


def test_the_total_of_a_list_proves_it_with_the_sign_that_it_has_there() -> None:
    found = read(DATA / CHEQUES.file, CHEQUES.made(), CHEQUES.given)
    assert found.reading.proved == ["total row, line 10: Amount 2,581.00, as the rows"]
    assert found.reading.summed == ["US01 bank: in 0.00, out 2,581.00 USD"]
    cut = (DATA / CHEQUES.file).read_text().replace(",10/02/2025,Smith & Sons,$80.05\n", "")
    assert "the total says Amount 2,581.00, the rows add up to 2,500.95" in read(
        TextSource("x.csv", cut, ".csv"), CHEQUES.made(), CHEQUES.given
    ).problems  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "header", "cells", "read_as"),
    [
        ("{column: A}", "A", "-5", "-5"),
        ("{column: A, negate: true}", "A", "5", "-5"),
        ("{column: A, negate: false}", "A", "5", "5"),
        ("{debit: D, credit: C}", "D;C", ";5", "-5"),
        ("{debit: D, credit: C, negate: true}", "D;C", ";5", "5"),
        ("{amount: A, side: S, debit: [DEP], credit: [CHK, EFT]}", "A;S", "5;EFT", "-5"),
        ("{amount: A, side: S, debit: [DEP], credit: [CHK, EFT]}", "A;S", "-5;CHK", "5"),
        ("{amount: A, side: S, debit: [D], credit: [C], negate: true}", "A;S", "5;C", "5"),
    ],
)
def test_an_amount_is_money_in_or_out_as_the_profile_says(
    amount: str, header: str, cells: str, read_as: str
) -> None:
    found = of(f"Date;Ref;{header}\n2025-10-01;r;{cells}\n", amount=amount)
    assert items(found) == [("r", read_as)]


def test_items_are_numbered_among_their_like_so_that_a_later_file_has_the_same() -> None:
    """By date, amount and what else tells items apart: what stands between or before others changes nothing."""
    first = "Date,Amount\n2025-10-01,5.00\n2025-10-01,5.0\n2025-10-01,7\n2025-10-02,5\n"
    later = "Date,Amount\n2025-10-02,5\n2025-10-03,1\n2025-10-01,7.00\n2025-10-01,5\n2025-10-01,5.00\n"
    numbered = of(first, reference="numbered")
    assert items(numbered) == [
        ("5.00 #1", "5.00"), ("5.00 #2", "5.0"), ("7.00 #1", "7"), ("5.00 #1", "5"),
    ]  # fmt: skip
    assert {row.key for row in numbered.rows} < {row.key for row in of(later, reference="numbered").rows}
    sides = {"side": "{column: S, values: {bank: [out], book: [in]}}", "reference": "numbered"}
    found = of("Date,Amount,S\n2025-10-01,5,in\n2025-10-01,5,out\n", **sides)
    assert [row.key[-3:] for row in found.rows] == [
        ("book", "cheque", "5.00 #1"),
        ("bank", "cheque", "5.00 #1"),
    ]


def test_nothing_outstanding_is_a_list_too() -> None:
    found = of("Date,Ref,Amount\n")
    assert (found.problems, found.rows) == ("", [])


@pytest.mark.parametrize(
    ("content", "keys", "said"),
    [
        ("Date,Ref,Amount\n2025-10-01,,5\n2025-10-01,,6\n", {}, "line 3: it duplicates line 2: the same entity, gl_account, "
         "currency, item_date, side, kind, reference"),
        ("Date,Ref,Amount,S\n2025-10-01,r,5,x\n", {"side": "{column: S, values: {bank: [o], book: [i, j]}}"},
         "line 2: S is 'x': the profile declares i, j, o"),
        ("Date,Ref,Amount,S\n2025-10-01,r,5,bank\n", {"side": "{column: S, values: {bank: [o], book: [i]}}"},
         "line 2: S is 'bank': the profile declares i, o"),
        ("Date,Ref,Amount,S\n2025-10-01,r,5,Bank\n", {"side": "{column: S}"}, "line 2: S is 'Bank': write bank or book"),
        ("Date,Ref,Amount,S\n2025-10-01,r,5,\n", {"side": "{column: S}"}, "line 2: S is missing"),
        ("Date,Ref,Amount,K\n2025-10-01,r,5,\n", {"item_kind": "{column: K}"}, "line 2: K is missing"),
        ("Date,Ref,Amount\n,r,5\n", {}, "line 2: Date is missing"),
        ("Date,Ref,Amount\n01.10.2025,r,5\n", {}, "line 2: Date is '01.10.2025': write a date such as 2026-10-31"),
        ("Date,Ref,Amount\n2025-10-01,r,5-\n", {}, "line 2: Amount is '5-': the profile declares numbers such as -1234.50"),
        ("Date,Ref,Amount\n2025-10-01,r,\n", {}, "line 2: Amount is missing"),
        ("Date,Ref,Amount,C\n2025-10-02,r,5,2025-10-01\n", {"cleared_date": "{column: C}"},
         "line 2: cleared_date 2025-10-01 is before item_date 2025-10-02"),
        ("Date,Ref,Amount,C\n2025-10-02,r,5,open\n", {"cleared_date": "{column: C}"}, "line 2: C is 'open': write a date"),
        ("Date,Ref,Amount\n2025-10-01,r,5\n", {"cleared_date": "{column: C}"}, "lacks 'C' (cleared_date.column of profile p)"),
        ("Date,Ref\n2025-10-01,r\n", {}, "lacks 'Amount' (amount of profile p)"),
        ("Date,Amount\n2025-10-01,5\n", {}, "lacks 'Ref' (reference.column of profile p)"),
    ],
)  # fmt: skip
def test_what_does_not_read_as_declared_is_refused_by_line_and_cell(
    content: str, keys: dict[str, str], said: str
) -> None:
    assert said in of(content, **keys).problems


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"date": None}, "date is missing (outstanding items)"),
        ({"side": None}, "side is missing (outstanding items)"),
        ({"item_kind": None, "amount": None}, "item_kind is missing"),
        ({"reference": None}, "reference is missing"),
        ({"account": None}, "account is missing"),
        ({"balance": "{column: A}"}, "balance is an unknown key (known: absent_means, account, amount, as_of,"),
        ({"date": "given"}, "date must be a mapping such as {column: Date}"),
        ({"date": "2025-10-31"}, "date must be a mapping such as {column: Date}"),
        ({"side": "Bank"}, "side is 'Bank': write bank or book, or a mapping of a column and its values"),
        ({"side": "{column: S, values: {bank: [x], book: [x]}}"}, "side.values takes 'x' for either side"),
        ({"side": "{column: S, values: {bank: [x], books: [y]}}"}, "side.values.books is an unknown key (known: bank, book)"),
        ({"side": "{column: S, names: {x: bank}}"}, "side.names is an unknown key (known: column, pattern, values)"),
        ({"account": "given"}, "account is 'given': the run does not give it"),
        ({"item_kind": "given"}, "item_kind is 'given': the run does not give it"),
        ({"reference": "none"}, "reference must be a mapping such as {column: Reference}, or numbered"),
        ({"amount": "{column: A, sign: S}"}, "amount.sign is an unknown key (known: amount, column, credit, debit, negate,"),
        ({"amount": "{opening: O, debit: D, credit: C}"}, "amount.opening is an unknown key"),
        ({"amount": "{negate: true}"}, "amount has negate, and must have one of: column; credit, debit;"),
        ({"amount": "{column: A, negate: yes}"}, "amount.negate is 'yes': write true or false"),
        ({"proofs": "{debits_equal_credits: true}"}, "proofs.debits_equal_credits is an unknown key (known: rows, total_row)"),
        ({"absent_means": "zero"}, "absent_means is 'zero': write open or cleared"),
        ({"as_of": "{title: 'x (.*)'}"}, "as_of is of use with absent_means: cleared alone"),
        ({"as_of": "{column: A}", "absent_means": "cleared"}, "as_of.column is an unknown key (known: format, names, title)"),
        ({"kind": "item"}, "kind is 'item': write gl or items"),
        ({"kind": "gl"}, "side is an unknown key"),
        ({"like": "sap-list"}, "kind is 'items', and what it is like is of kind gl"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_profile_of_items_names_profile_and_key(
    keys: dict[str, str | None], said: str
) -> None:
    with pytest.raises(GLSourcesFileError) as caught:
        of("", **keys)
    assert re.search(rf"line 2, profile p: .*{re.escape(said)}", str(caught.value)), caught.value


def test_a_profile_is_like_one_of_its_kind() -> None:
    ours = profiles(
        "ours: {like: sap-open-items, account: {names: {'113101': '113100'}}, numbers: {decimal: '.', grouping: [',']}, side: book}"
    )
    assert ours["ours"].places["gl_account"].title == built_in("sap-open-items").places["gl_account"].title
    assert (ours["ours"].kind, ours["ours"].places["side"].constant) == ("items", "book")


def test_plain_is_the_strict_layout_of_either_kind_and_any_other_profile_of_one() -> None:
    books = read_gl_sources(None)
    assert books.profile("plain", "items").exactly == built_in("plain-items").exactly
    assert books.profile("plain", "gl").exactly == built_in("plain").exactly
    for name, kind, said in (
        (
            "sap-open-items",
            "gl",
            r"reads outstanding items \(kind: items\), and the file is to hold closing balances",
        ),
        (
            "sap-list",
            "items",
            r"reads closing balances \(kind: gl\), and the file is to hold outstanding items",
        ),
    ):
        with pytest.raises(
            GLSourcesFileError, match=f"The profile {name} {said}: name a profile of kind {kind}"
        ):
            books.profile(name, kind)  # type: ignore[arg-type]


def test_what_the_run_gives_is_asked_for_and_must_be_what_the_file_says() -> None:
    with pytest.raises(GLFileError, match=r"our-cheques takes the entity from the run: give gl_entity"):
        read(DATA / CHEQUES.file, CHEQUES.made(), Given())
    dollars = read(DATA / CHEQUES.file, CHEQUES.made(), Given(entity="US01", currency="EUR"))
    assert "it is of currency USD, and the run's gl_currency is EUR" in dollars.problems
