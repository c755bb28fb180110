"""What is compared again: whatever changed, and nothing else."""

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qbank_ledger.db.statements import statement_text
from qbank_ledger.db.transaction import plan_for_sets, transaction
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.recon.sql import execute
from tests.words.books import Books, day

EVERYTHING = "INSERT INTO recon.changed (first_date, last_date) VALUES ('-infinity', 'infinity')"


def versions(books: Books) -> int:
    return int(books.value("SELECT count(*) FROM recon.reconciliation"))


@pytest.fixture
def compared(books: Books) -> Books:
    """Accounts x and y, each on a GL account of its own; two dates that match, and nothing pending."""
    books.account("x", tolerance="1")
    books.account("y", gl="1200")
    for id_, gl in (("x", "1100"), ("y", "1200")):
        for number in (1, 2):
            books.bank(day(number), "100", id_)
        books.bank(day(-9), "7", id_)  # long before, so that no change of clocks takes a date out of its time
        books.gl((day(1), "100"), (day(2), "100"), gl=gl)
    assert books.reconcile() == {"matched": 4}
    assert books.rows("SELECT * FROM recon.changed") == []
    return books


def set_account(column: str, value: str) -> Callable[[Books], object]:
    return lambda books: books.rows(f"UPDATE ledger.account SET {column} = {value} WHERE account_id = 'x'")


CHANGES: dict[str, tuple[Callable[[Books], object], dict[str, int]]] = {
    "a later observation": (lambda b: b.bank(day(1), "101.50", at="13:00"), {"break": 1}),
    "a restated hour": (lambda b: b.bank(day(1), "101.50", at="12:30"), {"break": 1}),
    "a balance removed by hand": (
        # What was removed stays in the history, and the closing with it: nothing else is found.
        lambda b: b.rows("DELETE FROM ledger.balance WHERE account_id = 'x'"), {}),
    "a corrected GL file": (lambda b: b.gl((day(1), "98.00")), {"break": 1}),
    "an item": (lambda b: b.item(day(2), "-7"), {"break": 1}),
    "an item that does not count yet": (
        lambda b: (b.bank(day(3), "100"), b.gl((day(3), "107")), b.reconcile(), b.item(day(4), "7")), {"break": 1}),
    "another tolerance": (set_account("tolerance", "2"), {"matched": 2}),
    "another cut-off": (set_account("cut_off", "'09:00'"), {"missing_bank": 2}),
    "another grace": (
        lambda b: (b.bank(day(3), "102", at="00:01"), b.reconcile(), set_account("closing_grace_minutes", "0")(b)),
        {"matched": 1}),
    "another time zone": (set_account("time_zone", "'Pacific/Auckland'"), {"missing_bank": 1, "matched": 1}),
    "another GL account": (set_account("gl_account", "'1300'"), {"missing_gl": 2}),
    "a shorter limit of age": (set_account("max_age_minutes", "60"), {"stale_bank": 2}),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_is_compared_again_and_then_no_more(compared: Books, name: str) -> None:
    change, written = CHANGES[name]
    change(compared)
    assert compared.value("SELECT count(*) FROM recon.changed") > 0
    assert compared.reconcile() == written
    assert compared.rows("SELECT * FROM recon.changed") == []
    compared.rows(EVERYTHING)
    assert compared.reconcile() == {}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {partition} SELECT 'new', as_of_hour, 1, 1, 'EUR', observed_at, 1, 1, 1, recorded_at FROM {partition} LIMIT 1",
        "UPDATE {partition} SET ledger_balance = 7",
        "DELETE FROM {partition}",
    ],
    ids=["a row", "a change", "a row taken out"],
)
def test_a_partition_that_is_written_to_by_its_own_name_notes_it_as_well(
    compared: Books, statement: str
) -> None:
    """Nobody but the owner may: test_roles.py."""
    partition = compared.value("SELECT min(tableoid::regclass::text) FROM ledger.balance")
    assert partition != "ledger.balance"
    compared.rows(statement.format(partition=partition))
    assert compared.value("SELECT count(*) FROM recon.changed") > 0


def test_an_account_taken_out_leaves_its_group(compared: Books) -> None:
    compared.account("z")
    compared.bank(day(1), "1", "z")
    assert compared.reconcile() == {"missing_bank": 2, "break": 2}
    compared.rows("UPDATE ledger.account SET active = false WHERE account_id = 'z'")
    compared.reconcile()
    assert (compared.newest("x", day(1)).members, compared.found("x", day(1))) == (["x"], ("matched", None))


def test_what_says_nothing_new_of_an_account_asks_for_nothing(compared: Books) -> None:
    compared.rows("UPDATE ledger.account SET name = 'Other', minimum_balance = 5")
    assert compared.rows("SELECT * FROM recon.changed") == []


def test_a_date_is_asked_for_until_it_is_over(books: Books) -> None:
    books.account()
    today = datetime.now(UTC).date()
    books.gl((today - timedelta(days=1), "100"), (today - timedelta(days=4), "100"))
    # Loaded before a date ahead of today was refused.
    books.rows(
        "INSERT INTO recon.gl_balance SELECT max(load_no), 'QB01', '1100', 'EUR', :on, 100 FROM recon.file_load",
        on=today + timedelta(days=40),
    )
    assert books.reconcile() == {"missing_bank": 2}
    left = books.rows("SELECT last_date FROM recon.changed ORDER BY last_date")
    assert [row.last_date for row in left] == [today - timedelta(days=1), today + timedelta(days=40)]


def test_a_date_that_is_named_takes_nothing_away(compared: Books) -> None:
    compared.gl((day(1), "98"), (day(2), "98"))
    assert compared.reconcile(day(1)) == {"break": 1}
    assert compared.reconcile() == {"break": 1}


def test_a_comparison_that_fails_takes_nothing_away(compared: Books) -> None:
    compared.gl((day(1), "98"))
    compared.rows("ALTER TABLE recon.reconciliation ADD CONSTRAINT nothing_breaks CHECK (status <> 'break')")
    try:
        with pytest.raises(Exception, match="nothing_breaks"):
            compared.reconcile()
    finally:
        compared.rows("ALTER TABLE recon.reconciliation DROP CONSTRAINT nothing_breaks")
    assert compared.reconcile() == {"break": 1}


def test_nothing_new_reads_no_balance(compared: Books) -> None:
    """An hour in which nothing changed costs the same after years as on the first day."""
    compared.rows("ALTER TABLE ledger.balance RENAME COLUMN ledger_balance TO unread")
    try:
        assert reconcile(compared.ledger.engine) == {}
    finally:
        compared.rows("ALTER TABLE ledger.balance RENAME COLUMN unread TO ledger_balance")


def test_what_is_asked_does_not_meet_account_by_account(books: Books) -> None:
    """Accounts that are all new are each a change: met with each other, 10,000 of them take minutes."""
    accounts, dates = 300, 4
    for n in range(accounts):
        books.account(f"a{n}", gl=f"{n}")
    books.gl(*((day(number), "1") for number in range(1, dates + 1)), gl="0")
    query = statement_text("qbank_ledger.recon.sql", "asked").partition(" AS\n")[2]
    with transaction(books.ledger.engine) as connection:
        plan_for_sets(connection)
        execute(connection, "pending", as_of_date=None)
        connection.exec_driver_sql("DELETE FROM pending WHERE gl_account IS NULL")
        assert connection.exec_driver_sql("SELECT count(*) FROM pending").scalar_one() == accounts
        assert len(connection.exec_driver_sql(query).all()) == accounts * dates
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}").scalar_one()
    assert max(_met(plan[0]["Plan"])) <= 2 * accounts * dates


def _met(node: dict[str, Any]) -> Iterator[float]:
    """How many pairs of rows each step of a plan has looked at, for nothing too."""
    removed = node.get("Rows Removed by Join Filter", 0) + node.get("Rows Removed by Filter", 0)
    yield (node["Actual Rows"] + removed) * node["Actual Loops"]
    for child in node.get("Plans", []):
        yield from _met(child)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_whatever_happened_all_of_it_is_compared(books: Books, seed: int) -> None:
    """After each of many changes: comparing everything finds nothing that comparing the changed did not."""
    chance = random.Random(seed)
    ids = {"x": "1100", "y": "1100", "z": "1200"}
    for id_, gl in ids.items():
        books.account(
            id_, gl, zone=chance.choice(("UTC", "America/New_York", "Pacific/Auckland")), tolerance="1"
        )

    # Within an hour a later observation follows an earlier one.
    times = (f"{n // 60:02}:{n % 60:02}" for n in itertools.count())

    def some_day() -> int:
        return chance.randint(1, 6)

    def amount() -> str:
        return str(chance.choice((99, 100, 100, 101, 107)))

    changes: list[Callable[[], object]] = [
        lambda: books.bank(day(some_day()), amount(), chance.choice("xyz"), at=f"{chance.randint(8, 23):02}:{next(times)}"),
        lambda: books.gl(*((day(n), amount()) for n in {some_day(), some_day()}), gl=chance.choice(("1100", "1200"))),
        lambda: books.gl((day(some_day()), amount()), gl="1200", currency="USD"),
        lambda: books.item(day(some_day()), amount(), chance.choice(("bank", "book")), reference=amount()),
        lambda: books.item(day(2), "7", cleared=day(chance.randint(2, 6))),
        lambda: books.rows("UPDATE ledger.account SET tolerance = :t WHERE account_id = :id", t=chance.randint(0, 9), id=chance.choice("xyz")),
        lambda: books.rows("UPDATE ledger.account SET active = NOT active WHERE account_id = :id", id=chance.choice("xyz")),
        lambda: books.rows("UPDATE ledger.account SET cut_off = '17:30' WHERE account_id = :id", id=chance.choice("xyz")),
        lambda: books.reconcile(day(some_day())),
    ]  # fmt: skip
    for _ in range(40):
        for _ in range(chance.randint(1, 4)):
            chance.choice(changes[:2] + changes)()
        books.reconcile()
        before = versions(books)
        books.rows(EVERYTHING)
        assert books.reconcile() == {}
        assert versions(books) == before
