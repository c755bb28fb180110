"""Files of the ERP: read strictly, loaded whole, once."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import exc, text

from qbank_ledger.errors import GLFileError
from qbank_ledger.recon.gl_file import Kind
from qbank_ledger.recon.load import load_file
from tests.words.books import GL_HEADER, ITEM_HEADER, Books, day

GOOD = "QB01,1100,EUR,2024-10-31,-1234.50"
ITEM = "QB01,1100,EUR,2024-10-30,,bank,cheque,-5.00,r1"


def test_a_file_comes_in_exactly_as_it_stands(books: Books) -> None:
    loaded = books.load(f"{GL_HEADER}\n{GOOD}\nQB01,0012,JPY,2024-10-31,{'9' * 38}\n")
    assert loaded.rows == 2
    assert loaded.is_new
    assert [tuple(row) for row in books.rows("SELECT * FROM recon.gl_balance ORDER BY gl_account DESC")] == [
        (loaded.load_no, "QB01", "1100", "EUR", date(2024, 10, 31), Decimal("-1234.50"), 2),
        (loaded.load_no, "QB01", "0012", "JPY", date(2024, 10, 31), Decimal("9" * 38), 3),
    ]


def test_a_load_says_which_bytes_how_many_rows_who_and_when(books: Books) -> None:
    loaded = books.load(f"{GL_HEADER}\n{GOOD}\n")
    (row,) = books.rows("SELECT *, now() - loaded_at < interval '1 minute' AS fresh FROM recon.file_load")
    assert (row.load_no, row.kind, row.rows, row.fresh) == (loaded.load_no, "gl", 1, True)
    assert row.loaded_by == books.value("SELECT session_user")
    assert row.sha256 == "".join(
        books.value("SELECT encode(sha256(convert_to(:c, 'UTF8')), 'hex')", c=f"{GL_HEADER}\n{GOOD}\n")
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace(",", ";"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("1100", '"1100"'),
        lambda text: "\ufeff" + text.replace(",", ";").replace("\n", "\r\n"),
        lambda text: "sep=;\n" + text.replace(",", ";"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", ",,\n"),
        lambda text: text + ",,,,\n",
    ],
    ids=[
        "bom",
        "semicolon",
        "crlf",
        "blank lines",
        "no last newline",
        "quotes",
        "as Excel writes it",
        "sep=;",
        "cr",
        "empty columns",
        "an empty row",
    ],
)
def test_what_programs_write_differently_is_taken(books: Books, change: Callable[[str], str]) -> None:
    books.load(change(f"{GL_HEADER}\n{GOOD}\n"))
    assert books.value("SELECT balance FROM recon.gl_balance WHERE gl_account = '1100'") == Decimal(
        "-1234.50"
    )


@pytest.mark.parametrize(
    "amount",
    ["1234.50-", "1,234.50", '"1234,50"', "1e3", "NaN", "Infinity", "+5", "(5.00)", "5.", ".5", "5 D", "٣", " 5", "",
     "--5", "0x10", "1_000", "9" * 39],
)  # fmt: skip
def test_an_amount_that_is_no_plain_decimal_is_refused(books: Books, amount: str) -> None:
    with pytest.raises(GLFileError, match=r"line 3\b"):
        books.load(f"{GL_HEADER}\n{GOOD}\nQB01,1200,EUR,2024-10-31,{amount}\n")
    assert books.rows("SELECT * FROM recon.file_load") == []
    assert books.rows("SELECT * FROM recon.gl_balance") == []


DECIMALS = [
    ("EUR", "-3.000", "3 decimals, EUR 2, so it may mean -3 or -3000"),
    ("EUR", "1.234", "it may mean 1.234 or 1234"),
    ("EUR", "87.676", "it may mean 87.676 or 87676"),
    ("EUR", "28956708.96999998", "it may mean 28956708.96999998 or 2895670896999998"),
    ("EUR", "0.000", "it may mean 0:"),
    ("EUR", "12.500", "it may mean 12.5 or 12500"),
    ("JPY", "5.0", "it may mean 5 or 50: write it with no decimals"),
    ("JPY", "1.234", "it may mean 1.234 or 1234"),
    ("BHD", "1.2345", "it may mean 1.2345 or 12345: write it with at most 3 decimals"),
    ("CLF", "1.00000", "5 decimals, CLF 4"),
]


@pytest.mark.parametrize(("currency", "amount", "said"), DECIMALS)
@pytest.mark.parametrize("kind", ["gl", "items"])
def test_an_amount_with_more_decimals_than_its_currency_is_refused_with_both_readings(
    books: Books, kind: Kind, currency: str, amount: str, said: str
) -> None:
    header, row = {
        "gl": (GL_HEADER, f"QB01,1100,{currency},2024-10-31,{amount}"),
        "items": (ITEM_HEADER, f"QB01,1100,{currency},2024-10-30,,bank,cheque,{amount},r"),
    }[kind]
    with pytest.raises(GLFileError) as caught:
        books.load(f"{header}\n{row}\n", kind)
    assert f"line 2: {'balance' if kind == 'gl' else 'amount'} is '{amount}': it has " in str(caught.value)
    assert said in str(caught.value)
    assert books.rows("SELECT * FROM recon.file_load") == []


def test_an_amount_may_have_all_the_decimals_of_its_currency(books: Books) -> None:
    amounts = {"EUR": "1.20", "JPY": "1234", "BHD": "1.234", "CLF": "1.2345", "USD": "-0.05"}
    books.load("\n".join([GL_HEADER, *(f"Q,1,{code},2024-10-31,{text}" for code, text in amounts.items())]))
    found = books.rows("SELECT currency, balance FROM recon.gl_balance")
    assert {row.currency: str(row.balance) for row in found} == amounts


@pytest.mark.parametrize(
    ("currency", "amount", "_said"), [*DECIMALS, ("XXX", "1", ""), ("HRK", "1", ""), ("ABC", "0", "")]
)
def test_the_tables_hold_no_amount_with_more_decimals_than_its_currency(
    books: Books, currency: str, amount: str, _said: str
) -> None:
    loaded = books.gl((day(1), "5"))
    for insert in (
        "recon.gl_balance VALUES (:n, 'E', 'G', :c, '2024-10-01', CAST(:a AS numeric))",
        "recon.item VALUES (:n, 'E', 'G', :c, '2024-10-01', NULL, 'bank', 'k', CAST(:a AS numeric), '')",
    ):
        with pytest.raises(exc.IntegrityError, match="_has_its_currencys_decimals"):
            books.rows(f"INSERT INTO {insert}", n=loaded.load_no, c=currency, a=amount)


@pytest.mark.parametrize("currency", ["XXX", "XTS", "XAU", "XDR", "eur", "EU", "EURO", "E\u200bUR"])
def test_what_is_no_money_is_no_currency(books: Books, currency: str) -> None:
    with pytest.raises(GLFileError, match="line 2: currency is "):
        books.load(f"{GL_HEADER}\nQB01,1100,{currency},2024-10-31,1\n")


def a_date(books: Books, zone: str, days: int) -> date:
    """The date that it is in a time zone, so many days on."""
    found: date = books.value("SELECT (now() AT TIME ZONE CAST(:z AS text))::date + :d", z=zone, d=days)
    return found


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_balance_of_a_day_ahead_of_the_accounts_today_is_refused_by_its_line(
    books: Books, zone: str
) -> None:
    books.account(zone=zone)
    books.gl((a_date(books, zone, 0), "5"))
    for days in (1, 13_000):
        on = a_date(books, zone, days)
        with pytest.raises(GLFileError, match=f"line 3: as_of_date {on} is ahead of today"):
            books.gl((a_date(books, zone, -1), "5"), (on, "5"))
    assert books.value("SELECT count(*) FROM recon.gl_balance") == 1


def test_a_balance_that_no_account_is_about_may_be_of_any_day_that_has_begun_somewhere(books: Books) -> None:
    books.gl((a_date(books, "Pacific/Kiritimati", 0), "5"))
    with pytest.raises(GLFileError, match=r"line 2: as_of_date .* is ahead of today"):
        books.gl((a_date(books, "Pacific/Kiritimati", 1), "5"))


@pytest.mark.parametrize(("item", "cleared", "column"), [(1, None, "item_date"), (0, 1, "cleared_date")])
def test_an_item_of_a_day_ahead_of_today_is_refused_by_its_line(
    books: Books, item: int, cleared: int | None, column: str
) -> None:
    books.account()
    with pytest.raises(GLFileError, match=f"line 2: {column} .* is ahead of today"):
        books.item(a_date(books, "UTC", item), "5", cleared=cleared and a_date(books, "UTC", cleared))


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("gl", "", "line 1: it is empty"),
        ("gl", f"a,b\n{GOOD}\n", "line 1: the header must be entity,gl_account,currency,as_of_date,balance, as plain reads it: name the profile of"),
        ("gl", f"{GL_HEADER},dc\n{GOOD},D\n", "line 1: the header must be"),
        ("gl", "balance,entity,gl_account,currency,as_of_date\n", "line 1: the header must be"),
        ("gl", f"{GL_HEADER}\n", "line 1: it holds no balance"),
        ("gl", f"{GL_HEADER}\n{GOOD},D\n", "line 2: it has 6 fields, the header 5"),
        ("gl", f"{GL_HEADER}\nQB01,1100,EUR,31.10.2024,1\n", "line 2: as_of_date is '31.10.2024'"),
        ("gl", f"{GL_HEADER}\nQB01,1100,EUR,2024-02-30,1\n", "line 2: as_of_date is '2024-02-30'"),
        ("gl", f"{GL_HEADER}\nQB01,1100,20241031,20241031,1\n", "line 2: currency is '20241031'"),
        ("gl", f"{GL_HEADER}\nQB01,1100,EUX,2024-10-31,1\n", "line 2: currency is 'EUX'"),
        ("gl", f"{GL_HEADER}\n,1100,EUR,2024-10-31,1\n", "line 2: entity is missing"),
        ("gl", f"{GL_HEADER}\nQB01,1100 ,EUR,2024-10-31,1\n", "line 2: gl_account is '1100 '"),
        ("gl", f"{GL_HEADER}\nQB01,11\u200b00,EUR,2024-10-31,1\n", "U+200B (ZERO WIDTH SPACE): delete it"),
        ("gl", f"{GL_HEADER}\nQB01,11\u202800,EUR,2024-10-31,1\n", "gl_account is '11\\u202800': it holds a line break"),
        ("gl", f"{GL_HEADER}\nQB01,1.1E+03,EUR,2024-10-31,1\n", "line 2: gl_account is '1.1E+03': a spreadsheet changed"),
        ("gl", f"{GL_HEADER}\n#N/A,1100,EUR,2024-10-31,1\n", "line 2: entity is '#N/A': a spreadsheet changed it"),
        ("gl", f"{GL_HEADER}\nQB01,11\r00,EUR,2024-10-31,1\n", "line 2: it has 2 fields, the header 5"),
        ("gl", f"{GL_HEADER}\n" + '"' + "x\n" * 200, "line 2 opens a quote that is not closed within 100 lines"),
        ("gl", f"{GL_HEADER}\n{'1' * 70_000}\n", "line 2 is longer than 64 KiB"),
        ("gl", f"sep=|\n{GL_HEADER}\n".replace(",", "|"), "'|' separates its cells: save it with , or ;"),
        ("gl", f"{GL_HEADER}\nQB\x0001,1100,EUR,2024-10-31,1\n", "line 2: entity is 'QB\\x0001'"),
        ("gl", f'{GL_HEADER}\n"QB01,1100,EUR,2024-10-31,1\n{GOOD}\n', "line 2: unexpected end of data"),
        ("gl", f'{GL_HEADER}\n\n{GOOD}\nQB01,"11\n00",EUR,2024-10-31,1\n', "line 4: gl_account is '11\\n00'"),
        ("gl", f"{GL_HEADER}\n{'x' * 141},1100,EUR,2024-10-31,1\n", "write at most 140 characters"),
        (
            "gl",
            f"{GL_HEADER}\n{GOOD}\nQB01,1200,EUR,2024-10-31,1\n{GOOD}\n",
            "line 4: it duplicates line 2: the same entity, gl_account, currency, as_of_date",
        ),
        ("items", f"{ITEM_HEADER}\n{ITEM}\n{ITEM.replace('-5.00', '-6.00')}\n", "line 3: it duplicates line 2"),
        ("items", f"{ITEM_HEADER}\n{ITEM.replace('bank', 'Bank')}\n", "line 2: side is 'Bank': write bank or book"),
        (
            "items",
            f"{ITEM_HEADER}\n{ITEM.replace(',,', ',2024-10-29,')}\n",
            "line 2: cleared_date 2024-10-29 is before item_date 2024-10-30",
        ),
        ("items", f"{ITEM_HEADER}\n{ITEM.replace('cheque', '')}\n", "line 2: kind is missing"),
        ("items", f"{GL_HEADER}\n{GOOD}\n", "line 1: the header must be entity,gl_account,currency,item_date"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_its_line(books: Books, kind: Kind, content: str, said: str) -> None:
    with pytest.raises(GLFileError) as caught:
        books.load(content, kind)
    assert said in str(caught.value)
    assert "nothing of it was loaded" in str(caught.value)
    assert books.rows("SELECT * FROM recon.file_load") == []


def test_every_problem_is_named_up_to_twenty(books: Books) -> None:
    bad = "".join(f"QB01,{n},EUR,2024-10-31,x\n" for n in range(30))
    with pytest.raises(GLFileError, match="has 30 problem") as caught:
        books.load(f"{GL_HEADER}\n{bad}")
    assert str(caught.value).count("line ") == 20
    assert "… and 10 more" in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(books: Books) -> None:
    for content, line in (
        (f"{GL_HEADER}\n{GOOD}\n".encode("utf-16"), 1),
        (f"{GL_HEADER}\n\nä".encode("latin-1"), 3),
    ):
        with pytest.raises(
            GLFileError,
            match=f"line {line} is not UTF-8 text, but .*: name a profile that says its encoding, or save the file as UTF-8",
        ):
            books.load(content)
    path = books.file("")
    path.unlink()
    with pytest.raises(GLFileError, match=r"can't be read: No such file"):
        load_file(books.ledger.engine, path, "gl")


def test_the_same_file_twice_is_one_load(books: Books) -> None:
    first = books.gl((day(1), "5"))
    again = books.gl((day(1), "5"))
    assert (again.load_no, again.rows, again.is_new) == (first.load_no, 1, False)
    assert books.value("SELECT count(*) FROM recon.gl_balance") == 1


def test_a_file_that_others_have_followed_is_the_load_it_was_and_says_what_it_does_not_bring_back(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    first = books.gl((day(1), "5"), (day(2), "6"), (day(3), "8"))
    books.gl((day(1), "7"), (day(2), "6"))
    books.gl((day(3), "9"))
    books.gl((day(3), "8.00"))
    again = books.gl((day(1), "5"), (day(2), "6"), (day(3), "8"))
    assert (again.load_no, again.is_new, again.replaced) == (first.load_no, False, 1)
    assert f"is load {first.load_no}. Later files replaced 1 of its figures" in caplog.text
    books.rates(f"EUR,USD,{day(1)},1.1")
    books.rates(f"EUR,USD,{day(1)},1.2")
    assert books.rates(f"EUR,USD,{day(1)},1.1").replaced == 1


def test_a_corrected_file_goes_on_top_of_the_earlier_one(books: Books) -> None:
    first, second = books.gl((day(1), "5"), (day(2), "6")), books.gl((day(1), "7"))
    assert second.load_no > first.load_no
    assert books.value("SELECT count(*) FROM recon.gl_balance") == 3


def test_items_come_in_open_or_cleared_with_any_words(books: Books) -> None:
    cleared = "QB01,1100,EUR,2024-10-30,2024-10-31,book,bank charge,-1,"
    awkward = 'QB01,1100,EUR,2024-10-30,,bank,"a\\b, c",2.50,"\\N"'
    books.load(f"{ITEM_HEADER}\n{ITEM}\n{cleared}\n{awkward}\n", "items")
    rows = books.rows("SELECT cleared_date, side, kind, amount, reference FROM recon.item ORDER BY amount")
    assert [tuple(row) for row in rows] == [
        (None, "bank", "cheque", Decimal("-5.00"), "r1"),
        (date(2024, 10, 31), "book", "bank charge", Decimal(-1), ""),
        (None, "bank", "a\\b, c", Decimal("2.50"), "\\N"),
    ]


def test_the_longest_words_fit_together(books: Books) -> None:
    """PostgreSQL's index takes 2,704 bytes of a key, and can't make these shorter."""
    entity, gl_account, kind, reference = (
        "".join(random.Random(n).choices([chr(code) for code in range(0x20000, 0x2A000)], k=140))
        for n in range(4)
    )
    line = f"{entity},{gl_account},EUR,2024-10-30,,bank,{kind},1,{reference}"
    assert books.load(f"{ITEM_HEADER}\n{line}\n", "items").rows == 1


def test_no_items_is_a_file_too(books: Books) -> None:
    assert books.load(f"{ITEM_HEADER}\n", "items").rows == 0


# ── guards of the schema ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("table", ["file_load", "gl_balance", "item", "reconciliation"])
@pytest.mark.parametrize(
    "change", ["UPDATE recon.{0} SET {1} = {1}", "DELETE FROM recon.{0}", "TRUNCATE recon.{0} CASCADE"]
)
def test_nothing_of_it_can_be_changed_even_by_its_owner(books: Books, table: str, change: str) -> None:
    column = {"file_load": "rows", "gl_balance": "balance", "item": "amount", "reconciliation": "version"}[
        table
    ]
    with pytest.raises(exc.ProgrammingError, match="append-only"):
        books.rows(change.format(table, column))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_amount(books: Books, value: str) -> None:
    loaded = books.gl((day(1), "5"))
    for insert in (
        f"recon.gl_balance VALUES (:n, 'E', 'G', 'EUR', '2024-10-01', '{value}')",
        f"recon.item VALUES (:n, 'E', 'G', 'EUR', '2024-10-01', NULL, 'bank', 'k', '{value}', '')",
    ):
        with pytest.raises(exc.IntegrityError):
            books.rows(f"INSERT INTO {insert}", n=loaded.load_no)


@pytest.mark.parametrize("table", ["gl_balance", "item", "reconciliation"])
def test_every_amount_is_a_finite_one_by_its_type(books: Books, table: str) -> None:
    """The type's own rule: tests/integration/ledger/test_guards.py."""
    numbers = books.rows(
        "SELECT attname, atttypid::regtype::text FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid"
        " WHERE attrelid = CAST(:name AS regclass) AND 'numeric'::regtype IN (t.oid, t.typbasetype)",
        name=f"recon.{table}",
    )
    assert numbers
    assert {type_ for _, type_ in numbers} == {"ledger.amount"}


def test_the_loader_can_not_say_who_loaded_nor_may_an_analyst_load(books: Books) -> None:
    with (
        pytest.raises(exc.ProgrammingError, match="permission denied"),
        books.ledger.engine.begin() as connection,
    ):
        connection.execute(
            text(
                "INSERT INTO recon.file_load (kind, sha256, rows, loaded_by) VALUES ('gl', repeat('0', 64), 1, 'x')"
            )
        )
    for role in ("qbank_analyst", "qbank_operator", "qbank_preparer", "qbank_approver"):
        with books.ledger.owner.begin() as connection:
            connection.execute(text(f"SET LOCAL ROLE {role}"))
            connection.execute(
                text("SELECT * FROM recon.open_break, recon.unmapped_gl, recon.open_break_total")
            )
            with pytest.raises(exc.ProgrammingError, match="permission denied"), connection.begin_nested():
                connection.execute(
                    text("INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('gl', repeat('0', 64), 1)")
                )
