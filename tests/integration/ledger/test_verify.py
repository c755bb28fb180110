"""Verify: what was done behind the ledger's back is found, and named."""

import hashlib
import subprocess
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from qbank_ledger import __main__ as command
from qbank_ledger.errors import LedgerAlteredError
from qbank_ledger.seals import verify as module
from qbank_ledger.seals.verify import verify
from tests.words.command import called
from tests.words.ledger import Ledger, Reply

TABLES = ("ledger.balance", "ledger.balance_history", "ledger.seal", "sync.observation")


@pytest.fixture(scope="module")
def published(_shared: Ledger) -> Ledger:
    """Two publishes of three balances each, the second over the first, and a copy of all of it."""
    _shared.stay_in_one_hour()
    for amount in ("1.10", "2.20"):
        _shared.quick_run(lambda id_, amount=amount: Reply(account_id=id_, ledger_balance=Decimal(amount)))
    _shared.rows("CREATE SCHEMA kept")
    for table in TABLES:
        _shared.rows(f"CREATE TABLE kept.{table.split('.')[1]} AS SELECT * FROM {table}")
    return _shared


@pytest.fixture
def ledger(published: Ledger) -> Ledger:
    """A ledger with two publishes of three balances each; the second has replaced the first."""
    for table in TABLES:
        behind_its_back(
            published, f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept.{table.split('.')[1]}"
        )
    return published


def behind_its_back(ledger: Ledger, *statements: str) -> None:
    """As somebody with every right, past all triggers and checks of keys."""
    with ledger.owner.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)


def seals(ledger: Ledger) -> list[int]:
    return [row[0] for row in ledger.rows("SELECT seal_no FROM ledger.seal ORDER BY 1")]


def test_a_ledger_that_nobody_touched_is_whole(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    said = verify(ledger.engine)
    newest = ledger.rows("SELECT seal_no, sha256 FROM ledger.seal ORDER BY 1")[-1]
    assert said.startswith("The ledger is intact: 2 seals cover its 6 rows. The newest is seal")
    assert f"seal {newest.seal_no} of 2" in said
    assert newest.sha256 in said
    monkeypatch.setattr(module, "_CHUNK_ROWS", 1)
    assert verify(ledger.engine) == said, "whatever the size of its chunks"


def test_an_auditor_makes_the_hashes_without_the_database(ledger: Ledger) -> None:
    """From what docs/adr/0019 and 0013 say of the texts, and nothing else."""

    def moment(at: datetime) -> str:
        return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"

    def number(amount: Decimal | str) -> str:
        return f"{Decimal(amount).normalize():f}"

    before = ""
    for seal in ledger.rows("SELECT * FROM ledger.seal ORDER BY seal_no"):
        rows = ledger.rows(
            "SELECT * FROM ledger.balance WHERE seal_no = :no UNION ALL SELECT account_id, as_of_hour, available_balance,"
            " ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at FROM ledger.balance_history"
            " WHERE seal_no = :no",
            no=seal.seal_no,
        )
        hashes = b"".join(
            hashlib.sha256(
                "|".join(
                    [
                        row.account_id,
                        moment(row.as_of_hour),
                        number(row.available_balance),
                        number(row.ledger_balance),
                        row.currency,
                        moment(row.observed_at),
                        f"{row.run_no}|{row.seal_no}|{row.revision}",
                        moment(row.recorded_at),
                    ]
                ).encode()
            ).digest()
            for row in sorted(rows, key=lambda row: (row.account_id.encode(), row.as_of_hour))
        )
        rows_sha256 = hashlib.sha256(hashes).hexdigest()
        totals = ",".join(
            f"{currency} {number(sum(row.available_balance for row in rows if row.currency == currency))}"
            f" {number(sum(row.ledger_balance for row in rows if row.currency == currency))}"
            for currency in sorted({row.currency for row in rows})
        )
        text = f"seal 2|{seal.seal_no}|{seal.run_no}|{len(rows)}|{totals}|{rows_sha256}|{before}|{moment(seal.sealed_at)}"
        assert hashlib.sha256(text.encode()).hexdigest() == seal.sha256
        before = seal.sha256


def test_an_empty_ledger_is_whole(ledger: Ledger) -> None:
    behind_its_back(ledger, *(f"DELETE FROM {table}" for table in TABLES))
    assert verify(ledger.engine) == "The ledger is intact: it has no balance and no seal yet."


ALTERED = [
    ("UPDATE ledger.balance SET ledger_balance = 2.21 WHERE account_id = 'b'", "account b in the hour .* was altered: it is not as seal {second} sealed it"),
    ("UPDATE ledger.balance SET available_balance = 0", "account a in the hour .* was altered: it is not as seal {second} sealed it"),
    ("UPDATE ledger.balance SET currency = 'USD' WHERE account_id = 'c'", "account c in the hour .* was altered: it is not as seal {second} sealed it"),
    ("UPDATE ledger.balance SET observed_at = observed_at - interval '1 microsecond' WHERE account_id = 'c'", "account c .* was altered"),
    ("UPDATE ledger.balance SET recorded_at = recorded_at - interval '1 microsecond' WHERE account_id = 'c'", "account c .* was altered"),
    ("UPDATE ledger.balance SET run_no = 1 WHERE account_id = 'c'", "account c .* was altered"),
    ("UPDATE ledger.balance SET revision = 7 WHERE account_id = 'c'", "account c .* was altered|account c .* was removed"),
    ("UPDATE ledger.balance_history SET ledger_balance = 9 WHERE account_id = 'b'", "account b .* was altered: it is not as seal {first} sealed it"),
    ("UPDATE ledger.balance_history SET superseded_at = superseded_at + interval '1 second' WHERE account_id = 'b'", "account b .* was removed, or one of its times was altered: its version 1"),
    ("DELETE FROM ledger.balance WHERE account_id = 'b'", "account b .* was removed: it is not as seal {second} sealed it"),
    ("DELETE FROM ledger.balance_history WHERE account_id = 'a'", "account a .* was removed: it is not as seal {first} sealed it"),
    ("DELETE FROM ledger.balance", "All 3 rows of seal {second} were removed"),
    ("INSERT INTO ledger.balance SELECT 'a0', as_of_hour, 1, 1, currency, observed_at, run_no, seal_no, 1, recorded_at FROM ledger.balance WHERE account_id = 'a'", "account a0 .* was added: it is not as seal {second} sealed it"),
    ("INSERT INTO ledger.balance SELECT 'a0', as_of_hour, 1, 1, currency, observed_at, run_no, 987654, 1, recorded_at FROM ledger.balance WHERE account_id = 'a'", "account a0 .* was added, or its seal was removed: there is no seal with its number, 987654"),
    ("INSERT INTO ledger.balance SELECT 'a0', as_of_hour, 1, 1, currency, observed_at, run_no, -1, 1, recorded_at FROM ledger.balance WHERE account_id = 'a'", "account a0 .* there is no seal with its number, -1"),
    ("INSERT INTO ledger.balance_history SELECT b.*, clock_timestamp() FROM ledger.balance AS b WHERE account_id = 'b'", "account b .* was added: it is not as seal {second} sealed it"),
    ("DELETE FROM ledger.seal WHERE seal_no = {first}", "A seal before seal {second} was removed or added: nothing now comes before it"),
    ("DELETE FROM ledger.seal WHERE seal_no = {second}", "account a .* was added, or its seal was removed: there is no seal with its number, {second}"),
    ("UPDATE ledger.seal SET run_no = 99 WHERE seal_no = {first}", "Seal {first} was altered"),
    ("UPDATE ledger.seal SET control_totals = '{{}}' WHERE seal_no = {second}", "Seal {second} was altered"),
    ("UPDATE ledger.seal SET form = 1 WHERE seal_no = {second}", "Seal {second} was altered"),
    ("UPDATE ledger.seal SET sealed_at = now() WHERE seal_no = {second}", "Seal {second} was altered"),
    ("UPDATE ledger.seal SET previous_sha256 = repeat('0', 64) WHERE seal_no = {second}", "Seal {second} was altered"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "says"), ALTERED, ids=[case[0][:60] for case in ALTERED])
def test_what_was_done_behind_its_back_is_named(ledger: Ledger, statement: str, says: str) -> None:
    first, second = seals(ledger)
    behind_its_back(ledger, statement.format(first=first, second=second))
    with pytest.raises(LedgerAlteredError, match=says.format(first=first, second=second)):
        verify(ledger.engine)


def test_a_change_that_the_history_kept_is_found_too(ledger: Ledger) -> None:
    ledger.rows("UPDATE ledger.balance SET ledger_balance = 7 WHERE account_id = 'c'")
    with pytest.raises(LedgerAlteredError, match=r"account c in the hour .* was altered"):
        verify(ledger.engine)


def test_a_deletion_that_the_history_kept_is_found_too(ledger: Ledger) -> None:
    ledger.rows("DELETE FROM ledger.balance WHERE account_id = 'c'")
    with pytest.raises(LedgerAlteredError, match=r"account c in the hour .* was removed, .* its version 2"):
        verify(ledger.engine)


def test_a_deletion_is_found_though_its_balance_is_called_set_aside(ledger: Ledger) -> None:
    """Only what lay ahead of the clock is ever set aside."""
    ledger.rows(
        "INSERT INTO ledger.balance_set_aside"
        " SELECT account_id, as_of_hour, seal_no, run_no, observed_at, now(), 'x', 'x' FROM ledger.balance"
        " WHERE account_id = 'b'"
    )
    ledger.rows("DELETE FROM ledger.balance WHERE account_id = 'b'")
    with pytest.raises(LedgerAlteredError, match=r"account b in the hour .* was removed"):
        verify(ledger.engine)


def test_a_forged_seal_does_not_follow(ledger: Ledger) -> None:
    """A row and its seal replaced by ones that fit each other: the chain does not fit any more."""
    first, second = seals(ledger)
    behind_its_back(
        ledger,
        f"UPDATE ledger.balance_history SET ledger_balance = 5 WHERE seal_no = {first}",
        f"CREATE TEMPORARY TABLE kept AS SELECT * FROM ledger.seal WHERE seal_no = {first}",
        f"DELETE FROM ledger.seal WHERE seal_no = {first}",
        "INSERT INTO ledger.seal SELECT k.seal_no, k.run_no, k.row_count, k.control_totals, encode(sha256(h.hashes), 'hex'), NULL,"
        " ledger.seal_sha256(k.seal_no, k.run_no, k.row_count, k.control_totals, encode(sha256(h.hashes), 'hex'), NULL, k.sealed_at),"
        " k.sealed_at, h.hashes, k.form FROM kept AS k, (SELECT string_agg(ledger.row_sha256(account_id, as_of_hour, available_balance,"
        " ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at), ''::bytea ORDER BY account_id COLLATE \"C\") AS hashes"
        f" FROM ledger.balance_history WHERE seal_no = {first}) AS h",
    )
    with pytest.raises(
        LedgerAlteredError,
        match=f"seal {first} now comes before it, but seal {second} was made to follow another",
    ):
        verify(ledger.engine)


def test_a_removed_row_is_placed_where_the_run_is_forgotten(ledger: Ledger) -> None:
    behind_its_back(
        ledger, "DELETE FROM sync.observation", "DELETE FROM ledger.balance WHERE account_id = 'b'"
    )
    with pytest.raises(LedgerAlteredError, match="A balance was removed: row 2 of the 3 rows of seal"):
        verify(ledger.engine)


def test_a_seal_without_row_hashes_still_says_that_something_is_wrong(ledger: Ledger) -> None:
    behind_its_back(
        ledger, "UPDATE ledger.seal SET row_hashes = NULL", "UPDATE ledger.balance SET ledger_balance = 3"
    )
    with pytest.raises(
        LedgerAlteredError, match=r"A row of seal .* was altered, removed or added: it sealed 3"
    ):
        verify(ledger.engine)


def test_the_row_hashes_are_those_that_the_seal_hashes(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="row_hashes_are_the_sealed_ones"):
        behind_its_back(ledger, r"UPDATE ledger.seal SET row_hashes = set_byte(row_hashes, 0, 0)")


def test_the_verb_says_so_by_its_exit_code_to_who_only_reads(ledger: Ledger) -> None:
    def run() -> "subprocess.CompletedProcess[str]":
        with ledger.people({"ann": "qbank_analyst"}) as people:
            url = people["ann"].url.set(drivername="postgres").render_as_string(hide_password=False)
            return called(command.main, "verify", environ={"AIRFLOW_CONN_LEDGER_DEFAULT": url})

    good = run()
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("The ledger is intact")
    behind_its_back(ledger, "UPDATE ledger.balance SET ledger_balance = 3 WHERE account_id = 'b'")
    bad = run()
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("The balance of account b in the hour")
    assert bad.stderr.count("\n") == 1
