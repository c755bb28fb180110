"""The register of who may act: granted and revoked by operators, one person behind each identity, kept for ever."""

import re
import threading
from typing import Any

import pytest
from sqlalchemy import exc

from tests.conftest import REPOSITORY
from tests.words.register import OPERATOR, PAGE, Register
from tests.words.signers import refused

GRANT = "SELECT * FROM recon.grant_signatory(%s, %s, %s, %s)"
REVOKE = "SELECT * FROM recon.revoke_signatory(%s, %s, %s, %s)"
JANE = ("Jane Doe", "airflow:jane", "approve", "QB01")


def said(register: Register, call: str, *arguments: str | None, by: str = OPERATOR) -> Any:
    with register.logins[by].begin() as connection:
        return connection.exec_driver_sql(call, arguments).one()


def rows(register: Register) -> list[Any]:
    return register.ledger.rows(
        "SELECT person, identity, may, entity, granted_by, revoked_at IS NULL AS stands, revoked_by"
        " FROM recon.signatory ORDER BY signatory_no"
    )


def otto(register: Register) -> str:
    return str(register.logins[OPERATOR].url.username)


def test_a_right_is_granted_and_revoked_and_both_are_kept(register: Register) -> None:
    granted = said(register, GRANT, *JANE)
    assert (granted.person, granted.identity, granted.may, granted.entity) == JANE
    revoked = said(register, REVOKE, *JANE)
    assert revoked.signatory_no == granted.signatory_no
    assert granted.granted_at == revoked.granted_at < revoked.revoked_at
    said(register, GRANT, *JANE)
    assert rows(register) == [
        (*JANE, otto(register), False, otto(register)),
        (*JANE, otto(register), True, None),
    ]


def test_what_stands_already_is_returned_as_it_was_granted_first(register: Register) -> None:
    first = said(register, GRANT, *JANE[:3], None)
    assert said(register, GRANT, *JANE[:3], None) == first
    assert said(register, GRANT, *JANE).signatory_no != first.signatory_no, (
        "one entity and all are two rights"
    )
    assert len(rows(register)) == 2


def test_a_right_that_nobody_granted_is_not_revoked(register: Register) -> None:
    with refused("airflow:jane (Jane Doe) has no right to approve for entity QB01", "22023"):
        said(register, REVOKE, *JANE)
    said(register, GRANT, *JANE)
    with refused("has no right to approve for all entities: recon.signatory lists what stands", "22023"):
        said(register, REVOKE, *JANE[:3], None)
    said(register, REVOKE, *JANE)
    with refused("has no right to approve for entity QB01", "22023"):
        said(register, REVOKE, *JANE)


@pytest.mark.parametrize("is_revoked", [False, True])
def test_an_identity_is_one_persons_for_ever(register: Register, is_revoked: bool) -> None:
    said(register, GRANT, *JANE)
    if is_revoked:
        said(register, REVOKE, *JANE)
    with refused("The identity airflow:jane is Jane Doe's: it can't be John Roe's as well.", "23505"):
        said(register, GRANT, "John Roe", "airflow:jane", "prepare", None)
    with pytest.raises(exc.DBAPIError):  # by whatever hand
        register.ledger.rows(
            "INSERT INTO recon.signatory (person, identity, may) VALUES ('John Roe', 'airflow:jane', 'load')"
        )
    said(register, GRANT, "Jane Doe", "login:jane", "prepare", None)
    assert {row.person for row in rows(register)} == {"Jane Doe"}


def test_the_key_itself_holds_an_identity_to_one_person(register: Register) -> None:
    said(register, GRANT, *JANE)
    with (
        pytest.raises(exc.IntegrityError, match="an_identity_is_one_persons"),
        register.ledger.owner.begin() as connection,
    ):
        connection.exec_driver_sql(
            "ALTER TABLE recon.signatory DISABLE TRIGGER name_person;"
            "INSERT INTO recon.signatory (person, identity, may) VALUES ('John Roe', 'airflow:jane', 'load')"
        )


def test_of_two_operators_who_give_an_identity_to_two_persons_at_once_one_is_refused(
    register: Register,
) -> None:
    errors: list[str] = []

    def second() -> None:
        try:
            said(register, GRANT, "John Roe", "airflow:jane", "approve", None)
        except exc.DBAPIError as error:
            errors.append(str(error.orig))

    with register.logins[OPERATOR].begin() as connection:
        connection.exec_driver_sql(GRANT, ("Jane Doe", "airflow:jane", "prepare", None))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the first to end"
    thread.join(30)
    assert "is Jane Doe's: it can't be John Roe's as well" in errors[0]
    assert [row.person for row in rows(register)] == ["Jane Doe"]


def test_of_two_operators_who_grant_the_same_at_once_both_hear_that_it_stands(register: Register) -> None:
    heard: list[Any] = []
    with register.logins[OPERATOR].begin() as connection:
        first = connection.exec_driver_sql(GRANT, JANE).one()
        thread = threading.Thread(target=lambda: heard.append(said(register, GRANT, *JANE)))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the first to end"
    thread.join(30)
    assert heard == [first]


@pytest.mark.parametrize("person", [None, "", " ", " Jane", "Jane ", "Jane\n", "Jane  Doe", "Ja\x07ne"])
def test_a_person_is_a_name_without_blanks_around_it(register: Register, person: str | None) -> None:
    with refused("give the person's name, without blanks around it", "22023"):
        said(register, GRANT, person, *JANE[1:])


@pytest.mark.parametrize(
    "identity",
    [None, "", "jane", "airflow:", "airflow: jane", "airflow:jane ", " airflow:jane", "Airflow:jane", "LOGIN:jane", "login:jane\n",
     "role:jane", "airflow:ja\x00ne".replace("\x00", "\x01")],
)  # fmt: skip
def test_an_identity_is_of_airflow_or_a_login(register: Register, identity: str | None) -> None:
    with refused("give the identity as airflow:NAME or login:NAME", "22023"):
        said(register, GRANT, "Jane", identity, "approve", None)


@pytest.mark.parametrize(
    ("may", "entity", "words"),
    [
        ("reject", None, "a right is prepare, approve, release or load"),
        ("Approve", None, "a right is prepare, approve, release or load"),
        (None, None, "a right is prepare, approve, release or load"),
        ("load", "", "give the entity as the accounts file has it, or none for all"),
        ("load", " ", "give the entity as the accounts file has it, or none for all"),
    ],
)
def test_a_right_is_one_of_four_for_an_entity_with_a_name(
    register: Register, may: str | None, entity: str | None, words: str
) -> None:
    with refused(words, "22023"):
        said(register, GRANT, "Jane", "airflow:jane", may, entity)


@pytest.mark.parametrize(
    "row",
    [
        "('Jane ', 'airflow:jane', 'load', NULL)",
        "('Jane', 'airflow:jane ', 'load', NULL)",
        "('Jane', 'jane', 'load', NULL)",
        "('Jane', 'airflow:jane', 'all', NULL)",
        "('Jane', 'airflow:jane', 'load', '')",
        "('Jane', 'airflow:jane', 'load', NULL), ('Jane', 'airflow:jane', 'load', NULL)",
    ],
)
def test_no_hand_writes_what_can_not_be(register: Register, row: str) -> None:
    with pytest.raises(exc.IntegrityError):
        register.ledger.rows(f"INSERT INTO recon.signatory (person, identity, may, entity) VALUES {row}")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE recon.signatory SET may = 'load'",
        "UPDATE recon.signatory SET entity = NULL",
        "UPDATE recon.signatory SET granted_by = 'x'",
        "UPDATE recon.signatory SET granted_at = granted_at - interval '1 day', revoked_at = now(), revoked_by = 'x'",
        "UPDATE recon.signatory SET granted_at = granted_at",
        "DELETE FROM recon.signatory",
        "TRUNCATE recon.signatory",
        "UPDATE recon.identity SET person = 'x'",
        "DELETE FROM recon.identity",
        "TRUNCATE recon.identity CASCADE",
    ],
)
def test_no_hand_changes_the_register_but_to_revoke(register: Register, change: str) -> None:
    said(register, GRANT, *JANE)
    with refused("is refused: ", "42501"):
        register.ledger.rows(change)
    said(register, REVOKE, *JANE)
    with refused("is refused: ", "42501"):
        register.ledger.rows("UPDATE recon.signatory SET revoked_at = NULL, revoked_by = NULL")
    with refused("is refused: ", "42501"):
        register.ledger.rows("UPDATE recon.signatory SET revoked_at = now(), revoked_by = 'x'")


@pytest.mark.parametrize("call", [GRANT, REVOKE])
@pytest.mark.parametrize("by", ["jane", "joe", PAGE])
def test_only_an_operator_changes_it(register: Register, by: str, call: str) -> None:
    with refused("permission denied for function", "42501"):
        said(register, call, *JANE, by=by)


@pytest.mark.parametrize("call", [GRANT, REVOKE])
def test_the_pages_login_changes_no_rights_even_as_an_operator(register: Register, call: str) -> None:
    page = register.logins[PAGE].url.username
    register.ledger.rows(f"GRANT qbank_operator TO {page}")
    try:
        with refused("is the page's and changes no rights", "42501"):
            said(register, call, *JANE, by=PAGE)
    finally:
        register.ledger.rows(f"REVOKE qbank_operator FROM {page}")


def test_the_examples_of_the_page_run_as_written(register: Register) -> None:
    page = (REPOSITORY / "docs" / "roles.md").read_text("utf-8")
    [example] = [
        block for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL) if "_signatory(" in block
    ]
    said_each = [said(register, statement) for statement in example.strip().rstrip(";").split(";\n")]
    assert [(row.person, row.identity, row.may) for row in said_each] == [
        ("Jane Doe", "airflow:jane", "prepare"), ("Joe Roe", "airflow:joe", "approve"),
        ("Jane Doe", "airflow:jane", "prepare"), ("Joe Roe", "airflow:joe", "approve"),
    ]  # fmt: skip
