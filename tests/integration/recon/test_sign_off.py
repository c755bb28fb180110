"""Sign-off: one prepares, another approves, by their own logins; a restatement takes it back and says why."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, Engine, create_engine, exc
from sqlalchemy.pool import NullPool

from qbank_ledger.db.locks import acquire_lock
from qbank_ledger.errors import LedgerError
from qbank_ledger.recon import reconcile as module
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.recon.sql import execute
from tests.conftest import REPOSITORY
from tests.integration.ledger.conftest import Ledger

from .conftest import Books, day

FIRST = day(1)
ROLES = {
    "jane": "qbank_preparer",
    "joe": "qbank_approver",
    "jim": "qbank_approver",
    "kim": "qbank_preparer, qbank_approver",
}


@pytest.fixture(scope="module")
def logins(_shared: Ledger) -> Iterator[dict[str, Engine]]:
    """People with a login each: jane prepares, joe and jim approve, kim may do both."""
    with _shared.people(ROLES) as engines:
        yield engines


class Desk:
    """Books with one account and date to sign, and the people who sign."""

    def __init__(self, books: Books, logins: dict[str, Engine]) -> None:
        self.books, self.logins = books, logins

    def login(self, name: str) -> str:
        """Somebody's login: the name with that of the database, as logins are the whole server's."""
        return f"{name}_{self.books.ledger.url.database}"

    def compared(self, bank: str = "100.00", gl: str = "100.00", **account: Any) -> None:
        """Account x, compared on the first day."""
        self.books.account(**account)
        self.books.bank(day(1), bank)
        self.books.gl((day(1), gl))
        self.books.reconcile()

    def sign(
        self,
        name: str,
        verb: str,
        comment: str | None = None,
        *,
        version: int | None = None,
        account_id: str | None = "x",
        on: date | None = FIRST,
    ) -> Any:
        """The row of the action that somebody takes."""
        with self.logins[name].begin() as connection:
            return connection.exec_driver_sql(
                f"SELECT * FROM recon.{verb}(%s, %s, %s, %s)", (account_id, on, comment, version)
            ).one()

    def written(
        self,
        bank: str = "s.bank_balance",
        gl: str = "s.gl_balance",
        *,
        currency: str = "s.currency",
        versions: int = 1,
    ) -> None:
        """New versions, in one statement and by another hand than reconcile's: the first with these in it."""
        self.books.rows(
            "INSERT INTO recon.reconciliation (account_id, as_of_date, version, entity, gl_account, currency,"
            " bank_balance, gl_balance, difference, bank_items, book_items, unexplained, tolerance, status, members, provisional)"
            f" SELECT account_id, as_of_date, version + n.n, entity, gl_account, {currency}, {bank}, {gl}, difference,"
            " bank_items, book_items, unexplained, tolerance, status, members, provisional"
            f" FROM recon.reconciliation AS s, generate_series(1, {versions}) AS n (n) WHERE version = 1"
        )

    def approved(self, comment: str | None = None) -> None:
        """What jane prepares and joe approves."""
        self.sign("jane", "prepare")
        self.sign("joe", "approve", comment)

    def state(self, account_id: str = "x", on: date = FIRST) -> Any:
        (row,) = self.books.rows(
            "SELECT * FROM recon.sign_off_state WHERE account_id = :id AND as_of_date = :on",
            id=account_id,
            on=on,
        )
        return row

    def log(self) -> list[tuple[str, int, str]]:
        """Every action: state, version, and who by first name."""
        rows = self.books.rows("SELECT state, version, actor FROM recon.sign_off ORDER BY sign_off_no")
        return [(row.state, row.version, row.actor.split("_")[0]) for row in rows]

    def why(self) -> str:
        """What the newest action says."""
        return str(self.books.value("SELECT comment FROM recon.sign_off ORDER BY sign_off_no DESC LIMIT 1"))


@pytest.fixture
def desk(books: Books, logins: dict[str, Engine]) -> Desk:
    return Desk(books, logins)


@contextmanager
def refused(words: str, code: str) -> Iterator[None]:
    with pytest.raises(exc.DBAPIError) as caught:
        yield
    said = str(caught.value.orig)
    assert words in said.splitlines()[0], said
    assert getattr(caught.value.orig, "pgcode", None) == code, said


# ── states ─────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_signed_until_somebody_acts(desk: Desk) -> None:
    desk.compared()
    row = desk.state()
    assert (row.state, row.version, row.signed_version, row.status) == ("open", 1, None, "matched")
    assert (row.prepared_by, row.approved_by, row.acted_by, row.comment) == (None, None, None, None)


def test_one_prepares_and_another_approves(desk: Desk) -> None:
    desk.compared()
    done = desk.sign("jane", "prepare", "  looked at every item\n")
    assert (done.account_id, done.as_of_date, done.version, done.state, done.actor, done.comment) == (
        "x", day(1), 1, "prepared", desk.login("jane"), "looked at every item",
    )  # fmt: skip
    row = desk.state()
    assert (row.state, row.signed_version, row.prepared_by, row.approved_by) == (
        "prepared", 1, desk.login("jane"), None,
    )  # fmt: skip
    assert row.prepared_at == row.acted_at == done.at

    done = desk.sign("joe", "approve", "   ")
    row = desk.state()
    assert (row.state, row.signed_version, row.comment) == ("approved", 1, None)
    assert (row.prepared_by, row.approved_by, row.acted_by) == (
        desk.login("jane"), desk.login("joe"), desk.login("joe"),
    )  # fmt: skip
    assert row.prepared_at < row.approved_at == row.acted_at == done.at
    assert desk.log() == [("prepared", 1, "jane"), ("approved", 1, "joe")]


def test_what_was_rejected_is_prepared_again(desk: Desk) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    desk.sign("joe", "reject", "the statement is of another day")
    row = desk.state()
    assert (row.state, row.signed_version, row.prepared_by, row.approved_by, row.acted_by, row.comment) == (
        "rejected", None, desk.login("jane"), None, desk.login("joe"), "the statement is of another day",
    )  # fmt: skip
    desk.sign("kim", "prepare")
    desk.sign("joe", "approve")
    assert [state for state, _, _ in desk.log()] == ["prepared", "rejected", "prepared", "approved"]
    assert desk.state().prepared_by == desk.login("kim")


@pytest.mark.parametrize(
    ("before", "verb", "words"),
    [
        ([], "approve", "it is open, and somebody has to prepare it first"),
        ([], "reject", "it is open, and somebody has to prepare it first"),
        (["prepare"], "prepare", "prepared it already"),
        (["prepare", "approve"], "prepare", "approved it already"),
        (["prepare", "approve"], "approve", "approved it already"),
        (["prepare", "approve"], "reject", "approved it already"),
        (["prepare", "reject"], "approve", "it is rejected, and somebody has to prepare it first"),
        (["prepare", "reject"], "reject", "it is rejected, and somebody has to prepare it first"),
        (["prepare", "restate"], "approve", "it is decertified, and somebody has to prepare it first"),
        (["prepare", "restate"], "reject", "it is decertified, and somebody has to prepare it first"),
    ],
)
def test_states_follow_each_other_in_order(desk: Desk, before: list[str], verb: str, words: str) -> None:
    desk.compared()
    for step in before:
        if step == "restate":
            desk.books.gl((day(1), "7"))
            desk.books.reconcile()
        else:
            desk.sign("jane" if step == "prepare" else "joe", step, "so")
    log = desk.log()
    with refused(words, "55000"):
        desk.sign("kim" if verb == "prepare" else "jim", verb, "so")
    assert desk.log() == log


# ── who ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_nobody_approves_what_he_prepared(desk: Desk, verb: str) -> None:
    desk.compared()
    desk.sign("kim", "prepare")
    with refused("prepared it: somebody else has to look at it", "42501"):
        desk.sign("kim", verb, "so")
    desk.sign("joe", verb, "so")
    assert desk.state().acted_by == desk.login("joe")


def test_another_role_makes_nobody_another_person(desk: Desk) -> None:
    desk.compared()
    with desk.logins["kim"].begin() as connection:
        connection.exec_driver_sql("SET ROLE qbank_preparer")
        connection.exec_driver_sql("SELECT recon.prepare('x', '2024-10-01')")
    with (
        refused("prepared it: somebody else has to look at it", "42501"),
        desk.logins["kim"].begin() as connection,
    ):
        connection.exec_driver_sql("SET ROLE qbank_approver")
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
    assert desk.log() == [("prepared", 1, "kim")]


@pytest.mark.parametrize("name", ["jane", "joe", "kim"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO recon.sign_off (account_id, as_of_date, version, state) VALUES ('x', '2024-10-01', 1, 'approved')",
        "INSERT INTO recon.sign_off (account_id, as_of_date, version, state, actor) VALUES ('x', '2024-10-01', 1, 'approved', 'joe')",
        "UPDATE recon.sign_off SET actor = 'joe'",
        "DELETE FROM recon.sign_off",
        "SELECT recon.record_sign_off('approved', 'x', '2024-10-01', NULL, NULL)",
        "SET SESSION AUTHORIZATION postgres",
        "SET ROLE qbank_owner",
        "SET ROLE postgres",
    ],
)
def test_nobody_signs_by_another_way_nor_in_anothers_name(desk: Desk, name: str, statement: str) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    with refused("permission denied", "42501"), desk.logins[name].begin() as connection:
        connection.exec_driver_sql(statement)
    assert desk.log() == [("prepared", 1, "jane")]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE recon.sign_off SET state = 'approved'", "DELETE FROM recon.sign_off", "TRUNCATE recon.sign_off"],
)
def test_not_even_the_owner_changes_what_was_signed(desk: Desk, statement: str) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    with refused("on recon.sign_off is refused: it is append-only", "42501"):
        desk.books.rows(statement)


@pytest.mark.parametrize(
    ("version", "state", "comment"),
    [(1, "open", "'so'"), (1, "prepared", "' '"), (1, "rejected", "NULL"), (1, "decertified", "NULL"), (2, "approved", "NULL")],
)  # fmt: skip
def test_the_log_holds_nothing_that_can_not_be(desk: Desk, version: int, state: str, comment: str) -> None:
    desk.compared()
    with pytest.raises(exc.IntegrityError):
        desk.books.rows(
            "INSERT INTO recon.sign_off (account_id, as_of_date, version, state, comment)"
            f" VALUES ('x', '2024-10-01', {version}, '{state}', {comment})"
        )


def test_who_has_both_roles_may_prepare_one_account_and_approve_another(desk: Desk) -> None:
    for id_, gl in (("x", "1100"), ("y", "2200")):
        desk.books.account(id_, gl)
        desk.books.bank(day(1), "5", id_)
        desk.books.gl((day(1), "5"), gl=gl)
    desk.books.reconcile()
    desk.sign("kim", "prepare")
    desk.sign("jane", "prepare", account_id="y")
    desk.sign("kim", "approve", account_id="y")
    desk.sign("joe", "approve")
    assert desk.log()[-2:] == [("approved", 1, "kim"), ("approved", 1, "joe")]


# ── what can be signed ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("comment", [None, "", " \t\n"])
@pytest.mark.parametrize(
    ("bank", "gl", "status"),
    [("100", "100", "matched"), ("100", "101", "within_tolerance"), ("100", "110", "break")],
)
def test_approving_anything_but_matched_needs_a_comment(
    desk: Desk, bank: str, gl: str, status: str, comment: str | None
) -> None:
    desk.compared(bank, gl, tolerance="1")
    desk.sign("jane", "prepare")
    if status != "matched":
        with refused(f"it is {status}, and approving that needs a comment", "22023"):
            desk.sign("joe", "approve", comment)
        comment = "a fee, booked on the 2nd"
    assert desk.sign("joe", "approve", comment).state == "approved"


@pytest.mark.parametrize("comment", [None, "", " \t\n"])
def test_a_rejection_says_why(desk: Desk, comment: str | None) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    with refused("a rejection needs a comment", "22023"):
        desk.sign("joe", "reject", comment)


def test_a_provisional_date_is_not_signed(desk: Desk) -> None:
    zone, today = desk.books.unfinished_day()
    desk.books.account(zone=zone)
    desk.books.gl((today, "5"))
    desk.books.reconcile(today)
    with refused("it is provisional, compared before its cut-off: reconcile it after that", "55000"):
        desk.sign("jane", "prepare", on=today)


def test_only_the_newest_version_is_signed(desk: Desk) -> None:
    desk.compared()
    desk.books.gl((day(1), "101"))
    desk.books.reconcile()
    for version in (1, 3):
        with refused(f"version {version} is not the newest: look at version 2 and sign that", "55000"):
            desk.sign("jane", "prepare", version=version)
    assert desk.sign("jane", "prepare", version=2).version == 2
    with refused("version 1 is not the newest: look at version 2 and sign that", "55000"):
        desk.sign("joe", "approve", "so", version=1)
    assert desk.sign("joe", "approve", "so", version=2).version == 2


@pytest.mark.parametrize("verb", ["prepare", "approve", "reject"])
@pytest.mark.parametrize(
    ("account_id", "on"), [("nobody", day(1)), ("x", day(9)), (None, day(1)), ("x", None)]
)
def test_what_was_not_compared_is_not_signed(
    desk: Desk, verb: str, account_id: str | None, on: date | None
) -> None:
    desk.compared()
    with refused("there is none; recon.sign_off_state lists what was compared", "22023"):
        desk.sign("kim", verb, "so", account_id=account_id, on=on)


def test_what_was_compared_is_signed_also_when_the_account_is_closed_by_now(desk: Desk) -> None:
    """A month is closed after accounts in it were; a date without a comparison has nothing to sign."""
    desk.compared()
    desk.books.rows("UPDATE ledger.account SET active = false")
    desk.books.gl((day(2), "5"))
    desk.books.reconcile()
    desk.approved()
    assert desk.state().state == "approved"
    with refused("there is none; recon.sign_off_state lists what was compared", "22023"):
        desk.sign("jane", "prepare", on=day(2))


def test_a_refusal_names_the_date_whatever_the_login_writes_dates_like(desk: Desk) -> None:
    with (
        refused("The reconciliation of account x on 2024-10-01 can't be prepared: there is none", "22023"),
        desk.logins["jane"].begin() as connection,
    ):
        connection.exec_driver_sql("SET datestyle = 'German'")
        connection.exec_driver_sql("SELECT recon.prepare('x', '2024-10-01')")


def test_many_are_signed_in_one_statement_each_as_it_was_seen(desk: Desk) -> None:
    for id_, gl in (("x", "1100"), ("y", "2200"), ("z", "3300")):
        desk.books.account(id_, gl)
        desk.books.bank(day(1), "5", id_)
        desk.books.gl((day(1), "6" if id_ == "z" else "5"), gl=gl)
    desk.books.reconcile()
    each = (
        "SELECT p.account_id FROM recon.sign_off_state AS s,"
        " recon.{verb}(s.account_id, s.as_of_date, version => s.version) AS p"
        " WHERE s.as_of_date = '2024-10-01' AND s.status = 'matched' AND s.state = '{state}' ORDER BY 1"
    )
    for name, verb, state in (("jane", "prepare", "open"), ("joe", "approve", "prepared")):
        with desk.logins[name].begin() as connection:
            signed = connection.exec_driver_sql(each.format(verb=verb, state=state)).scalars().all()
        assert signed == ["x", "y"]
    assert [desk.state(id_).state for id_ in "xyz"] == ["approved", "approved", "open"]


# ── what takes it back ─────────────────────────────────────────────────────────────────────────────


def bank_restated(books: Books) -> None:
    books.bank(day(1), "101.00", at="13:00")


def gl_corrected(books: Books) -> None:
    books.gl((day(1), "99.50"))


def bank_item(books: Books) -> None:
    books.item(day(1), "7")


def book_item(books: Books) -> None:
    books.item(day(1), "-3", "book")


def both_restated(books: Books) -> None:
    bank_restated(books)
    books.gl((day(1), "101"))


CHANGES = [
    (bank_restated, "bank balance restated from 100.00 to 101.00"),
    (gl_corrected, "GL balance restated from {gl} to 99.50"),
    (bank_item, "bank items changed from 0 to 7"),
    (book_item, "book items changed from 0 to -3"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
@pytest.mark.parametrize("gl", ["100.00", "90.00"], ids=["matched", "break"])
@pytest.mark.parametrize("signed", ["approved", "prepared"])
def test_a_number_that_changes_takes_it_back_and_says_why(
    desk: Desk, signed: str, gl: str, change: Callable[[Books], None], words: str
) -> None:
    desk.compared(gl=gl)
    desk.sign("jane", "prepare")
    what = f"Preparation by {desk.login('jane')}"
    if signed == "approved":
        desk.sign("joe", "approve", "so")
        what = f"Approval by {desk.login('joe')}"
    status = "; status matched → break" if gl == "100.00" else ""
    change(desk.books)
    desk.books.reconcile()
    row = desk.state()
    assert row.comment == f"{what} taken back: {words.format(gl=gl)}{status}"
    assert (row.state, row.version, row.signed_version) == ("decertified", 2, None)
    assert (row.prepared_by, row.approved_by, row.acted_by) == (None, None, "postgres")
    assert desk.log()[-1] == ("decertified", 2, "postgres")
    desk.sign("jane", "prepare")
    desk.sign("joe", "approve", "the bank told us")
    assert desk.state().signed_version == 2


def test_numbers_that_change_alike_on_both_sides_take_it_back(desk: Desk) -> None:
    desk.compared()
    desk.approved()
    both_restated(desk.books)
    desk.books.reconcile()
    assert desk.state().status == "matched"
    assert desk.why().endswith(
        "bank balance restated from 100.00 to 101.00; GL balance restated from 100.00 to 101"
    )


def test_a_status_that_changes_alone_takes_it_back(desk: Desk) -> None:
    desk.compared(gl="101.00", tolerance="1")
    desk.approved("a cent or two")
    desk.books.rows("UPDATE ledger.account SET tolerance = 0")
    desk.books.reconcile()
    assert desk.why().endswith("taken back: status within_tolerance → break")


def test_a_side_that_comes_in_takes_it_back(desk: Desk) -> None:
    desk.books.account()
    desk.books.gl((day(1), "5"))
    desk.books.reconcile()
    desk.approved("the bank was closed")
    desk.books.bank(day(1), "5")
    desk.books.reconcile()
    assert desk.why().endswith("bank balance restated from none to 5; status missing_bank → matched")


def test_the_same_number_of_another_currency_is_another_number(desk: Desk) -> None:
    desk.compared()
    desk.approved()
    desk.written(currency="'USD'")
    assert desk.why().endswith("taken back: currency EUR → USD")


def test_every_account_of_a_group_is_signed_and_taken_back(desk: Desk) -> None:
    for id_ in "xyz":
        desk.books.account(id_)
        desk.books.bank(day(1), "5", id_)
    desk.books.gl((day(1), "15"))
    desk.books.reconcile()
    for id_ in "xy":
        desk.sign("jane", "prepare", account_id=id_)
    desk.sign("joe", "approve")
    assert [desk.state(id_).state for id_ in "xyz"] == ["approved", "prepared", "open"]
    desk.books.bank(day(1), "6", "z", at="13:00")
    desk.books.reconcile()
    assert [desk.state(id_).state for id_ in "xyz"] == ["decertified", "decertified", "open"]


@pytest.mark.parametrize("state", ["open", "rejected", "decertified"])
def test_what_does_not_stand_is_not_taken_back(desk: Desk, state: str) -> None:
    desk.compared()
    if state != "open":
        desk.sign("jane", "prepare")
    if state == "rejected":
        desk.sign("joe", "reject", "so")
    if state == "decertified":
        gl_corrected(desk.books)
        desk.books.reconcile()
    log = desk.log()
    bank_restated(desk.books)
    desk.books.reconcile()
    assert (desk.state().state, desk.log()) == (state, log)


def test_going_back_to_the_old_numbers_does_not_bring_an_approval_back(desk: Desk) -> None:
    desk.compared()
    desk.approved()
    for amount in ("101", "100"):
        desk.books.gl((day(1), amount))
        desk.books.reconcile()
    row = desk.state()
    assert (row.status, row.version, row.state) == ("matched", 3, "decertified")


def test_the_newest_of_several_versions_takes_it_back_once(desk: Desk) -> None:
    desk.compared()
    desk.approved()
    desk.written("s.bank_balance + n.n", "s.gl_balance + n.n", versions=3)
    assert desk.log()[2:] == [("decertified", 4, "postgres")]
    assert "from 100.00 to 103.00" in desk.why()


# ── what does not ──────────────────────────────────────────────────────────────────────────────────


def seen_again(books: Books) -> None:
    books.bank(day(1), "100.0", at="13:00")


def tolerance_raised(books: Books) -> None:
    books.rows("UPDATE ledger.account SET tolerance = 1")


def cause_found(books: Books) -> None:
    books.item(day(2), "-10")


@pytest.mark.parametrize("change", [seen_again, tolerance_raised, cause_found])
def test_a_version_with_the_same_numbers_and_status_keeps_the_approval(
    desk: Desk, change: Callable[[Books], None]
) -> None:
    desk.compared(gl="90.00")
    assert desk.books.found() == ("break", "unexplained")
    desk.approved("so")
    change(desk.books)
    desk.books.reconcile()
    row = desk.state()
    assert (row.state, row.version, row.signed_version) == ("approved", 2, 1)
    assert len(desk.log()) == 2


def test_an_age_that_moves_keeps_the_approval(desk: Desk) -> None:
    desk.books.account()
    for number in (1, 2):
        desk.books.bank(day(number), "5")
    desk.books.gl((day(1), "6"), (day(2), "6"))
    desk.books.reconcile()
    desk.sign("jane", "prepare", on=day(2))
    desk.sign("joe", "approve", "so", on=day(2))
    desk.books.gl((day(1), "5"))
    desk.books.reconcile()
    row = desk.state(on=day(2))
    assert (row.age_days, row.version, row.state, row.signed_version) == (0, 2, "approved", 1)
    assert desk.state(on=day(1)).state == "open"
    assert len(desk.log()) == 2
    desk.books.bank(day(2), "4", at="13:00")
    desk.books.reconcile()
    assert desk.why().endswith("taken back: bank balance restated from 5 to 4")
    assert desk.log()[-1][:2] == ("decertified", 3)


# ── the page ───────────────────────────────────────────────────────────────────────────────────────


def test_the_example_of_the_page_runs_as_written(desk: Desk) -> None:
    page = (REPOSITORY / "docs" / "reconciliation.md").read_text("utf-8")
    example = page[page.index("\n### Example\n") :].replace("a1b2c3d4", "x").replace("2026-10-31", str(FIRST))
    blocks = re.findall(r"```sql\n(.*?)```", example, re.DOTALL)
    desk.compared()
    for number, (name, block) in enumerate(zip(["jane", "joe", "jane", "joe", "joe"], blocks, strict=True)):
        if number == 2:
            bank_restated(desk.books)
            desk.books.reconcile()
        with desk.logins[name].begin() as connection:
            for statement in block.split(";\n")[:-1]:
                rows = connection.exec_driver_sql(statement).all()
                assert rows, statement
    for state, version, actor, comment in rows:
        line = f"| `{state}` | {version} | {actor} | {comment or ''} |"
        here = {
            desk.login("jane"): "jane",
            desk.login("joe"): "joe",
            "postgres": "ledger_runs",
            "|  |": "| |",
        }
        for ours, theirs in here.items():
            line = line.replace(ours, theirs)
        assert line in example.splitlines()


# ── who comes first ────────────────────────────────────────────────────────────────────────────────


def meanwhile(desk: Desk, act: Callable[[], Any]) -> "Future[Any]":
    """What somebody does at the same time, once it waits for its turn."""
    future = ThreadPoolExecutor(1).submit(act)
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE relation = 'ledger.lock_reconcile'::regclass AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    end = time.monotonic() + 30
    while not desk.books.value(waiting):
        assert not future.done(), f"it did not wait: {future.exception() or future.result()}"
        assert time.monotonic() < end
    return future


@contextmanager
def halfway(desk: Desk) -> Iterator[Callable[[], None]]:
    """A reconciliation that has written its versions and not committed yet; what is given lets it."""
    there, go_on = Event(), Event()

    def stop(connection: Connection, name: str, **parameters: Any) -> Any:
        result = execute(connection, name, **parameters)
        if name == "write_versions":
            result = result.all()
            there.set()
            assert go_on.wait(60)
        return result

    with patch.object(module, "execute", stop), ThreadPoolExecutor(1) as pool:
        run = pool.submit(desk.books.reconcile)
        assert there.wait(60)
        try:
            yield go_on.set
        finally:
            go_on.set()
            run.result(60)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_an_approver_waits_for_a_reconciliation_and_hears_what_it_took_back(desk: Desk, verb: str) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    gl_corrected(desk.books)
    with halfway(desk) as go_on:
        approval = meanwhile(desk, lambda: desk.sign("joe", verb, "so"))
        go_on()
        with refused("it is decertified, and somebody has to prepare it first", "55000"):
            approval.result(60)
    assert [state for state, _, _ in desk.log()] == ["prepared", "decertified"]


def test_a_preparer_waits_for_a_reconciliation_and_signs_what_it_found(desk: Desk) -> None:
    desk.compared()
    gl_corrected(desk.books)
    with halfway(desk) as go_on:
        preparation = meanwhile(desk, lambda: desk.sign("jane", "prepare"))
        go_on()
        assert preparation.result(60).version == 2


def test_a_preparer_who_waited_does_not_sign_what_he_did_not_see(desk: Desk) -> None:
    desk.compared()
    gl_corrected(desk.books)
    with halfway(desk) as go_on:
        preparation = meanwhile(desk, lambda: desk.sign("jane", "prepare", version=1))
        go_on()
        with refused("version 1 is not the newest: look at version 2 and sign that", "55000"):
            preparation.result(60)


@pytest.mark.parametrize("hand", ["reconcile", "another"])
def test_a_new_version_waits_for_an_approval_and_takes_it_back(desk: Desk, hand: str) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    gl_corrected(desk.books)
    with desk.logins["joe"].begin() as connection:
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
        run = meanwhile(
            desk,
            desk.books.reconcile
            if hand == "reconcile"
            else lambda: desk.written("s.bank_balance + 1", "s.gl_balance + 1"),
        )
    run.result(60)
    assert [state for state, _, _ in desk.log()] == ["prepared", "approved", "decertified"]


def test_of_two_approvers_at_once_the_second_hears_of_the_first(desk: Desk) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    with desk.logins["joe"].begin() as connection:
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
        second = meanwhile(desk, lambda: desk.sign("jim", "approve"))
    with refused(f"{desk.login('joe')} approved it already", "55000"):
        second.result(60)
    assert desk.log() == [("prepared", 1, "jane"), ("approved", 1, "joe")]


def test_what_the_first_takes_back_the_second_may_do(desk: Desk) -> None:
    desk.compared()
    desk.sign("jane", "prepare")
    with desk.logins["joe"].connect() as connection:
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
        second = meanwhile(desk, lambda: desk.sign("jim", "approve"))
        connection.rollback()
    assert second.result(60).state == "approved"
    assert desk.log() == [("prepared", 1, "jane"), ("approved", 1, "jim")]


def test_nobody_waits_for_ever(desk: Desk) -> None:
    desk.compared()
    limit = "SELECT 'lock_timeout=30s' = ANY (proconfig) FROM pg_proc WHERE oid = 'recon.acquire_lock()'::regprocedure"
    assert desk.books.value(limit)
    desk.books.rows("ALTER FUNCTION recon.acquire_lock() SET lock_timeout = '50ms'")
    try:
        with (
            desk.books.ledger.engine.begin() as connection,
            refused(
                "A reconciliation, or somebody else's sign-off, is at work: try again in a minute.", "55P03"
            ),
        ):
            acquire_lock(connection, "reconcile")
            desk.sign("jane", "prepare")
    finally:
        desk.books.rows("ALTER FUNCTION recon.acquire_lock() SET lock_timeout = '30s'")
    assert desk.sign("jane", "prepare").state == "prepared"


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_that_would_not_see_what_it_waited_for_is_refused(desk: Desk, level: str) -> None:
    """Its snapshot may be older than the version, or the approval, that it has to see."""
    desk.compared()
    words = "need the isolation level READ COMMITTED: begin the transaction with it"
    with refused(words, "25000"), desk.logins["jane"].connect() as connection:
        connection.execution_options(isolation_level=level)
        connection.exec_driver_sql("SELECT recon.prepare('x', '2024-10-01')")
    gl_corrected(desk.books)
    other = create_engine(desk.books.ledger.url, poolclass=NullPool, isolation_level=level)
    with pytest.raises(LedgerError, match=words):
        reconcile(other)
    assert desk.state().version == 1
    desk.books.reconcile()
    assert desk.state().version == 2
