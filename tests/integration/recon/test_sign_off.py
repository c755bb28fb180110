"""Sign-off: one prepares, another approves, by their own logins; a restatement takes it back and says why."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, exc

from qbank_ledger.database import engine_for
from tests.integration.ledger.conftest import Ledger

from .conftest import Books, day

PASSWORD = "of-this-test-only"
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
    engines = {}
    for name, roles in ROLES.items():
        login = f"{name}_{_shared.url.database}"
        _shared.rows(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}'")
        _shared.rows(f"GRANT {roles} TO {login}")
        engines[name] = engine_for(_shared.url.set(username=login, password=PASSWORD), role=None)
    yield engines
    for name in ROLES:
        _shared.rows(f"DROP ROLE {name}_{_shared.url.database}")


class Desk:
    """Books with one account and date to sign, and the people who sign."""

    def __init__(self, books: Books, logins: dict[str, Engine]) -> None:
        self.books, self.logins = books, logins

    def login(self, name: str) -> str:
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
        ([], "approve", "it is open, not prepared: a preparer does that first"),
        ([], "reject", "it is open, not prepared: a preparer does that first"),
        (["prepare"], "prepare", "prepared it already"),
        (["prepare", "approve"], "prepare", "approved it already"),
        (["prepare", "approve"], "approve", "it is approved, not prepared."),
        (["prepare", "approve"], "reject", "it is approved, not prepared."),
        (["prepare", "reject"], "approve", "it is rejected, not prepared: a preparer does that first"),
        (["prepare", "reject"], "reject", "it is rejected, not prepared: a preparer does that first"),
        (["prepare", "restate"], "approve", "it is decertified, not prepared: a preparer does that first"),
        (["prepare", "restate"], "reject", "it is decertified, not prepared: a preparer does that first"),
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
    tomorrow = desk.books.value("SELECT (now() AT TIME ZONE 'UTC')::date + 1")
    desk.books.account()
    desk.books.gl((tomorrow, "5"))
    desk.books.reconcile(tomorrow)
    with refused("it is provisional, compared before its cut-off: reconcile it after that", "55000"):
        desk.sign("jane", "prepare", on=tomorrow)


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
    with refused("they were not compared; recon.sign_off_state lists what was", "22023"):
        desk.sign("kim", verb, "so", account_id=account_id, on=on)


# ── what takes it back ─────────────────────────────────────────────────────────────────────────────


def bank_restated(books: Books) -> None:
    books.bank(day(1), "101.00", at="13:00")


def gl_corrected(books: Books) -> None:
    books.gl((day(1), "99.50"))


def bank_item(books: Books) -> None:
    books.item(day(1), "7")


def book_item(books: Books) -> None:
    books.item(day(1), "-3", "book")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (bank_restated, "bank balance restated from 100.00 to 101.00; status matched → break"),
        (gl_corrected, "GL balance restated from 100.00 to 99.50; status matched → break"),
        (bank_item, "bank items changed from 0 to 7; status matched → break"),
        (book_item, "book items changed from 0 to -3; status matched → break"),
    ],
)
@pytest.mark.parametrize(
    ("signed", "what"), [("approved", "Approval by joe"), ("prepared", "Preparation by jane")]
)
def test_a_number_that_changes_takes_it_back_and_says_why(
    desk: Desk, signed: str, what: str, change: Callable[[Books], None], words: str
) -> None:
    desk.compared()
    desk.approved() if signed == "approved" else desk.sign("jane", "prepare")
    change(desk.books)
    desk.books.reconcile()
    who = f"{what}_{desk.books.ledger.url.database}"
    row = desk.state()
    assert (row.state, row.version, row.signed_version, row.comment) == (
        "decertified", 2, None, f"{who} taken back: {words}",
    )  # fmt: skip
    assert (row.prepared_by, row.approved_by, row.acted_by) == (None, None, "postgres")
    assert desk.log()[-1] == ("decertified", 2, "postgres")
    desk.sign("jane", "prepare")
    desk.sign("joe", "approve", "the bank told us")
    assert desk.state().signed_version == 2


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
