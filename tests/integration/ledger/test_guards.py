"""Every CHECK and unique index of the ledger and its rooms, what keeps versions in order, and the functions' own guards."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, exc

from qbank_ledger.db.connection import engine_for
from tests.words.ledger import Ledger, Reply, failed

SEAL = (
    "INSERT INTO ledger.seal (seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sha256, sealed_at, row_hashes, form)"
    " SELECT 99, {run}, {rows}, '{{}}', {rows_hash}, {previous}, {hash}, {at}, {hashes}, {form} FROM ledger.seal ORDER BY seal_no DESC LIMIT 1"
)
GOOD = {
    "run": "1", "at": "now()", "form": "2", "rows": "1", "rows_hash": "rows_sha256", "previous": "sha256", "hash": "repeat('0', 64)", "hashes": "NULL",
}  # fmt: skip


def seal(**fields: str) -> str:
    """A seal that would follow the newest, but for these fields."""
    return SEAL.format(**{**GOOD, **fields})


def account(change: str) -> str:
    return f"UPDATE ledger.account SET {change} WHERE account_id = 'a'"


def history(**fields: str) -> str:
    """Versions that were superseded, but for these fields."""
    columns = (
        "account_id", "as_of_hour", "available_balance", "ledger_balance", "currency", "observed_at", "run_no", "seal_no",
        "revision", "recorded_at",
    )  # fmt: skip
    values = ", ".join(fields.get(column, column) for column in columns)
    return f"INSERT INTO ledger.balance_history SELECT {values}, recorded_at + interval '1 hour' FROM ledger.balance"


def alert(**fields: str) -> str:
    """An alert of an answer held back, but for these fields."""
    good = {
        "kind": "'quarantine'",
        "subject": "'x'",
        "message": "'y'",
        "notified_at": "NULL",
        "cleared_at": "NULL",
    }
    values = {**good, **fields}
    return f"INSERT INTO ledger.alert ({', '.join(values)}) VALUES ({', '.join(values.values())})"


def rate(**fields: str) -> str:
    """A rate of load 1, but for these fields."""
    good = {
        "load_no": "1",
        "from_currency": "'EUR'",
        "to_currency": "'USD'",
        "as_of_date": "'2026-10-05'",
        "rate": "1.085",
        "line_no": "2",
    }
    values = {**good, **fields}
    return f"INSERT INTO ledger.fx_rate ({', '.join(values)}) VALUES ({', '.join(values.values())})"


BROKEN = {
    # What a value may be, wherever it stands: types of the ledger's own.
    "ledger.account_id_check": [
        *(account(f"account_id = {value}") for value in ("''", "'a b'", "'../a'", "'ä'", "E'a\\n'", "repeat('a', 65)")),
        history(account_id="'a b'"),
        "INSERT INTO ledger.missing_hour_reason VALUES ('a b', now(), 'why', 1)",
    ],
    "ledger.currency_code_check": [
        account("currency = 'eur'"), account("currency = 'EURO'"), "UPDATE ledger.balance SET currency = 'eur'",
        history(currency="'eur'"), rate(from_currency="'eur'"), rate(to_currency="'USDT'"),
    ],
    "ledger.amount_check": [
        statement for value in ("'NaN'", "'Infinity'", "'-Infinity'") for statement in (
            account(f"minimum_balance = {value}"), account(f"tolerance = {value}"),
            f"UPDATE ledger.balance SET available_balance = {value}", f"UPDATE ledger.balance SET ledger_balance = {value}",
            history(available_balance=value), history(ledger_balance=value),
        )
    ],
    "ledger.sha256_hex_check": [
        *(f"INSERT INTO ledger.accepted_accounts VALUES (repeat('{of}', {times}), now(), 'me')"
          for of, times in (("F", 64), ("f", 63), ("f", 65))),
        seal(rows_hash="upper(rows_sha256)"), seal(rows_hash="''"), seal(previous="upper(sha256)"), seal(previous="''"),
        seal(hash="repeat('F', 64)"), seal(hash="''"),
    ],
    "ledger.account_minor_units_check": [account("minor_units = -1"), account("minor_units = 5")],
    "ledger.account_max_age_minutes_check": [account("max_age_minutes = 0")],
    "ledger.account_closing_grace_minutes_check": [
        account("closing_grace_minutes = -1"),
        account("closing_grace_minutes = 121"),
    ],
    "ledger.account_tolerance_check": [account("tolerance = -0.01")],
    "ledger.account_period_check": [
        "UPDATE ledger.account_period SET closed_at = opened_at - interval '1 microsecond'"
    ],
    "ledger.account_period_open": ["INSERT INTO ledger.account_period VALUES ('a', now())"],
    "ledger.accepted_host_api_host_check": [
        f"INSERT INTO ledger.accepted_host VALUES ({value}, now(), 'me')" for value in ("''", "'Bank'", "'bank/path'", "repeat('a', 254)")
    ],
    "ledger.balance_revision_check": [
        "INSERT INTO ledger.balance SELECT 'z', as_of_hour, 1, 1, currency, observed_at, 1, 1, 0, recorded_at FROM ledger.balance LIMIT 1"
    ],
    "ledger.hour_is_that_of_the_observation": [
        "INSERT INTO ledger.balance SELECT 'z', as_of_hour - interval '1 hour', 1, 1, currency, observed_at, 1, 1, 1, recorded_at FROM ledger.balance LIMIT 1",
        "UPDATE ledger.balance SET observed_at = observed_at + interval '1 hour'",
    ],
    "ledger.superseded_after_recorded": [
        "INSERT INTO ledger.balance_history SELECT *, recorded_at FROM ledger.balance",
        "INSERT INTO ledger.balance_history SELECT *, recorded_at - interval '1 microsecond' FROM ledger.balance",
    ],
    # Times whose text in a seal another time has as well.
    "ledger.years_have_four_digits": [
        *(f"INSERT INTO ledger.balance SELECT 'z', as_of_hour, 1, 1, currency, observed_at, 1, 1, 1, {at} FROM ledger.balance LIMIT 1"
          for at in ("'2026-10-05 10:00+00 BC'", "'infinity'", "'10000-01-01 00:00+00'")),
        history(observed_at="'2026-10-05 10:00+00 BC'"), history(recorded_at="'2026-10-05 10:00+00 BC'"),
        seal(at="'2026-10-05 10:00+00 BC'"), seal(at="'infinity'"), seal(at="'-infinity'"),
    ],
    "ledger.balance_set_aside_reason_check": [
        "INSERT INTO ledger.balance_set_aside VALUES ('a', now(), 1, 1, now(), now(), 'me', '  ')"
    ],
    "ledger.seal_form_check": [seal(form="0"), seal(form="3")],
    "ledger.seal_row_count_check": [seal(rows="0")],
    "ledger.seal_sha256_key": [seal(hash="sha256")],
    "ledger.seal_follows_once": [seal(previous="previous_sha256"), seal(previous="NULL")],
    "ledger.row_hashes_are_the_sealed_ones": [
        seal(rows="row_count", hashes="set_byte(row_hashes, 0, get_byte(row_hashes, 0) # 1)"),
        seal(rows="row_count + 1", hashes="row_hashes"),
    ],
    "ledger.alert_kind_check": [alert(kind="'odd'")],
    "ledger.alert_subject_check": [alert(subject="''")],
    "ledger.alert_message_check": [alert(message="''")],
    "ledger.told_and_over_after_it_opened": [
        alert(notified_at="now() - interval '1 second'"), alert(cleared_at="now() - interval '1 second'"),
    ],
    "ledger.alert_open": [f"{alert()}, ('quarantine', 'x', 'y', NULL, NULL)"],
    "ledger.alert_notice_connection_check": ["INSERT INTO ledger.alert_notice VALUES (1, '')"],
    "ledger.alert_notice_told_check": ["INSERT INTO ledger.alert_notice VALUES (1, 'ops', NULL, 'still', now())"],
    "ledger.what_was_told_has_a_time": [
        "INSERT INTO ledger.alert_notice VALUES (1, 'ops', NULL, 'opened', NULL)",
        "INSERT INTO ledger.alert_notice VALUES (1, 'ops', NULL, NULL, now())",
    ],
    "ledger.fx_rate_as_of_date_check": [rate(as_of_date="'infinity'"), rate(as_of_date="'-infinity'")],
    "ledger.fx_rate_rate_check": [rate(rate=value) for value in ("0", "-1.085", "'NaN'", "'Infinity'", "'-Infinity'")],
    "ledger.fx_rate_line_no_check": [rate(line_no="0")],
    "ledger.a_rate_is_between_two_currencies": [rate(to_currency="'EUR'")],
    "ledger.fx_rate_load_no_fkey": [rate(load_no="99")],
    "ledger.alert_notice_alert_no_fkey": ["INSERT INTO ledger.alert_notice VALUES (99, 'ops')"],
    "sync.run_state_check": ["UPDATE sync.run SET state = 'done'"],
    "sync.run_expected_check": ["UPDATE sync.run SET expected = 0, published = 0, quarantined = 0, failed = 0"],
    "sync.closed_runs_are_counted": [
        f"UPDATE sync.run SET {column} = NULL" for column in ("finished_at", "published", "quarantined", "failed")
    ],
    "sync.every_account_ends_once": ["UPDATE sync.run SET published = published + 1"],
    "sync.observation_state_check": ["UPDATE sync.observation SET state = 'lost' WHERE reason IS NOT NULL"],
    "sync.observation_retry_after_s_check": ["UPDATE sync.observation SET retry_after_s = 0"],
    "sync.a_reason_unless_answered": [
        "UPDATE sync.observation SET reason = 'why' WHERE state = 'answered'",
        "UPDATE sync.observation SET reason = NULL WHERE state = 'failed'",
    ],
    "sync.looks_like_another": ["INSERT INTO sync.lookalike VALUES (1, 'a', 'a')"],
    "sync.finding_severity_check": ["UPDATE sync.finding SET severity = 'fatal'"],
    "sync.release_reason_check": [
        "INSERT INTO sync.release VALUES (1, 'a', now(), 'me', '  ', '{stale}', 1, 1, now(), NULL)"
    ],
    # What is of an account or a run that there is.
    "ledger.account_period_account_id_fkey": ["INSERT INTO ledger.account_period VALUES ('nobody', now())"],
    "ledger.missing_hour_reason_account_id_fkey": ["INSERT INTO ledger.missing_hour_reason VALUES ('nobody', now(), 'why', 1)"],
    "ledger.a_run_tried": ["INSERT INTO ledger.missing_hour_reason VALUES ('a', now(), 'why', 20)"],
    "ledger.a_seal_is_of_a_run": [seal(run="20")],
    "sync.batch_run_no_fkey": ["INSERT INTO sync.batch VALUES (20, 0, now())"],
    "sync.batch_connection_check": ["INSERT INTO sync.batch VALUES (1, 9, NULL, '')"],
    "sync.run_account_run_no_fkey": ["INSERT INTO sync.run_account VALUES (20, 'a', 0, 'EUR', 2, 90)"],
    "sync.observation_run_no_fkey": [
        "INSERT INTO sync.observation (run_no, account_id, state, attempts, observed_at) VALUES (20, 'a', 'answered', 1, now())"
    ],
    "sync.payload_run_no_fkey": ["INSERT INTO sync.payload VALUES (20, 'a', '{}')"],
    "sync.finding_run_no_fkey": ["INSERT INTO sync.finding VALUES (20, 'a', 'stale', 'critical', 'stale')"],
    "sync.lookalike_run_no_fkey": ["INSERT INTO sync.lookalike VALUES (20, 'a', 'b')"],
    "sync.validation_result_run_no_fkey": ["INSERT INTO sync.validation_result VALUES (20, 'x', 'critical', true, 1, 0)"],
    "sync.publication_run_no_fkey": ["INSERT INTO sync.publication VALUES (20, now())"],
}  # fmt: skip


@pytest.fixture(scope="module")
def ledger(_shared: Ledger) -> Ledger:
    """A ledger with a balance, a superseded one, an answer held back and one that failed."""
    _shared.stay_in_one_hour()
    _shared.quick_run()
    _shared.quick_run(
        lambda id_: (
            failed(id_)
            if id_ == "c"
            else Reply(account_id=id_, echoed_currency="USD" if id_ == "b" else None)
        )
    )
    return _shared


@pytest.mark.parametrize(
    ("guard", "statement"), [(guard, statement) for guard, statements in BROKEN.items() for statement in statements]
)  # fmt: skip
def test_what_breaks_it_is_refused(ledger: Ledger, guard: str, statement: str) -> None:
    with pytest.raises(exc.IntegrityError) as refused:
        ledger.rows(statement.replace(":", r"\:"))
    why: Any = refused.value.orig.diag  # type: ignore[union-attr]
    assert f"{why.schema_name}.{why.constraint_name}" == guard


def test_each_guard_has_a_row_that_breaks_it(ledger: Ledger) -> None:
    guards = ledger.rows(
        "SELECT connamespace::regnamespace || '.' || conname FROM pg_constraint WHERE contype IN ('c', 'f') AND conparentid = 0"
        " UNION SELECT relnamespace::regnamespace || '.' || relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indisunique AND NOT indisprimary"
    )
    of_the_ledger = {name for (name,) in guards if name.startswith(("ledger.", "sync."))}
    assert of_the_ledger == set(BROKEN)


# ── What is kept for ever ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize(
    "relation", ["ledger.seal", "ledger.balance_history", "its partition", "ledger.fx_rate", "sync.release"]
)
def test_what_is_append_only_takes_no_other_statement(
    ledger: Ledger, session: Connection, relation: str, statement: str
) -> None:
    """Also one that would change nothing: no CHECK is there to refuse it."""
    if relation == "its partition":
        relation = ledger.value("SELECT tableoid::regclass::text FROM ledger.balance_history LIMIT 1")
    column = "rate" if relation == "ledger.fx_rate" else "run_no"
    with pytest.raises(exc.DBAPIError, match=f"on {relation} is refused: it is append-only"):
        session.exec_driver_sql(statement.format(relation, column, column))


# ── Versions in order, whoever changes a balance ───────────────────────────────────────────────────


@pytest.fixture
def session(ledger: Ledger) -> Iterator[Connection]:
    """A superuser's session; what it does is undone."""
    with ledger.owner.connect() as connection:
        yield connection
        connection.rollback()


NEXT = "recorded_at = clock_timestamp(), revision = revision + 1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (f"account_id = 'z', {NEXT}", "keeps its account and its hour"),
        (f"as_of_hour = as_of_hour + interval '1 hour', observed_at = observed_at + interval '1 hour', {NEXT}", "keeps its account and its hour"),
        (f"observed_at = observed_at - interval '1 microsecond', {NEXT}", "an older observation never replaces a newer one"),
    ],
)  # fmt: skip
def test_a_version_is_never_another_hours_nor_an_older_one(
    session: Connection, change: str, words: str
) -> None:
    with pytest.raises(exc.DBAPIError, match=words):
        session.exec_driver_sql(f"UPDATE ledger.balance SET {change} WHERE account_id = 'a'")


@pytest.mark.parametrize(
    "change", ["revision = revision + 1", "recorded_at = clock_timestamp()", "revision = 7"]
)
def test_a_version_gets_its_own_time_and_number(session: Connection, change: str) -> None:
    before = session.exec_driver_sql(
        "SELECT revision, recorded_at FROM ledger.balance WHERE account_id = 'a'"
    ).one()
    session.exec_driver_sql(f"UPDATE ledger.balance SET {change} WHERE account_id = 'a'")
    after = session.exec_driver_sql(
        "SELECT revision, recorded_at FROM ledger.balance WHERE account_id = 'a'"
    ).one()
    assert after.revision == before.revision + 1
    assert after.recorded_at > before.recorded_at


@pytest.mark.parametrize(
    "change", ["UPDATE ledger.balance SET ledger_balance = 7", "DELETE FROM ledger.balance"]
)
def test_a_clock_that_was_set_back_does_not_turn_versions_round(session: Connection, change: str) -> None:
    ahead = "clock_timestamp() + interval '1 hour'"
    session.exec_driver_sql(
        f"UPDATE ledger.balance SET recorded_at = {ahead}, revision = revision + 1 WHERE account_id = 'a'"
    )
    session.exec_driver_sql(f"{change} WHERE account_id = 'a'")
    kept = (
        session.exec_driver_sql(
            "SELECT superseded_at - recorded_at FROM ledger.balance_history WHERE account_id = 'a' ORDER BY superseded_at DESC"
        )
        .scalars()
        .first()
    )
    assert kept == timedelta(microseconds=1)


# ── Functions ──────────────────────────────────────────────────────────────────────────────────────


def test_the_loader_makes_partitions_that_it_could_not_make_itself(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        made = connection.exec_driver_sql(
            "SELECT ledger.ensure_partitions(now() + interval '3 years')"
        ).scalar_one()
    assert made == 8, "four months of two tables; they are undone"


def test_two_plans_at_once_make_partitions_once(ledger: Ledger) -> None:
    made: list[int] = []
    query = "SELECT ledger.ensure_partitions(now() + interval '5 years')"

    def second() -> None:
        made.append(ledger.value(query))

    with ledger.engine.begin() as connection:
        made.append(connection.exec_driver_sql(query).scalar_one())
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the first to end"
    thread.join(30)
    assert made == [8, 0]


@pytest.mark.parametrize(
    ("function", "table", "given", "kept"),
    [
        ("accept_host", "accepted_host", "Other.Bank", "other.bank"),
        ("accept_accounts", "accepted_accounts", "F" * 64, "f" * 64),
    ],
)
def test_what_an_operator_accepts_is_kept_once_with_the_login(
    ledger: Ledger, function: str, table: str, given: str, kept: str
) -> None:
    with engine_for(ledger.url, role="qbank_operator").connect() as connection:
        for _ in range(2):
            connection.exec_driver_sql(f"SELECT ledger.{function}(%s)", (given,))
        rows = connection.exec_driver_sql(f"SELECT * FROM ledger.{table} ORDER BY accepted_at DESC").all()
    assert [row[0] for row in rows].count(kept) == 1
    assert {row.accepted_by for row in rows} == {ledger.url.username}, "and not the function's owner"


@pytest.mark.parametrize("hash_", [
    "ledger.row_sha256('a', '2026-10-25 00:00+00', {}, 2, 'EUR', '2026-10-25 00:59:59.000001+00', 1, 2, 3, '2026-10-25 01:00+00')",
    "ledger.seal_sha256(1, 2, 3, '{{}}', repeat('0', 64), NULL, '2026-10-25 00:59:59.000001+00')",
    "ledger.seal_sha256(1, 2, 3, '{{}}', repeat('0', 64), NULL, '2026-10-25 00:59:59.000001+00', 1)",
])  # fmt: skip
def test_a_hash_is_the_same_in_every_session(ledger: Ledger, hash_: str) -> None:
    hashes = set()
    for zone, amount in (("UTC", "1.10"), ("America/New_York", "1.1"), ("Asia/Kolkata", "1.100000")):
        with ledger.owner.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL timezone = '{zone}'; SET LOCAL datestyle = 'SQL, DMY'")
            hashes.add(connection.exec_driver_sql(f"SELECT {hash_.format(amount)}").scalar_one())
    assert len({bytes(value) if isinstance(value, memoryview) else value for value in hashes}) == 1
