"""Lists of outstanding items as ERPs and banks write them: from preview to the reconciliation that they explain."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qbank_ledger.errors import GLFileError, GLSourcesFileError
from qbank_ledger.files.source import TextSource
from qbank_ledger.recon.load import Load, load_file
from qbank_ledger.recon.match import GLAccount
from qbank_ledger.recon.preview import Mirror, preview
from qbank_ledger.recon.profile import Given, Profile
from tests.words.books import GL_HEADER, Books
from tests.words.erp import DATA, ITEM_SAMPLES, OCTOBER, ItemSample, built_in, profiles

TODAY = datetime.now(UTC).date()
ITEMS = (
    "SELECT line_no, entity, gl_account, currency, item_date::text, cleared_date::text, side, kind, reference, amount::text"
    " FROM recon.item WHERE load_no = :n ORDER BY line_no"
)
OPEN = (
    "SELECT gl_account, item_date::text, cleared_date::text, reference, amount::text FROM recon.current_item"
    " ORDER BY gl_account, item_date, reference"
)


def shown(path: Path, profile: Profile, given: Given, *mirrored: GLAccount) -> str:
    lines: list[str] = []
    preview(path, profile, given, [Mirror(one, TODAY) for one in mirrored], lines.append)
    return "\n".join(lines)


@pytest.mark.parametrize("is_planted", [False, True], ids=["explained", "a cent off"])
@pytest.mark.parametrize("sample", ITEM_SAMPLES, ids=lambda sample: sample.profile)
def test_a_sample_is_previewed_loaded_and_explains_what_the_books_differ_by(
    books: Books, sample: ItemSample, is_planted: bool
) -> None:
    path, profile = DATA / sample.file, sample.made()
    _, entity, gl_account, currency, *_ = sample.rows[0]
    books.account(gl=gl_account, entity=entity, currency=currency)
    on = date.fromisoformat(OCTOBER)
    books.bank(on, "5000.00", currency=currency)
    effect = sum(
        Decimal(amount) if side == "bank" else -Decimal(amount) for *_, side, _, _, amount in sample.rows
    )
    gl = Decimal("5000.00") + effect + (Decimal("0.01") if is_planted else 0)

    said = shown(path, profile, sample.given, GLAccount(entity, gl_account, currency))
    assert said.endswith(f"It would load: {len(sample.rows)} rows.")
    assert books.rows("SELECT FROM recon.file_load") == []

    books.gl((on, f"{gl}"), gl=gl_account, currency=currency, entity=entity)
    books.reconcile()
    assert books.found(on=on)[0] == "break"

    loaded = load_file(books.ledger.engine, path, "items", profile, given=sample.given)
    assert [tuple(row) for row in books.rows(ITEMS, n=loaded.load_no)] == list(sample.rows)
    [kept] = books.rows("SELECT * FROM recon.file_load WHERE kind = 'items'")
    assert (kept.name, kept.profile, kept.rows, kept.skipped) == (
        str(path), sample.profile, len(sample.rows), sample.skipped,
    )  # fmt: skip
    assert not load_file(books.ledger.engine, path, "items", profile, given=sample.given).is_new

    books.reconcile()
    found = books.newest(on=on)
    assert (found.status, found.unexplained) == (
        ("break", Decimal("-0.01")) if is_planted else ("matched", Decimal(0))
    )


def test_the_preview_shows_how_each_item_was_read() -> None:
    sample = next(sample for sample in ITEM_SAMPLES if sample.profile == "bsis")
    said = shown(DATA / sample.file, sample.made(), sample.given)
    assert "side of every row" not in said
    assert (
        "line 5      1000        113100      2025-10-31  bank        deposit     1400000017    "
        "                2,000.00 EUR   cleared 2025-11-03   from '1000' | '0000113101' | 'EUR' | '20251031' | 'DZ'"
        " | '20251103' | '1400000017' | '2000.00'"
    ) in said  # fmt: skip
    assert "and 1 row(s) more" in said
    assert "Sum: 1000 bank: in 2,000.00, out 1,850.00 EUR." in said
    assert "4 of the 4 rows match no account of the accounts file" in said
    assert "The file lacks" not in shown(
        DATA / sample.file, sample.made(), sample.given, GLAccount("1000", "113200", "EUR")
    )


@pytest.mark.parametrize("column", ["item_date", "cleared_date"])
def test_a_date_ahead_of_today_is_refused_in_the_preview_too(books: Books, column: str) -> None:
    dates = {"item_date": "2090-10-31,", "cleared_date": "2025-10-31,2090-10-31"}[column]
    header = "entity,gl_account,currency,item_date,cleared_date,side,kind,amount,reference"
    path = books.file(f"{header}\nQB01,1100,EUR,{dates},bank,cheque,-5,r\n")
    with pytest.raises(GLFileError, match=f"line 2: {column} 2090-10-31 is ahead of today"):
        shown(path, built_in("plain-items"), Given(), GLAccount("QB01", "1100", "EUR"))
    with pytest.raises(GLFileError, match=f"line 2: {column} 2090-10-31 is ahead of today"):
        load_file(books.ledger.engine, path, "items")


def test_a_profile_of_the_other_kind_is_refused_before_the_file_is_opened(books: Books) -> None:
    for kind, name in (("items", "sap-list"), ("gl", "sap-open-items")):
        with pytest.raises(
            GLSourcesFileError, match=f"The profile {name} reads .* name a profile of kind {kind}"
        ):
            load_file(books.ledger.engine, Path("/not there"), kind, built_in(name))  # type: ignore[arg-type]


@pytest.mark.parametrize(("cents", "status"), [("00", "matched"), ("01", "break")])
def test_an_account_and_its_clearing_account_are_one_that_the_open_items_explain(
    books: Books, cents: str, status: str
) -> None:
    """As in SAP: payments stand on 113101 until the bank has seen them, and only then on 113100."""
    sample = next(sample for sample in ITEM_SAMPLES if sample.profile == "bsis")
    books.account(gl="113100", entity="1000")
    on = date.fromisoformat(OCTOBER)
    books.bank(on, "5000.00")
    balances = profiles(
        "p: {like: sap-trial-balance, account: {names: {'113101': '113100'}}, duplicates: sum, date: 2025-10-31}"
    )["p"]
    header = "CompanyCode,Ledger,GLAccount,CompanyCodeCurrency,EndingBalanceAmtInCoCodeCrcy"
    rows = f"1000,0L,0000113100,EUR,5000.{cents}\n1000,0L,0000113101,EUR,150.00\n"
    load_file(books.ledger.engine, books.file(f"{header}\n{rows}"), "gl", balances)
    load_file(books.ledger.engine, DATA / sample.file, "items", sample.made())
    books.reconcile()
    assert (books.newest(on=on).difference, books.found(on=on)[0]) == (Decimal(f"-150.{cents}"), status)


def test_the_same_list_as_plain_and_as_plain_items_is_one_load(books: Books) -> None:
    path = DATA / "plain-items.csv"
    first = load_file(books.ledger.engine, path, "items")
    assert not load_file(books.ledger.engine, path, "items", built_in("plain-items")).is_new
    assert books.rows("SELECT load_no, profile FROM recon.file_load") == [(first.load_no, "plain")]


# ── a list has open items alone ────────────────────────────────────────────────────────────────────

KEYS: dict[str, str] = {
    "kind": "items", "entity": "E", "account": "{column: Account}", "currency": "EUR", "date": "{column: Date}",
    "side": "bank", "item_kind": "cheque", "amount": "{column: Amount}", "reference": "numbered",
    "as_of": "{title: 'Stand (.*)'}", "absent_means": "cleared",
}  # fmt: skip


def load(books: Books, on: str, *rows: str, name: str = "ours", given: Given = Given(), **keys: str) -> Load:  # noqa: B008 - frozen
    text = ", ".join(f"{key}: {text}" for key, text in {**KEYS, **keys}.items())
    content = "\n".join([f"Stand {on}", "Account,Date,Amount", *rows, ""])
    profile = profiles(f"{name}: {{{text}}}")[name]
    return load_file(
        books.ledger.engine, TextSource("list.csv", content, ".csv"), "items", profile, given=given
    )


def state(books: Books) -> list[tuple[Any, ...]]:
    return [(row[0], row[2], row[3]) for row in books.rows(OPEN)]


def test_what_a_later_list_has_no_more_is_cleared_on_its_date_where_the_profile_says_so(books: Books) -> None:
    load(books, "2025-10-10", "1,2025-10-01,-5", "1,2025-10-01,-5", "2,2025-10-02,-7")
    assert state(books) == [("1", None, "-5.00 #1"), ("1", None, "-5.00 #2"), ("2", None, "-7.00 #1")]
    second = load(books, "2025-10-11", "1,2025-10-01,-5", "2,2025-10-11,-8")
    assert second.rows == 2
    assert state(books) == [
        ("1", None, "-5.00 #1"), ("1", "2025-10-11", "-5.00 #2"), ("2", "2025-10-11", "-7.00 #1"), ("2", None, "-8.00 #1"),
    ]  # fmt: skip
    assert books.rows("SELECT line_no FROM recon.item WHERE cleared_date IS NOT NULL") == [(None,), (None,)]
    load(books, "2025-10-12", "1,2025-10-01,-5", "2,2025-10-02,-7")
    assert state(books) == [
        ("1", None, "-5.00 #1"), ("1", "2025-10-11", "-5.00 #2"), ("2", None, "-7.00 #1"), ("2", "2025-10-12", "-8.00 #1"),
    ], "what is in it again is open again, what was cleared stays so"  # fmt: skip


def test_a_list_clears_nothing_of_another_profile_entity_currency_or_later_date(books: Books) -> None:
    load(books, "2025-10-10", "1,2025-10-01,-5", name="theirs")
    load(books, "2025-10-10", "2,2025-10-01,-5", entity="F")
    load(books, "2025-10-10", "3,2025-10-01,-5", currency="USD")
    load(books, "2025-10-10", "4,2025-10-10,-5", "5,2025-10-01,-5")
    load(books, "2025-10-09", "5,2025-10-01,-5")
    load(books, "2025-10-10", "6,2025-10-01,-5", absent_means="open", as_of="~")
    assert {row[1] for row in state(books)} == {None}
    load(books, "2025-10-11")
    assert [row for row in state(books) if row[1]] == [
        ("4", "2025-10-11", "-5.00 #1"), ("5", "2025-10-11", "-5.00 #1"), ("6", "2025-10-11", "-5.00 #1"),
    ]  # fmt: skip


def test_a_list_of_one_account_clears_items_of_that_account_alone(books: Books) -> None:
    for account in ("1", "2"):
        load(books, "2025-10-10", f"{account},2025-10-01,-5", account=f"'{account}'")
    load(books, "2025-10-11", account="'2'")
    assert state(books) == [("1", None, "-5.00 #1"), ("2", "2025-10-11", "-5.00 #1")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_lists_may_come_in_any_order(books: Books, order: tuple[int, ...]) -> None:
    lists = [
        ("2025-10-10", "1,2025-10-01,-5", "2,2025-10-02,-7"),
        ("2025-10-11", "1,2025-10-01,-5", "3,2025-10-11,-8"),
        ("2025-10-12", "1,2025-10-01,-5", "4,2025-10-12,-9"),
        ("2025-10-13", "4,2025-10-12,-9"),
    ]
    for number in order:
        load(books, *lists[number])
    assert state(books) == [
        ("1", "2025-10-13", "-5.00 #1"), ("2", "2025-10-11", "-7.00 #1"), ("3", "2025-10-12", "-8.00 #1"), ("4", None, "-9.00 #1"),
    ]  # fmt: skip


def test_a_later_list_says_nothing_of_what_it_is_not_about(books: Books) -> None:
    load(books, "2025-10-12", "1,2025-10-01,-5", entity="F")
    load(books, "2025-10-12", "1,2025-10-01,-5", currency="USD")
    load(books, "2025-10-12", name="theirs")
    load(books, "2025-10-12", account="'2'")
    load(books, "2025-10-10", "1,2025-10-02,-5", "2,2025-10-02,-5")
    assert [row for row in state(books) if row[2] == "-5.00 #1" and row[1]] == [
        ("2", "2025-10-12", "-5.00 #1")
    ]
    load(books, "2025-10-12")
    assert {row[1] for row in state(books)} == {None, "2025-10-12"}


def test_the_date_of_a_list_may_be_the_runs(books: Books) -> None:
    load(books, "", "1,2025-10-01,-5", as_of="given", given=Given("2025-10-10"))
    with pytest.raises(GLFileError, match="takes the date from the run: give gl_date"):
        load(books, "", as_of="given")
    load(books, "", as_of="given", given=Given("2025-10-11"))
    assert state(books) == [("1", "2025-10-11", "-5.00 #1")]


def test_a_list_of_a_day_ahead_of_today_is_refused_and_its_preview_says_the_same(books: Books) -> None:
    load(books, "2025-10-10", "1,2025-10-01,-5")
    with pytest.raises(GLFileError, match="line 1: its date 2090-10-10 is ahead of today, 20"):
        load(books, "2090-10-10")
    path = books.file("Stand 2090-10-10\nAccount,Date,Amount\n1,2025-10-01,-5\n")
    profile = profiles(f"p: {{{', '.join(f'{key}: {text}' for key, text in KEYS.items())}}}")["p"]
    with pytest.raises(GLFileError, match="line 1: its date 2090-10-10 is ahead of today, 20"):
        shown(path, profile, Given())
    assert state(books) == [("1", None, "-5.00 #1")]


def test_a_cleared_item_counts_no_more_from_that_date_on(books: Books) -> None:
    books.account(gl="1", entity="E")
    for on in ("2025-10-10", "2025-10-11"):
        books.bank(date.fromisoformat(on), "100")
        books.load(f"{GL_HEADER}\nE,1,EUR,{on},95\n")
    load(books, "2025-10-10", "1,2025-10-01,-5")
    books.reconcile()
    assert [books.found(on=date(2025, 10, n))[0] for n in (10, 11)] == ["matched", "matched"]
    load(books, "2025-10-11")
    books.reconcile()
    assert [books.found(on=date(2025, 10, n))[0] for n in (10, 11)] == ["matched", "break"]
