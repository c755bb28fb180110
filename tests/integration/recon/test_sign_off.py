"""Sign-off: one prepares, another approves, by their own logins."""

import re
from datetime import date

import pytest
from sqlalchemy import exc

from tests.conftest import REPOSITORY
from tests.words.books import day
from tests.words.signers import FIRST, Signers, bank_restated, refused

# ── states ─────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_signed_until_somebody_acts(signers: Signers) -> None:
    signers.compared()
    row = signers.state()
    assert (row.state, row.version, row.signed_version, row.status) == ("open", 1, None, "matched")
    assert (row.prepared_by, row.approved_by, row.acted_by, row.comment) == (None, None, None, None)


def test_one_prepares_and_another_approves(signers: Signers) -> None:
    signers.compared()
    done = signers.sign("jane", "prepare", "  looked at every item\n")
    assert (done.account_id, done.as_of_date, done.version, done.state, done.actor, done.comment) == (
        "x", day(1), 1, "prepared", signers.login("jane"), "looked at every item",
    )  # fmt: skip
    row = signers.state()
    assert (row.state, row.signed_version, row.prepared_by, row.approved_by) == (
        "prepared", 1, signers.login("jane"), None,
    )  # fmt: skip
    assert row.prepared_at == row.acted_at == done.at

    done = signers.sign("joe", "approve", "   ")
    row = signers.state()
    assert (row.state, row.signed_version, row.comment) == ("approved", 1, None)
    assert (row.prepared_by, row.approved_by, row.acted_by) == (
        signers.login("jane"), signers.login("joe"), signers.login("joe"),
    )  # fmt: skip
    assert row.prepared_at < row.approved_at == row.acted_at == done.at
    assert signers.log() == [("prepared", 1, "jane"), ("approved", 1, "joe")]


def test_what_was_rejected_is_prepared_again(signers: Signers) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    signers.sign("joe", "reject", "the statement is of another day")
    row = signers.state()
    assert (row.state, row.signed_version, row.prepared_by, row.approved_by, row.acted_by, row.comment) == (
        "rejected", None, signers.login("jane"), None, signers.login("joe"), "the statement is of another day",
    )  # fmt: skip
    signers.sign("kim", "prepare")
    signers.sign("joe", "approve")
    assert [state for state, _, _ in signers.log()] == ["prepared", "rejected", "prepared", "approved"]
    assert signers.state().prepared_by == signers.login("kim")


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
def test_states_follow_each_other_in_order(
    signers: Signers, before: list[str], verb: str, words: str
) -> None:
    signers.compared()
    for step in before:
        if step == "restate":
            signers.books.gl((day(1), "7"))
            signers.books.reconcile()
        else:
            signers.sign("jane" if step == "prepare" else "joe", step, "so")
    log = signers.log()
    with refused(words, "55000"):
        signers.sign("kim" if verb == "prepare" else "jim", verb, "so")
    assert signers.log() == log


# ── who ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_nobody_approves_what_he_prepared(signers: Signers, verb: str) -> None:
    signers.compared()
    signers.sign("kim", "prepare")
    with refused("prepared it: somebody else has to look at it", "42501"):
        signers.sign("kim", verb, "so")
    signers.sign("joe", verb, "so")
    assert signers.state().acted_by == signers.login("joe")


def test_another_role_makes_nobody_another_person(signers: Signers) -> None:
    signers.compared()
    with signers.logins["kim"].begin() as connection:
        connection.exec_driver_sql("SET ROLE qbank_preparer")
        connection.exec_driver_sql("SELECT recon.prepare('x', '2024-10-01')")
    with (
        refused("prepared it: somebody else has to look at it", "42501"),
        signers.logins["kim"].begin() as connection,
    ):
        connection.exec_driver_sql("SET ROLE qbank_approver")
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
    assert signers.log() == [("prepared", 1, "kim")]


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
def test_nobody_signs_by_another_way_nor_in_anothers_name(
    signers: Signers, name: str, statement: str
) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    with refused("permission denied", "42501"), signers.logins[name].begin() as connection:
        connection.exec_driver_sql(statement)
    assert signers.log() == [("prepared", 1, "jane")]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE recon.sign_off SET state = 'approved'", "DELETE FROM recon.sign_off", "TRUNCATE recon.sign_off"],
)
def test_not_even_the_owner_changes_what_was_signed(signers: Signers, statement: str) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    with refused("on recon.sign_off is refused: it is append-only", "42501"):
        signers.books.rows(statement)


@pytest.mark.parametrize(
    ("version", "state", "comment"),
    [(1, "open", "'so'"), (1, "prepared", "' '"), (1, "rejected", "NULL"), (1, "decertified", "NULL"), (2, "approved", "NULL")],
)  # fmt: skip
def test_the_log_holds_nothing_that_can_not_be(
    signers: Signers, version: int, state: str, comment: str
) -> None:
    signers.compared()
    with pytest.raises(exc.IntegrityError):
        signers.books.rows(
            "INSERT INTO recon.sign_off (account_id, as_of_date, version, state, comment)"
            f" VALUES ('x', '2024-10-01', {version}, '{state}', {comment})"
        )


def test_who_has_both_roles_may_prepare_one_account_and_approve_another(signers: Signers) -> None:
    for id_, gl in (("x", "1100"), ("y", "2200")):
        signers.books.account(id_, gl)
        signers.books.bank(day(1), "5", id_)
        signers.books.gl((day(1), "5"), gl=gl)
    signers.books.reconcile()
    signers.sign("kim", "prepare")
    signers.sign("jane", "prepare", account_id="y")
    signers.sign("kim", "approve", account_id="y")
    signers.sign("joe", "approve")
    assert signers.log()[-2:] == [("approved", 1, "kim"), ("approved", 1, "joe")]


# ── what can be signed ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("comment", [None, "", " \t\n"])
@pytest.mark.parametrize(
    ("bank", "gl", "status"),
    [("100", "100", "matched"), ("100", "101", "within_tolerance"), ("100", "110", "break")],
)
def test_approving_anything_but_matched_needs_a_comment(
    signers: Signers, bank: str, gl: str, status: str, comment: str | None
) -> None:
    signers.compared(bank, gl, tolerance="1")
    signers.sign("jane", "prepare")
    if status != "matched":
        with refused(f"it is {status}, and approving that needs a comment", "22023"):
            signers.sign("joe", "approve", comment)
        comment = "a fee, booked on the 2nd"
    assert signers.sign("joe", "approve", comment).state == "approved"


@pytest.mark.parametrize("comment", [None, "", " \t\n"])
def test_a_rejection_says_why(signers: Signers, comment: str | None) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    with refused("a rejection needs a comment", "22023"):
        signers.sign("joe", "reject", comment)


def test_a_provisional_date_is_not_signed(signers: Signers) -> None:
    zone, today = signers.books.unfinished_day()
    signers.books.account(zone=zone)
    signers.books.gl((today, "5"))
    signers.books.reconcile(today)
    with refused("it is provisional, compared before its cut-off: reconcile it after that", "55000"):
        signers.sign("jane", "prepare", on=today)


def test_only_the_newest_version_is_signed(signers: Signers) -> None:
    signers.compared()
    signers.books.gl((day(1), "101"))
    signers.books.reconcile()
    for version in (1, 3):
        with refused(f"version {version} is not the newest: look at version 2 and sign that", "55000"):
            signers.sign("jane", "prepare", version=version)
    assert signers.sign("jane", "prepare", version=2).version == 2
    with refused("version 1 is not the newest: look at version 2 and sign that", "55000"):
        signers.sign("joe", "approve", "so", version=1)
    assert signers.sign("joe", "approve", "so", version=2).version == 2


@pytest.mark.parametrize("verb", ["prepare", "approve", "reject"])
@pytest.mark.parametrize(
    ("account_id", "on"), [("nobody", day(1)), ("x", day(9)), (None, day(1)), ("x", None)]
)
def test_what_was_not_compared_is_not_signed(
    signers: Signers, verb: str, account_id: str | None, on: date | None
) -> None:
    signers.compared()
    with refused("there is none; recon.sign_off_state lists what was compared", "22023"):
        signers.sign("kim", verb, "so", account_id=account_id, on=on)


def test_what_was_compared_is_signed_also_when_the_account_is_closed_by_now(signers: Signers) -> None:
    """A month is closed after accounts in it were; a date without a comparison has nothing to sign."""
    signers.compared()
    signers.books.rows("UPDATE ledger.account SET active = false")
    signers.books.gl((day(2), "5"))
    signers.books.reconcile()
    signers.approved()
    assert signers.state().state == "approved"
    with refused("there is none; recon.sign_off_state lists what was compared", "22023"):
        signers.sign("jane", "prepare", on=day(2))


def test_a_refusal_names_the_date_whatever_the_login_writes_dates_like(signers: Signers) -> None:
    with (
        refused("The reconciliation of account x on 2024-10-01 can't be prepared: there is none", "22023"),
        signers.logins["jane"].begin() as connection,
    ):
        connection.exec_driver_sql("SET datestyle = 'German'")
        connection.exec_driver_sql("SELECT recon.prepare('x', '2024-10-01')")


def test_many_are_signed_in_one_statement_each_as_it_was_seen(signers: Signers) -> None:
    for id_, gl in (("x", "1100"), ("y", "2200"), ("z", "3300")):
        signers.books.account(id_, gl)
        signers.books.bank(day(1), "5", id_)
        signers.books.gl((day(1), "6" if id_ == "z" else "5"), gl=gl)
    signers.books.reconcile()
    each = (
        "SELECT p.account_id FROM recon.sign_off_state AS s,"
        " recon.{verb}(s.account_id, s.as_of_date, version => s.version) AS p"
        " WHERE s.as_of_date = '2024-10-01' AND s.status = 'matched' AND s.state = '{state}' ORDER BY 1"
    )
    for name, verb, state in (("jane", "prepare", "open"), ("joe", "approve", "prepared")):
        with signers.logins[name].begin() as connection:
            signed = connection.exec_driver_sql(each.format(verb=verb, state=state)).scalars().all()
        assert signed == ["x", "y"]
    assert [signers.state(id_).state for id_ in "xyz"] == ["approved", "approved", "open"]


# ── the page ───────────────────────────────────────────────────────────────────────────────────────


def test_the_example_of_the_page_runs_as_written(signers: Signers) -> None:
    page = (REPOSITORY / "docs" / "reconciliation.md").read_text("utf-8")
    example = page[page.index("\n### Example\n") :].replace("a1b2c3d4", "x").replace("2026-10-31", str(FIRST))
    blocks = re.findall(r"```sql\n(.*?)```", example, re.DOTALL)
    signers.compared()
    for number, (name, block) in enumerate(zip(["jane", "joe", "jane", "joe", "joe"], blocks, strict=True)):
        if number == 2:
            bank_restated(signers.books)
            signers.books.reconcile()
        with signers.logins[name].begin() as connection:
            for statement in block.split(";\n")[:-1]:
                rows = connection.exec_driver_sql(statement).all()
                assert rows, statement
    for state, version, actor, comment in rows:
        line = f"| `{state}` | {version} | {actor} | {comment or ''} |"
        here = {
            signers.login("jane"): "jane",
            signers.login("joe"): "joe",
            "postgres": "ledger_runs",
            "|  |": "| |",
        }
        for ours, theirs in here.items():
            line = line.replace(ours, theirs)
        assert line in example.splitlines()
