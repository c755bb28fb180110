"""Who may do what: a matrix of statements that each role is refused, and of those it is not."""

from typing import Any

import pytest
from sqlalchemy import create_engine, exc
from sqlalchemy.pool import NullPool

from tests.words.ledger import Ledger, Reply

ALTERS = [
    "CREATE TABLE ledger.mine (x int)",
    "CREATE TABLE sync.mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION ledger.mine() RETURNS int LANGUAGE sql RETURN 1",
    "CREATE OR REPLACE FUNCTION ledger.row_sha256(account_id text, as_of_hour timestamptz, available_balance numeric,"
    " ledger_balance numeric, currency text, observed_at timestamptz, run_no bigint, seal_no bigint, revision integer,"
    " recorded_at timestamptz) RETURNS bytea LANGUAGE sql RETURN ''::bytea",
    "CREATE TRIGGER mine BEFORE INSERT ON ledger.balance FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER TABLE ledger.balance ADD COLUMN mine int",
    "ALTER TABLE ledger.balance DISABLE TRIGGER ALL",
    "ALTER TABLE ledger.seal DISABLE TRIGGER append_only",
    "ALTER VIEW ledger.coverage RENAME TO mine",
    "ALTER TABLE ledger.balance OWNER TO CURRENT_USER",
    "DROP TABLE ledger.seal",
    "DROP VIEW ledger.latest_balance",
    "DROP SCHEMA ledger CASCADE",
    "COMMENT ON TABLE ledger.balance IS 'mine'",
    "CREATE INDEX mine ON ledger.balance (currency)",
    "TRUNCATE ledger.balance",
    "TRUNCATE ledger.balance_history",
    "TRUNCATE ledger.seal",
    "TRUNCATE sync.run CASCADE",
    "ALTER TABLE recon.reconciliation DISABLE TRIGGER revoke_sign_off",
    "CREATE OR REPLACE FUNCTION recon.acquire_lock() RETURNS void LANGUAGE sql RETURN NULL",
    "TRUNCATE recon.reconciliation CASCADE",
    "TRUNCATE recon.sign_off",
    "SET session_replication_role = replica",
    "SET ROLE qbank_owner",
    "UPDATE ledger.alembic_version SET version_num = 'x'",
]
HISTORY = [
    "INSERT INTO ledger.balance_history SELECT *, now() FROM ledger.balance",
    "UPDATE ledger.balance_history SET ledger_balance = 0",
    "DELETE FROM ledger.balance_history",
    "UPDATE ledger.seal SET row_count = 1",
    "DELETE FROM ledger.seal",
    "DELETE FROM ledger.balance",
    "DELETE FROM ledger.account",
    "DELETE FROM ledger.account_period",
    "DELETE FROM ledger.missing_hour_reason",
    "INSERT INTO ledger.accepted_host VALUES ('x', now(), 'me')",
    "UPDATE ledger.accepted_host SET api_host = 'x'",
    "DELETE FROM ledger.accepted_host",
    "INSERT INTO ledger.accepted_accounts VALUES ('x', now(), 'me')",
    "INSERT INTO sync.release SELECT 1, 'a', now(), 'me', 'why', '{{}}', 1, 1, now(), NULL",
    "UPDATE sync.release SET reason = 'x'",
    "DELETE FROM sync.release",
    "DELETE FROM sync.run",
    "DELETE FROM sync.observation",
    "UPDATE sync.finding SET severity = 'warning'",
    "DELETE FROM sync.finding",
    "UPDATE sync.verdict SET fit = true",
    "DELETE FROM sync.verdict",
    "UPDATE {balance_partition} SET ledger_balance = 0",
    "DELETE FROM {history_partition}",
    "UPDATE recon.gl_balance SET balance = 0",
    "DELETE FROM recon.item",
    "UPDATE ledger.fx_rate SET rate = 1",
    "DELETE FROM ledger.fx_rate",
    "UPDATE recon.reconciliation SET status = 'matched'",
    "DELETE FROM recon.reconciliation",
    "UPDATE ledger.alert SET message = 'nothing'",
    "UPDATE ledger.alert SET opened_at = now()",
    "INSERT INTO ledger.alert (kind, subject, message, opened_at) VALUES ('quarantine', 'a', 'x', now())",
    "DELETE FROM ledger.alert",
    "DELETE FROM ledger.alert_notice",
    "LOCK TABLE ledger.lock_watch IN ACCESS SHARE MODE",
    "INSERT INTO recon.sign_off (account_id, as_of_date, version, state) VALUES ('a', '2026-10-05', 1, 'approved')",
    "INSERT INTO recon.sign_off (account_id, as_of_date, version, state, actor) VALUES ('a', '2026-10-05', 1, 'approved', 'somebody')",
    "UPDATE recon.sign_off SET state = 'approved'",
    "DELETE FROM recon.sign_off",
    "SELECT recon.record_sign_off('approved', 'a', '2026-10-05', NULL, NULL)",
    "SELECT recon.acquire_lock()",
    "INSERT INTO recon.identity VALUES ('airflow:me', 'Me')",
    "UPDATE recon.identity SET person = 'Me'",
    "DELETE FROM recon.identity",
    "INSERT INTO recon.signatory (person, identity, may) VALUES ('Me', 'airflow:me', 'approve')",
    "UPDATE recon.signatory SET revoked_at = now(), revoked_by = 'me'",
    "DELETE FROM recon.signatory",
    "TRUNCATE recon.signatory",
    "SELECT recon.check_grant('Me', 'airflow:me', 'approve', NULL)",
    "INSERT INTO recon.break_note (account_id, opened_on, as_of_date, note) VALUES ('a', '2026-10-05', '2026-10-05', 'x')",
    "INSERT INTO recon.used_form VALUES (repeat('0', 32))",
    "DELETE FROM recon.used_form",
    "UPDATE recon.break_note SET note = 'x'",
    "DELETE FROM recon.break_note",
    "INSERT INTO recon.file_load (kind, sha256, rows, via) VALUES ('gl', repeat('0', 64), 0, 'me')",
    "INSERT INTO recon.file_load (kind, sha256, rows, loaded_at) VALUES ('gl', repeat('0', 64), 0, now())",
    "UPDATE recon.file_load SET loaded_by = 'me'",
]
WRITES = [
    "INSERT INTO ledger.balance SELECT 'z', as_of_hour, 1, 1, currency, observed_at, 1, 1, 1, recorded_at FROM ledger.balance",
    "UPDATE ledger.balance SET ledger_balance = 0",
    "UPDATE ledger.account SET active = false",
    "UPDATE ledger.account_period SET closed_at = now()",
    "INSERT INTO ledger.missing_hour_reason VALUES ('a', now(), 'x', 1)",
    "INSERT INTO ledger.seal SELECT 99, 1, 1, '{{}}', rows_sha256, sha256, sha256, now() FROM ledger.seal",
    "SELECT ledger.accept_first_host('x')",
    "INSERT INTO ledger.alert (kind, subject, message) VALUES ('quarantine', 'a', 'x')",
    "UPDATE ledger.alert SET cleared_at = now()",
    "INSERT INTO ledger.alert_notice (alert_no, connection) VALUES (1, 'ops')",
    "UPDATE ledger.alert_notice SET claimed_at = NULL",
    "UPDATE sync.run SET state = 'complete'",
    "UPDATE sync.payload SET payload = ''",
    "INSERT INTO sync.verdict VALUES (1, 'z', true, now())",
    "INSERT INTO sync.validation_result VALUES (1, 'x', 'critical', true, 1, 1)",
    "SELECT nextval('ledger.seal_no')",
    "SELECT ledger.ensure_partitions()",
    "SELECT ledger.write_seal(1, 1, now(), now())",
    "SELECT sync.drop_expired(interval '90 days', true)",
    "INSERT INTO recon.reconciliation (account_id) VALUES ('a')",
    "DELETE FROM recon.changed",
    "INSERT INTO recon.source_file (source, name, version, refused) VALUES ('s', 'n', repeat('0', 64), 'x')",
]
LOADS = [
    "INSERT INTO recon.file_load (kind, sha256, rows) VALUES ('gl', repeat('0', 64), 0)",
    "INSERT INTO recon.gl_balance VALUES (1, 'QB01', '1100', 'EUR', '2026-10-05', 1)",
    "INSERT INTO recon.item VALUES (1, 'QB01', '1100', 'EUR', '2026-10-05', NULL, 'bank', 'x', 1, '')",
    "INSERT INTO ledger.fx_rate VALUES (1, 'EUR', 'USD', '2026-10-05', 1.085, 2)",
]
RELEASES = ["SELECT ledger.release(1, 'a', 'why')"]
NOTES = ["SELECT recon.note_break('a', 'me')"]
ACTS = ["SELECT recon.act_as('airflow:me')"]
OPERATES = [
    "SELECT recon.grant_signatory('Me', 'airflow:me', 'approve')",
    "SELECT recon.revoke_signatory('Me', 'airflow:me', 'approve')",
    "SELECT ledger.set_aside(1, 'why')",
    "SELECT ledger.accept_host('other')",
    f"SELECT ledger.accept_accounts('{'f' * 64}')",
]
PREPARES = ["SELECT recon.prepare('a', '2026-10-05')"]
APPROVES = ["SELECT recon.approve('a', '2026-10-05')", "SELECT recon.reject('a', '2026-10-05', 'why')"]
PEOPLE = ("qbank_analyst", "qbank_operator", "qbank_preparer", "qbank_approver", "qbank_desk")
ROLES = ("qbank_loader", *PEOPLE)
FORBIDDEN = [
    *((role, statement) for role in ROLES for statement in ALTERS + HISTORY),
    *((role, statement) for role in PEOPLE for statement in WRITES),
    *((role, statement) for role in ROLES if role != "qbank_operator" for statement in OPERATES),
    *((role, statement) for role in ROLES if role != "qbank_preparer" for statement in PREPARES),
    *((role, statement) for role in ROLES if role != "qbank_approver" for statement in APPROVES),
    *((role, statement) for role in ROLES if role != "qbank_operator" for statement in RELEASES),
    *((role, statement) for role in PEOPLE if role != "qbank_desk" for statement in LOADS),
    ("qbank_desk", LOADS[0]),  # in nobody's name, as each of these is tried
    *((role, statement) for role in ("qbank_loader", "qbank_analyst", "qbank_desk") for statement in NOTES),
    *((role, statement) for role in ROLES if role != "qbank_desk" for statement in ACTS),
]
READ = (
    "ledger.balance", "ledger.balance_history", "ledger.latest_balance", "ledger.daily_balance", "ledger.daily_movement",
    "ledger.hourly_movement", "ledger.entity_total", "ledger.hourly_total", "ledger.coverage", "ledger.missing_hour",
    "ledger.seal", "ledger.account", "ledger.missing_hour_reason", "ledger.alert", "ledger.alert_notice", "ledger.fx_rate",
    "ledger.current_fx_rate", "sync.run", "sync.outcome", "sync.quarantine", "sync.release",
    "sync.validation_result", "ledger.balance_as_known(now())", "recon.file_load", "recon.gl_balance", "recon.item",
    "recon.current_item", "recon.reconciliation", "recon.open_break", "recon.open_break_total", "recon.unmapped_gl",
    "recon.sign_off", "recon.sign_off_state", "recon.identity", "recon.signatory", "recon.break_note",
    "recon.current_break_note", "recon.used_form",
)  # fmt: skip


@pytest.fixture(scope="module")
def ledger(_shared: Ledger) -> Ledger:
    """A ledger with a balance, a superseded one and one held back; what is tried on it is undone."""
    _shared.stay_in_one_hour()
    _shared.quick_run()
    _shared.quick_run(lambda id_: Reply(account_id=id_, echoed_currency="USD" if id_ == "b" else None))
    return _shared


@pytest.fixture(scope="module")
def names(ledger: Ledger) -> dict[str, str]:
    return {
        f"{name}_partition": ledger.value(f"SELECT tableoid::regclass::text FROM ledger.{relation} LIMIT 1")
        for name, relation in (("balance", "balance"), ("history", "balance_history"))
    }


@pytest.fixture(scope="module")
def sessions(ledger: Ledger) -> dict[str, Any]:
    """A session of a login that holds one group role only, for each of them."""
    opened = {}
    for role in ROLES:
        login = f"{role}_{ledger.url.database}"
        ledger.rows(f"CREATE ROLE {login} LOGIN PASSWORD 'of-this-test-only'")
        ledger.rows(f"GRANT {role} TO {login}")
        url = ledger.url.set(username=login, password="of-this-test-only")
        opened[role] = create_engine(url, poolclass=NullPool).connect()
    return opened


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
def test_a_role_is_refused(
    sessions: dict[str, Any], names: dict[str, str], role: str, statement: str
) -> None:
    session = sessions[role]
    with pytest.raises(exc.ProgrammingError) as caught:
        session.exec_driver_sql(statement.format(**names))
    session.rollback()
    assert caught.value.orig.pgcode == "42501", "refused for want of a right, not for another reason"


@pytest.mark.parametrize("role", ROLES)
def test_every_role_reads(sessions: dict[str, Any], role: str) -> None:
    for relation in READ:
        assert sessions[role].exec_driver_sql(f"SELECT count(*) FROM {relation}").scalar_one() >= 0
    sessions[role].rollback()


def test_who_does_something_reads_as_an_analyst_does_and_by_no_grant_of_his_own(ledger: Ledger) -> None:
    """What people may read is granted once."""
    granted = (
        "SELECT g.grantee::regrole::text FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS g"
        " WHERE c.relnamespace::regnamespace::text IN ('ledger', 'sync', 'recon', 'reporting', 'reporting_all')"
        " AND g.privilege_type = 'SELECT'"
        " GROUP BY 1 ORDER BY 1"
    )
    assert [name for (name,) in ledger.rows(granted)] == ["qbank_analyst", "qbank_owner"]
    for role in ROLES:
        assert ledger.value("SELECT pg_has_role(:role, 'qbank_analyst', 'USAGE')", role=role)


@pytest.mark.parametrize("statement", [OPERATES[0], *OPERATES[-2:]])
def test_an_operator_operates(sessions: dict[str, Any], statement: str) -> None:
    sessions["qbank_operator"].exec_driver_sql(statement)
    sessions["qbank_operator"].rollback()


@pytest.mark.parametrize(
    ("role", "statement"),
    [("qbank_preparer", PREPARES[0]), *(("qbank_approver", statement) for statement in APPROVES)],
)
def test_a_preparer_and_an_approver_may_try(sessions: dict[str, Any], role: str, statement: str) -> None:
    """Nothing was compared here: that they hear, and not that they lack a right."""
    with pytest.raises(exc.DataError, match=r"there is none; recon\.sign_off_state lists"):
        sessions[role].exec_driver_sql(statement)
    sessions[role].rollback()


@pytest.mark.parametrize("role", ROLES)
def test_nobody_hands_on_what_he_has(ledger: Ledger, sessions: dict[str, Any], role: str) -> None:
    sessions[role].exec_driver_sql("GRANT SELECT ON ledger.balance TO PUBLIC")  # a warning, says PostgreSQL
    sessions[role].commit()
    assert not ledger.value("SELECT has_table_privilege('public', 'ledger.balance', 'SELECT')")


def test_no_function_is_open_to_everybody(ledger: Ledger) -> None:
    assert (
        ledger.rows(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p"
            " WHERE pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)"
            " AND has_function_privilege('public', p.oid, 'EXECUTE')"
        )
        == []
    )


def test_every_function_names_its_search_path_or_was_read_when_it_was_made(ledger: Ledger) -> None:
    """Otherwise a caller's own schema could put its functions first."""
    assert (
        ledger.rows(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p"
            " WHERE pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)"
            " AND (prosecdef OR prosqlbody IS NULL)"
            " AND NOT coalesce(array_to_string(proconfig, ','), '') LIKE '%%search_path=pg_catalog, pg_temp%%'"
        )
        == []
    )


def test_an_analysts_long_query_delays_no_publish(ledger: Ledger, sessions: dict[str, Any]) -> None:
    session = sessions["qbank_analyst"]
    session.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    query = "SELECT count(*), max(recorded_at) FROM ledger.balance"
    before = session.exec_driver_sql(query).one()
    with ledger.owner.begin() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        # also where the plan has to make next year's partitions while the query reads
        connection.exec_driver_sql("SELECT ledger.ensure_partitions(now() + interval '1 year')")
    ledger.quick_run()
    assert session.exec_driver_sql(query).one() == before, "one state throughout"
    session.rollback()
    assert session.exec_driver_sql(query).one() != before
    session.rollback()
