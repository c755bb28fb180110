"""A form of the page acts once, in one session of one visitor's, for some hours."""

import threading
import time
from unittest.mock import patch

import pytest
from fastapi import HTTPException
from sqlalchemy.exc import IntegrityError

from qbank_ledger.errors import RefusedError
from qbank_page.frame.action import Action
from qbank_page.frame.desk import Desk
from qbank_page.frame.host import Visitor
from qbank_page.frame.ledger import Ledger as LedgerOfThePage
from qbank_page.frame.security import new_token, require_token
from tests.words.ledger import Ledger
from tests.words.page import Site

SECRET = b"of these tests only"
JANE = Visitor("jane", "session one")
FORM = "0" * 32


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site.host, LedgerOfThePage(site.host))


def use(desk: Desk, form_no: str = FORM, name: str = "jane") -> Action:
    action = Action(Visitor(name, "session one"), form_no, desk)
    with action.transaction():
        pass
    return action


def test_a_form_acts_once_whoever_sends_it_again(desk: Desk) -> None:
    use(desk)
    for name in ("jane", "mallory"):
        with pytest.raises(RefusedError, match="sent before: reload the page"):
            use(desk, name=name)
    use(desk, "1" * 32)


def test_one_action_may_take_several_transactions(desk: Desk) -> None:
    action = use(desk)
    with action.transaction() as connection:
        assert connection.exec_driver_sql("SELECT recon.actor()").scalar() == "airflow:jane"


def test_a_form_that_was_refused_may_be_sent_again(desk: Desk) -> None:
    action = Action(JANE, FORM, desk)
    with pytest.raises(RefusedError), action.transaction() as connection:
        connection.exec_driver_sql("SELECT recon.note_break('nobody', 'jane')")
    use(desk)


def test_the_same_form_sent_twice_at_once_acts_once(desk: Desk) -> None:
    inside, done = threading.Event(), threading.Event()
    refused: list[RefusedError] = []

    def second() -> None:
        inside.wait(10)
        try:
            use(desk)
        except RefusedError as error:
            refused.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    with Action(JANE, FORM, desk).transaction():
        inside.set()
        done.wait(0.3)  # the other waits for this one
    thread.join(10)
    assert len(refused) == 1


def test_forms_are_forgotten_after_two_days_and_not_before(desk: Desk, ledger: Ledger) -> None:
    use(desk)
    for age, left in (("47 hours", 2), ("49 hours", 2)):
        ledger.rows(
            "UPDATE recon.used_form SET used_at = now() - CAST(:age AS interval) WHERE form_no = :no",
            age=age,
            no=FORM,
        )
        use(desk, f"{left}{age[:2]:0>31}")
        assert bool(ledger.rows("SELECT FROM recon.used_form WHERE form_no = :no", no=FORM)) is (
            age == "47 hours"
        )


def test_a_form_number_is_the_pages_own(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError, match="used_form_form_no_check"):
        ledger.rows("INSERT INTO recon.used_form (form_no, used_by) VALUES ('x', 'me')")


def test_a_token_is_for_one_visitor_in_one_session() -> None:
    token = new_token(SECRET, JANE)
    assert len(require_token(SECRET, JANE, token)) == 32
    for other in (Visitor("mallory", "session one"), Visitor("jane", "session two"), Visitor("jane", "")):
        with pytest.raises(HTTPException, match="belongs to another session"):
            require_token(SECRET, other, token)
    with pytest.raises(HTTPException, match="belongs to another session"):
        require_token(b"another server's", JANE, token)


@pytest.mark.parametrize(
    "token", ["", "x", "..", "a.b.c", "0.9999999999.0", "\udcff.1.1", "é.1.é", "." * 1000]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(HTTPException) as refused:
        require_token(SECRET, JANE, token)
    assert refused.value.status_code == 403


def test_a_token_that_was_changed_is_refused() -> None:
    number, until, signature = new_token(SECRET, JANE).split(".")
    for changed in (f"{number}.{int(until) + 1}.{signature}", f"{'f' * 32}.{until}.{signature}"):
        with pytest.raises(HTTPException, match="belongs to another session"):
            require_token(SECRET, JANE, changed)


def test_an_old_token_is_refused() -> None:
    token, later = new_token(SECRET, JANE), time.time() + 12 * 3600 + 60
    with patch.object(time, "time", lambda: later), pytest.raises(HTTPException, match="older than 12 hours"):
        require_token(SECRET, JANE, token)
