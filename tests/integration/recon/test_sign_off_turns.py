"""Sign-offs and reconciliations at once: who comes first, and what the other then hears."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from qbank_ledger.db.locks import acquire_lock
from qbank_ledger.errors import LedgerError
from qbank_ledger.recon import reconcile as module
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.recon.sql import execute
from tests.words.signers import Signers, gl_corrected, refused

# ── who comes first ────────────────────────────────────────────────────────────────────────────────


def meanwhile(signers: Signers, act: Callable[[], Any]) -> "Future[Any]":
    """What somebody does at the same time, once it waits for its turn."""
    future = ThreadPoolExecutor(1).submit(act)
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE relation = 'ledger.lock_reconcile'::regclass AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    end = time.monotonic() + 30
    while not signers.books.value(waiting):
        assert not future.done(), f"it did not wait: {future.exception() or future.result()}"
        assert time.monotonic() < end
    return future


@contextmanager
def halfway(signers: Signers) -> Iterator[Callable[[], None]]:
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
        run = pool.submit(signers.books.reconcile)
        assert there.wait(60)
        try:
            yield go_on.set
        finally:
            go_on.set()
            run.result(60)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_an_approver_waits_for_a_reconciliation_and_hears_what_it_took_back(
    signers: Signers, verb: str
) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    gl_corrected(signers.books)
    with halfway(signers) as go_on:
        approval = meanwhile(signers, lambda: signers.sign("joe", verb, "so"))
        go_on()
        with refused("it is decertified, and somebody has to prepare it first", "55000"):
            approval.result(60)
    assert [state for state, _, _ in signers.log()] == ["prepared", "decertified"]


def test_a_preparer_waits_for_a_reconciliation_and_signs_what_it_found(signers: Signers) -> None:
    signers.compared()
    gl_corrected(signers.books)
    with halfway(signers) as go_on:
        preparation = meanwhile(signers, lambda: signers.sign("jane", "prepare"))
        go_on()
        assert preparation.result(60).version == 2


def test_a_preparer_who_waited_does_not_sign_what_he_did_not_see(signers: Signers) -> None:
    signers.compared()
    gl_corrected(signers.books)
    with halfway(signers) as go_on:
        preparation = meanwhile(signers, lambda: signers.sign("jane", "prepare", version=1))
        go_on()
        with refused("version 1 is not the newest: look at version 2 and sign that", "55000"):
            preparation.result(60)


@pytest.mark.parametrize("hand", ["reconcile", "another"])
def test_a_new_version_waits_for_an_approval_and_takes_it_back(signers: Signers, hand: str) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    gl_corrected(signers.books)
    with signers.logins["joe"].begin() as connection:
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
        run = meanwhile(
            signers,
            signers.books.reconcile
            if hand == "reconcile"
            else lambda: signers.written("s.bank_balance + 1", "s.gl_balance + 1"),
        )
    run.result(60)
    assert [state for state, _, _ in signers.log()] == ["prepared", "approved", "decertified"]


def test_of_two_approvers_at_once_the_second_hears_of_the_first(signers: Signers) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    with signers.logins["joe"].begin() as connection:
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
        second = meanwhile(signers, lambda: signers.sign("jim", "approve"))
    with refused(f"{signers.login('joe')} approved it already", "55000"):
        second.result(60)
    assert signers.log() == [("prepared", 1, "jane"), ("approved", 1, "joe")]


def test_what_the_first_takes_back_the_second_may_do(signers: Signers) -> None:
    signers.compared()
    signers.sign("jane", "prepare")
    with signers.logins["joe"].connect() as connection:
        connection.exec_driver_sql("SELECT recon.approve('x', '2024-10-01')")
        second = meanwhile(signers, lambda: signers.sign("jim", "approve"))
        connection.rollback()
    assert second.result(60).state == "approved"
    assert signers.log() == [("prepared", 1, "jane"), ("approved", 1, "jim")]


def test_nobody_waits_for_ever(signers: Signers) -> None:
    signers.compared()
    limit = "SELECT 'lock_timeout=30s' = ANY (proconfig) FROM pg_proc WHERE oid = 'recon.acquire_lock()'::regprocedure"
    assert signers.books.value(limit)
    signers.books.rows("ALTER FUNCTION recon.acquire_lock() SET lock_timeout = '50ms'")
    try:
        with (
            signers.books.ledger.engine.begin() as connection,
            refused(
                "A reconciliation, or somebody else's sign-off, is at work: try again in a minute.", "55P03"
            ),
        ):
            acquire_lock(connection, "reconcile")
            signers.sign("jane", "prepare")
    finally:
        signers.books.rows("ALTER FUNCTION recon.acquire_lock() SET lock_timeout = '30s'")
    assert signers.sign("jane", "prepare").state == "prepared"


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_transaction_that_would_not_see_what_it_waited_for_is_refused(signers: Signers, level: str) -> None:
    """Its snapshot may be older than the version, or the approval, that it has to see."""
    signers.compared()
    words = "need the isolation level READ COMMITTED: begin the transaction with it"
    with refused(words, "25000"), signers.logins["jane"].connect() as connection:
        connection.execution_options(isolation_level=level)
        connection.exec_driver_sql("SELECT recon.prepare('x', '2024-10-01')")
    gl_corrected(signers.books)
    other = create_engine(signers.books.ledger.url, poolclass=NullPool, isolation_level=level)
    with pytest.raises(LedgerError, match=words):
        reconcile(other)
    assert signers.state().version == 1
    signers.books.reconcile()
    assert signers.state().version == 2
