"""Acting through the page: in the name of an identity, for one transaction, with that one's rights and no others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, exc

from qbank_ledger.db.connection import engine_for
from qbank_ledger.errors import RefusedError
from tests.words.ledger import PASSWORD, Ledger, Reply
from tests.words.register import PAGE, Register, acting
from tests.words.signers import Signers, bank_restated, refused

PREPARE = "SELECT recon.prepare('x', '2024-10-01')"
LONG_AGO = datetime(2020, 2, 2, tzinfo=UTC)
NOBODYS = "acts only in somebody's name: say whose, in the same transaction, with recon.act_as"


@pytest.fixture
def page(register: Register, signers: Signers) -> Iterator[Connection]:
    """A session of the page's login, over a date to sign that jane and joe may sign through it."""
    signers.compared()
    register.grant("airflow:jane", "prepare", person="Jane Doe")
    register.grant("airflow:joe", "approve", person="Joe Roe")
    with register.logins[PAGE].connect() as connection:
        yield connection


@contextmanager
def login(ledger: Ledger, name: str, *roles: str) -> Iterator[Engine]:
    """A login of just this name, with these roles."""
    ledger.rows(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{PASSWORD}'".replace(":", r"\:"))
    for role in roles:
        ledger.rows(f'GRANT {role} TO "{name}"'.replace(":", r"\:"))
    engine = engine_for(ledger.url.set(username=name, password=PASSWORD), role=None)
    yield engine
    engine.dispose()
    ledger.rows(f'DROP ROLE "{name}"'.replace(":", r"\:"))


def held_back(ledger: Ledger) -> int:
    """A run whose answers are held back."""
    return ledger.quick_run(lambda id_: Reply(account_id=id_, echoed_as_of="long ago", bank_as_of=LONG_AGO))


def actors(signers: Signers) -> list[tuple[str, str, bool]]:
    """Each action: what, who, and whether by the page's login."""
    name = signers.login(PAGE)
    rows = signers.books.rows("SELECT state, actor, via FROM recon.sign_off ORDER BY sign_off_no")
    return [(row.state, row.actor, row.via == name) for row in rows]


def refused_as(words: str) -> Any:
    """What the page is told, as it is shown to people."""
    return pytest.raises(RefusedError, match=words)


# ── in whose name ──────────────────────────────────────────────────────────────────────────────────


def test_one_prepares_and_another_approves_through_one_login(
    register: Register, signers: Signers, page: Connection
) -> None:
    done = register.sign("airflow:jane", "prepare", "looked at")
    assert (done.actor, done.via) == ("airflow:jane", signers.login(PAGE))
    register.sign("airflow:joe", "approve")
    assert actors(signers) == [("prepared", "airflow:jane", True), ("approved", "airflow:joe", True)]
    row = signers.state()
    assert (row.state, row.prepared_by, row.approved_by) == ("approved", "airflow:jane", "airflow:joe")


def test_a_login_that_acts_itself_is_its_own_way(signers: Signers) -> None:
    signers.compared()
    done = signers.sign("jane", "prepare")
    assert (done.actor, done.via) == (signers.login("jane"), signers.login("jane"))
    bank_restated(signers.books)
    signers.books.reconcile()
    assert signers.books.rows("SELECT state, actor, via FROM recon.sign_off ORDER BY sign_off_no DESC LIMIT 1") == [
        ("decertified", "postgres", "postgres")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        PREPARE,
        "SELECT recon.approve('x', '2024-10-01')",
        "SELECT recon.reject('x', '2024-10-01', 'so')",
        "SELECT recon.prepare('nobody', '2024-10-01')",
        "SELECT recon.note_break('x', 'me')",
        "SELECT ledger.release(1, 'x', 'so')",
        "INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('gl', repeat('0', 64), 0)",
        "INSERT INTO recon.gl_balance VALUES (1, 'QB01', '9', 'EUR', '2024-10-01', 1)",
    ],
)
def test_the_page_does_nothing_in_nobodys_name(signers: Signers, page: Connection, statement: str) -> None:
    with refused(NOBODYS, "42501"):
        page.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "before",
    [
        ["BEGIN; SELECT recon.act_as('airflow:jane'); COMMIT"],
        ["SET qbank.acting = 'airflow:jane'"],
        ["SELECT set_config('qbank.acting', 'airflow:jane', true)"],
        # What another transaction had, kept for the session.
        ["BEGIN", "SELECT recon.act_as('airflow:jane')", "SELECT set_config('qbank.acting', current_setting('qbank.acting'), false)", "COMMIT"],
        ["SELECT set_config('qbank.acting', (CAST(pg_current_xact_id() AS text)::bigint + 1) || ' airflow:jane', false)", "COMMIT"],
        ["SAVEPOINT s", "SELECT recon.act_as('airflow:jane')", "ROLLBACK TO s"],
        ["SELECT set_config('qbank.acting', pg_current_xact_id() || ' login:jane', true)"],
        ["SELECT set_config('qbank.acting', pg_current_xact_id() || 'airflow:jane', true)"],
        ["SELECT set_config('qbank.acting', ' airflow:jane', true)"],
    ],
)  # fmt: skip
def test_a_name_that_another_transaction_or_another_hand_left_counts_for_nothing(
    signers: Signers, page: Connection, before: list[str]
) -> None:
    for statement in before:
        page.exec_driver_sql(statement)
    with refused(NOBODYS, "42501"):
        page.exec_driver_sql(PREPARE)
    assert signers.log() == []


@pytest.mark.parametrize(
    "identity",
    [None, "", "jane", "login:jane", "Airflow:jane", "AIRFLOW:jane", "airflow:", "airflow: jane", " airflow:jane", "airflow:jane ",
     "airflow:jane\n", "airflow:ja\x01ne", "1 airflow:jane"],
)  # fmt: skip
def test_the_page_acts_as_an_identity_of_airflow_alone(page: Connection, identity: str | None) -> None:
    with refused("The page acts as airflow:NAME, whom Airflow's login proved", "22023"):
        page.exec_driver_sql("SELECT recon.act_as(%s)", (identity,))


@pytest.mark.parametrize("identity", ["airflow:Jane", "airflow:jane.", "airflow:JANE"])
def test_an_identity_written_otherwise_is_another_one_without_rights(
    register: Register, page: Connection, identity: str
) -> None:
    with refused_as(f"{identity} may not prepare for entity QB01"):
        register.sign(identity, "prepare")


def test_a_transaction_acts_in_one_name(signers: Signers, page: Connection) -> None:
    for _ in range(2):
        assert page.exec_driver_sql("SELECT recon.act_as('airflow:jane')").scalar_one() == "airflow:jane"
    with refused("This transaction acts as another identity already", "25000"):
        page.exec_driver_sql("SELECT recon.act_as('airflow:joe')")


def test_a_name_holds_through_savepoints_and_no_longer_than_the_transaction(page: Connection) -> None:
    page.exec_driver_sql("SELECT recon.act_as('airflow:jane')")
    with page.begin_nested():
        page.exec_driver_sql(PREPARE)
    page.commit()
    with refused(NOBODYS, "42501"):
        page.exec_driver_sql(PREPARE)


def test_nobody_elses_login_acts_in_anothers_name(register: Register, signers: Signers) -> None:
    """Who prepares by a login of his own stays himself, whatever he says."""
    signers.compared()
    register.grant("airflow:joe", "prepare")
    with signers.logins["jane"].begin() as connection:
        connection.exec_driver_sql(
            "SELECT set_config('qbank.acting', pg_current_xact_id() || ' airflow:joe', true)"
        )
        connection.exec_driver_sql(PREPARE)
    assert actors(signers) == [("prepared", signers.login("jane"), False)]
    with refused("permission denied for function act_as", "42501"), signers.logins["jane"].begin() as them:
        them.exec_driver_sql("SELECT recon.act_as('airflow:joe')")


@pytest.mark.parametrize("role", ["qbank_preparer", "qbank_desk", "qbank_analyst"])
def test_no_role_that_the_page_takes_on_frees_it(
    register: Register, signers: Signers, page: Connection, role: str
) -> None:
    """Nor one that it has besides."""
    name = signers.login(PAGE)
    register.ledger.rows(f"GRANT qbank_preparer, qbank_approver, qbank_loader TO {name}")
    try:
        page.exec_driver_sql(f"SET ROLE {role}")
        with pytest.raises(exc.DBAPIError, match=f"{NOBODYS}|permission denied"):
            page.exec_driver_sql(PREPARE)
        page.rollback()
        page.exec_driver_sql("SELECT recon.act_as('airflow:nobody')")
        with refused("airflow:nobody may not prepare for entity QB01", "42501"):
            page.exec_driver_sql(PREPARE)
    finally:
        page.rollback()
        register.ledger.rows(f"REVOKE qbank_preparer, qbank_approver, qbank_loader FROM {name}")
    assert signers.log() == []


def test_a_login_has_the_pages_role_by_whatever_way(register: Register, signers: Signers) -> None:
    signers.compared()
    ledger, team = register.ledger, signers.login("team")
    with ledger.people({"pat": "qbank_preparer"}) as them:
        ledger.rows(f"CREATE ROLE {team}; GRANT qbank_desk TO {team}; GRANT {team} TO {signers.login('pat')}")
        try:
            with refused(NOBODYS, "42501"), them["pat"].begin() as connection:
                connection.exec_driver_sql(PREPARE)
        finally:
            ledger.rows(f"DROP ROLE {team}")


def test_who_may_only_grant_the_pages_role_is_no_page(register: Register, signers: Signers) -> None:
    """As who made the ledger's roles, from PostgreSQL 16 on."""
    signers.compared()
    tells_apart = register.ledger.value("SELECT current_setting('server_version_num')::int >= 160000")
    options = "ADMIN TRUE, INHERIT FALSE, SET FALSE" if tells_apart else "ADMIN OPTION"
    register.ledger.rows(f"GRANT qbank_desk TO {signers.login('jane')} WITH {options}")
    try:
        if tells_apart:
            assert signers.sign("jane", "prepare").actor == signers.login("jane")
        else:
            with refused(NOBODYS, "42501"):
                signers.sign("jane", "prepare")
    finally:
        register.ledger.rows(f"REVOKE qbank_desk FROM {signers.login('jane')}")


def test_a_superuser_is_himself_unless_he_says_in_whose_name(register: Register, signers: Signers) -> None:
    signers.compared()
    register.grant("airflow:jane", "prepare", person="Jane Doe")
    with register.ledger.owner.begin() as connection:
        assert connection.exec_driver_sql("SELECT recon.actor()").scalar_one() == "postgres"
    with acting(engine_for(register.ledger.url, "qbank_desk"), "airflow:jane") as connection:
        connection.exec_driver_sql(PREPARE)
    assert signers.books.rows("SELECT actor, via FROM recon.sign_off") == [("airflow:jane", "postgres")]


# ── with which rights ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("identity", "verb"),
    [("airflow:joe", "prepare"), ("airflow:jane", "approve"), ("airflow:jane", "reject"), ("airflow:stranger", "prepare")],
)  # fmt: skip
def test_an_identity_has_the_rights_of_its_open_rows_alone(
    register: Register, signers: Signers, page: Connection, identity: str, verb: str
) -> None:
    right = "prepare" if verb == "prepare" else "approve"
    if verb != "prepare":
        signers.sign("jane", "prepare")
    before = signers.log()
    with refused_as(
        f"^The reconciliation of account x on 2024-10-01 can't be {verb}e?d: {identity} may not {right} for entity"
        " QB01: an operator grants it with recon.grant_signatory.$"
    ):
        register.sign(identity, verb, "so")
    assert signers.log() == before


def test_a_right_for_one_entity_is_none_for_another(
    register: Register, signers: Signers, page: Connection
) -> None:
    register.grant("airflow:ann", "prepare", entity="QB02")
    with refused_as("airflow:ann may not prepare for entity QB01"):
        register.sign("airflow:ann", "prepare")
    register.grant("airflow:ann", "prepare", entity="QB01")
    assert register.sign("airflow:ann", "prepare").state == "prepared"


def test_who_is_revoked_between_preparing_and_approving_approves_no_more(
    register: Register, signers: Signers, page: Connection
) -> None:
    register.sign("airflow:jane", "prepare")
    register.revoke("airflow:joe", "approve", person="Joe Roe")
    with refused_as("airflow:joe may not approve"):
        register.sign("airflow:joe", "approve")
    register.revoke("airflow:jane", "prepare", person="Jane Doe")
    register.grant("airflow:joe", "approve", person="Joe Roe")
    register.sign("airflow:joe", "approve")  # what was prepared with a right then stands


@pytest.mark.parametrize("action", ["approve", "release"])
def test_who_is_revoked_while_he_waits_for_his_turn_acts_no_more(
    register: Register, signers: Signers, page: Connection, action: str
) -> None:
    ledger = register.ledger
    right, room = ("approve", "reconcile") if action == "approve" else ("release", "publish")
    register.grant("airflow:ann", right)
    if action == "approve":
        register.sign("airflow:jane", "prepare")
        call, arguments = "recon.approve('x', '2024-10-01')", ()
    else:
        call, arguments = "ledger.release(%s, 'a', 'by phone')", (held_back(ledger),)
    with ThreadPoolExecutor(1) as pool:
        with ledger.owner.begin() as connection:
            connection.exec_driver_sql(f"SELECT ledger.acquire_lock('{room}')")
            acting_now = pool.submit(register.act, "airflow:ann", call, *arguments)
            waiting = f"SELECT count(*) FROM pg_locks WHERE relation = 'ledger.lock_{room}'::regclass AND NOT granted"
            while not ledger.value(waiting.replace(":", r"\:")):
                assert not acting_now.done(), "it waits for its turn"
            register.revoke("airflow:ann", right)
        with refused_as(f"airflow:ann may not {right} for entity QB01"):
            acting_now.result(30)


def test_a_login_in_no_row_has_its_roles_rights_and_one_in_a_row_needs_both(
    register: Register, signers: Signers
) -> None:
    signers.compared()
    kim = signers.login("kim")
    signers.sign("kim", "prepare")
    with refused("permission denied for function prepare", "42501"):
        signers.sign("joe", "prepare")
    register.grant(f"login:{kim}", "approve", person="Kim")
    bank_restated(signers.books)
    signers.books.reconcile()
    with refused(f"login:{kim} may not prepare for entity QB01", "42501"):
        signers.sign("kim", "prepare")
    register.grant(f"login:{kim}", "prepare", person="Kim")
    signers.sign("kim", "prepare")
    # Rows that were all revoked leave nothing; a grant makes no role.
    register.revoke(f"login:{kim}", "prepare", "approve", person="Kim")
    bank_restated(signers.books)
    with refused(f"login:{kim} may not prepare for entity QB01", "42501"):
        signers.sign("kim", "prepare")
    register.grant(f"login:{signers.login('joe')}", "prepare", "approve", person="Joe")
    with refused("permission denied for function prepare", "42501"):
        signers.sign("joe", "prepare")


# ── and as which person ────────────────────────────────────────────────────────────────────────────


def both(register: Register, identity: str, person: str = "Jane Doe") -> None:
    register.grant(identity, "prepare", "approve", person=person)


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("person", ["Jane Doe", "jane doe"])
def test_two_identities_of_one_person_never_make_four_eyes(
    register: Register, signers: Signers, page: Connection, person: str, verb: str
) -> None:
    both(register, "airflow:jane2", person)
    register.sign("airflow:jane", "prepare")
    with refused_as(f"airflow:jane, who is {person} as well, prepared it: somebody else has to look at it"):
        register.sign("airflow:jane2", verb, "so")
    assert actors(signers) == [("prepared", "airflow:jane", True)]


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_who_prepared_through_the_page_does_not_approve_by_a_login(
    register: Register, signers: Signers, page: Connection, verb: str
) -> None:
    register.grant(f"login:{signers.login('joe')}", "approve", person="Jane Doe")
    register.sign("airflow:jane", "prepare")
    with refused("airflow:jane, who is Jane Doe as well, prepared it", "42501"):
        signers.sign("joe", verb, "so")
    signers.sign("jim", verb, "so")


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_who_prepared_by_a_login_does_not_approve_through_the_page(
    register: Register, signers: Signers, page: Connection, verb: str
) -> None:
    """Also where it became known only afterwards whose login it is."""
    signers.sign("jane", "prepare")
    register.grant(f"login:{signers.login('jane')}", "prepare", person="Joe Roe")
    with refused_as("who is Joe Roe as well, prepared it"):
        register.sign("airflow:joe", verb, "so")
    assert [state for state, *_ in actors(signers)] == ["prepared"]


def test_nobody_approves_through_the_page_what_he_prepared_there(
    register: Register, signers: Signers, page: Connection
) -> None:
    register.grant("airflow:jane", "approve", person="Jane Doe")
    register.sign("airflow:jane", "prepare")
    with refused_as(": airflow:jane prepared it: somebody else has to look at it"):
        register.sign("airflow:jane", "approve")


def test_a_login_named_as_an_identity_is_not_that_one(
    register: Register, signers: Signers, page: Connection
) -> None:
    both(register, "airflow:ann", "Ann")
    with login(register.ledger, "airflow:ann", "qbank_approver", "qbank_preparer") as ann:
        with ann.begin() as connection:
            connection.exec_driver_sql(PREPARE)
        assert signers.books.rows(
            "SELECT actor = via, recon.person_of(actor, via) FROM recon.sign_off"
        ) == [(True, "login:airflow:ann")]  # fmt: skip
        # It is bound by no row of the identity's, and no other's person.
        register.revoke("airflow:ann", "prepare", "approve", person="Ann")
        with refused("airflow:ann prepared it: somebody else", "42501"), ann.begin() as connection:
            connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")


def test_a_page_named_as_an_identity_does_not_act_as_that_one(
    register: Register, signers: Signers, page: Connection
) -> None:
    """Its actions would look like the login's own."""
    both(register, "airflow:ann", "Ann")
    with login(register.ledger, "airflow:ann", "qbank_desk") as ann:
        with refused("The page acts as airflow:NAME", "22023"), ann.begin() as connection:
            connection.exec_driver_sql("SELECT recon.act_as('airflow:ann')")
        with refused(NOBODYS, "42501"), ann.begin() as connection:
            connection.exec_driver_sql(
                "SELECT set_config('qbank.acting', pg_current_xact_id() || ' airflow:ann', true)"
            )
            connection.exec_driver_sql(PREPARE)


# ── what else the page does: releases ──────────────────────────────────────────────────────────────


def test_who_may_release_does_so_through_the_page_for_his_entity(register: Register) -> None:
    ledger = register.ledger
    run_no = held_back(ledger)
    release = "ledger.release(%s, 'a', 'by phone')"
    for entity in (None, "QB02"):
        if entity:
            register.grant("airflow:ann", "release", entity=entity)
        with refused_as(
            f"^Account a of run {run_no} can't be released: airflow:ann may not release for entity QB01"
        ):
            register.act("airflow:ann", release, run_no)
    register.grant("airflow:ann", "release", entity="QB01")
    register.act("airflow:ann", release, run_no)
    [row] = ledger.rows("SELECT released_by, via FROM sync.release")
    assert tuple(row) == ("airflow:ann", register.logins[PAGE].url.username)
    with refused_as("airflow:ann released it on"):
        register.act("airflow:ann", release, run_no)
    with refused_as("the run holds no answer of that account back"):
        register.act("airflow:ann", release.replace("'a'", "'nobody'"), run_no)
