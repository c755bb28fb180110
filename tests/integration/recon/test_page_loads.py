"""Files of the ERP that the page loads, in the name of who may, for the entities of their rows."""

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from qbank_ledger.db.acting import act_as
from qbank_ledger.errors import GLFileError, RefusedError
from qbank_ledger.recon.load import Load, load_file
from tests.words.books import GL_HEADER, ITEM_HEADER, Books, day
from tests.words.register import PAGE, Register, acting

HELD = "SELECT kind, loaded_by, via FROM recon.file_load ORDER BY load_no"
NEW_LOAD = (
    "INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('gl', repeat('0', 64), 1) RETURNING load_no"
)
ADD = "INSERT INTO recon.gl_balance VALUES (%s, %s, '1100', 'EUR', '2024-10-01', 1)"
ADD_ITEM = "INSERT INTO recon.item VALUES (%s, %s, '1100', 'EUR', '2024-10-01', NULL, 'bank', 'x', 1, '')"


@pytest.fixture
def page(register: Register) -> str:
    """The name of the page's login; ann may load for QB01."""
    register.grant("airflow:ann", "load", entity="QB01")
    return str(register.logins[PAGE].url.username)


def rows_of(books: Books, *entities: str, gl: str = "1100") -> Path:
    lines = "".join(f"{entity},{gl},EUR,{day(1)},5.00\n" for entity in entities)
    return books.file(f"{GL_HEADER}\n{lines}")


def load(register: Register, path: Path, identity: str | None = "airflow:ann", **given: Any) -> Load:
    begin = partial(act_as, identity=identity) if identity else None
    return load_file(register.logins[PAGE], path, given.pop("kind", "gl"), begin=begin, **given)


def test_a_load_says_who_and_by_which_login(books: Books, register: Register, page: str) -> None:
    books.account()
    assert load(register, rows_of(books, "QB01")).is_new
    books.gl((day(2), "5"))
    item = books.file(f"{ITEM_HEADER}\nQB01,1100,EUR,{day(1)},,bank,any,1.00,r\n")
    assert load(register, item, kind="items").rows == 1
    assert books.rows(HELD) == [
        ("gl", "airflow:ann", page),
        ("gl", "postgres", "postgres"),
        ("items", "airflow:ann", page),
    ]
    assert books.value("SELECT loaded_by FROM recon.gl_figure WHERE load_no = 1") == "airflow:ann"


def test_a_file_with_rows_of_another_entity_is_refused_whole(
    books: Books, register: Register, page: str
) -> None:
    path = rows_of(books, "QB01", "QB02")
    said = (
        "^The file can't be loaded: airflow:ann may not load for entity QB02: an operator grants it with"
        " recon.grant_signatory.$"
    )
    with pytest.raises(RefusedError, match=said):
        load(register, path)
    items = "".join(f"{e},1100,EUR,{day(1)},,bank,any,1.00,r\n" for e in ("QB01", "QB02"))
    with pytest.raises(RefusedError, match=said):
        load(register, books.file(f"{ITEM_HEADER}\n{items}"), kind="items")
    assert books.rows(HELD) == []
    register.grant("airflow:ann", "load")
    assert load(register, path).rows == 2


def test_who_may_load_nothing_takes_no_files_place(books: Books, register: Register, page: str) -> None:
    """The same bytes are one load: an empty one would keep them out."""
    register.grant("airflow:joe", "approve", "prepare", "release")
    for identity in ("airflow:joe", "airflow:nobody"):
        with (
            pytest.raises(RefusedError, match=f"{identity} may load for no entity"),
            acting(register.logins[PAGE], identity) as connection,
        ):
            connection.exec_driver_sql(NEW_LOAD)
    register.revoke("airflow:ann", "load", entity="QB01")
    with pytest.raises(RefusedError, match="airflow:ann may load for no entity"):
        load(register, rows_of(books, "QB01"))


def test_the_page_loads_nothing_in_nobodys_name(books: Books, register: Register, page: str) -> None:
    with pytest.raises(RefusedError, match="acts only in somebody's name"):
        load(register, rows_of(books, "QB01"), None)


def test_a_file_that_can_not_be_read_is_said_as_ever(books: Books, register: Register, page: str) -> None:
    with pytest.raises(GLFileError, match="line 2"):
        load(register, books.file(f"{GL_HEADER}\nQB01,1100,EUR,{day(1)},1.000\n"))


@pytest.mark.parametrize("add", [ADD, ADD_ITEM])
def test_nothing_is_added_to_a_load_that_is_done(
    books: Books, register: Register, page: str, add: str
) -> None:
    books.account()
    theirs = books.gl((day(2), "5")).load_no
    ours = load(register, rows_of(books, "QB01", gl="9")).load_no
    for load_no in (theirs, ours):
        with (
            pytest.raises(
                RefusedError, match=f"^Load {load_no} is complete: airflow:ann may add rows only to"
            ),
            acting(register.logins[PAGE], "airflow:ann") as connection,
        ):
            connection.exec_driver_sql(add, (load_no, "QB01"))
    with acting(register.logins[PAGE], "airflow:ann") as connection, connection.begin_nested():
        load_no = connection.exec_driver_sql(NEW_LOAD).scalar_one()
        connection.exec_driver_sql(add, (load_no, "QB01"))


def test_a_runs_login_that_stands_in_the_register_needs_its_right(books: Books, register: Register) -> None:
    ledger = books.ledger
    with ledger.people({"runs": "qbank_loader"}) as them:
        name = them["runs"].url.username
        assert load_file(them["runs"], rows_of(books, "QB01"), "gl").is_new
        register.grant(f"login:{name}", "load", entity="QB02")
        with pytest.raises(RefusedError, match=f"login:{name} may not load for entity QB01"):
            load_file(them["runs"], rows_of(books, "QB01", gl="2"), "gl")
        assert load_file(them["runs"], rows_of(books, "QB02", gl="2"), "gl").is_new
    ledger.rows("DELETE FROM recon.changed")


def test_rights_are_looked_at_once_a_statement_and_not_once_a_row(books: Books) -> None:
    each_row = "SELECT tgname, tgtype & 1 FROM pg_trigger WHERE tgname LIKE 'check_load%' ORDER BY tgrelid"
    assert books.rows(each_row) == [("check_loader", 0), *3 * [("check_loaded", 0)]]


@pytest.mark.slow
def test_100000_rows_through_the_page_take_about_as_long_as_by_a_run(
    books: Books, register: Register, page: str
) -> None:
    took = []
    for who in range(2):
        lines = "".join(f"QB01,{who}{n:06},EUR,{day(1)},5.00\n" for n in range(100_000))
        path = books.file(f"{GL_HEADER}\n{lines}")
        began = time.monotonic()
        loaded = load(register, path) if who else load_file(books.ledger.engine, path, "gl")
        took.append(time.monotonic() - began)
        assert loaded.rows == 100_000
    assert took[1] < 2 * took[0] + 1
