"""Ledgers that an unreleased revision made are carried over to the baseline, every row of them."""

import io
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import exc

from qbank_ledger.db.connection import engine_for
from qbank_ledger.db.migrate import migrate, newest_revision, require_newest
from qbank_ledger.errors import LedgerError, MigrationNotAllowedError, NotMigratedError
from qbank_ledger.recon.reconcile import reconcile
from qbank_ledger.seals.verify import verify
from tests.words.ledger import Ledger, Reply

from .bare_server import PASSWORD, Server, database
from .before_baseline import FIRST_BASELINE, REVISIONS, migrate_to
from .lived_in import SEQUENCES, lived_in, rows, tables

NEWEST = newest_revision()
# What had another place before the baseline as it is: an observation held the start of its run and the body of the
# answer; missing_hour_reason was called gap, file_load gl_load.
AS_BEFORE = {
    "ledger.gap": "ledger.missing_hour_reason",
    "recon.gl_load": "recon.file_load",
    "sync.observation": "(SELECT o.*, r.started_at AS run_started_at, p.payload FROM sync.observation AS o"
    " JOIN sync.run AS r USING (run_no) LEFT JOIN sync.payload AS p USING (run_no, account_id)) AS observation",
}
# A seal of before the baseline was hashed in the first form.
IN_THE_FIRST_FORM = """
DO $$
DECLARE
    seal   record;
    newest text;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR seal IN SELECT * FROM ledger.seal ORDER BY seal_no LOOP
        UPDATE ledger.seal AS s
           SET previous_sha256 = newest,
               sha256 = ledger.seal_sha256(s.seal_no, s.run_no, s.row_count, s.control_totals, s.rows_sha256, newest, s.sealed_at)
         WHERE s.seal_no = seal.seal_no RETURNING s.sha256 INTO newest;
    END LOOP;
END $$
"""


@pytest.fixture
def server(bare_server: Server) -> Server:
    return bare_server


def test_a_loaders_login_gets_the_sql_that_carries_over(server: Server) -> None:
    migrate_to("0001_ledger", database(server, "one"))
    server.run(f"CREATE ROLE runs LOGIN PASSWORD '{PASSWORD}'; GRANT qbank_loader TO runs")
    url = server.url("one", "runs")
    with engine_for(url).connect() as connection, pytest.raises(NotMigratedError, match="run `make migrate`"):
        require_newest(connection)
    with pytest.raises(MigrationNotAllowedError) as caught:
        migrate(url)
    server.psql("one", caught.value.sql)
    assert migrate(url) == f"The ledger database is at the newest schema ({NEWEST})."
    assert verify(engine_for(url)) == "The ledger is intact: it has no balance and no seal yet."


FILL = """
SELECT ledger.ensure_partitions('2026-10-15');
INSERT INTO ledger.account VALUES ('a', 'A', 'EUR', 2, 'QB01', '1100', 'UTC', NULL, 90, NULL, 0, NULL, NULL, true);
INSERT INTO ledger.account_period VALUES ('a', '2026-10-05 10:00+00');
INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected) VALUES ('d', 'bank', now(), false, false, 1);
INSERT INTO ledger.balance SELECT 'a', '2026-10-05 10:00+00', n, 123456789012345678901234567890.12, 'EUR', '2026-10-05 10:05+00', 1, 1, 1, '2026-10-05 10:06+00' FROM generate_series(1, 1) AS n;
INSERT INTO ledger.seal SELECT 1, 1, 1, '{"EUR": {"available": "1", "ledger": "123456789012345678901234567890.12"}}',
       r.sha, NULL, ledger.seal_sha256(1, 1, 1, '{"EUR": {"available": "1", "ledger": "123456789012345678901234567890.12"}}', r.sha, NULL, '2026-10-05 10:06+00'), '2026-10-05 10:06+00'
  FROM (SELECT encode(sha256(ledger.row_sha256(account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)), 'hex') AS sha FROM ledger.balance) AS r;
UPDATE ledger.balance SET available_balance = 2, observed_at = '2026-10-05 10:15+00', seal_no = 2, revision = 2, recorded_at = '2026-10-05 10:16+00';
INSERT INTO ledger.seal SELECT 2, 1, 1, '{"EUR": {"available": "2", "ledger": "123456789012345678901234567890.12"}}',
       r.sha, p.sha256, ledger.seal_sha256(2, 1, 1, '{"EUR": {"available": "2", "ledger": "123456789012345678901234567890.12"}}', r.sha, p.sha256, '2026-10-05 10:16+00'), '2026-10-05 10:16+00'
  FROM ledger.seal AS p, (SELECT encode(sha256(ledger.row_sha256(account_id, as_of_hour, available_balance, ledger_balance, currency, observed_at, run_no, seal_no, revision, recorded_at)), 'hex') AS sha FROM ledger.balance) AS r;
"""
# What revision 0003 brought; matched, then a break by a corrected file.
FILL_RECON = """
INSERT INTO recon.gl_load (kind, sha256, rows) SELECT k, repeat(n::text, 64), 1 FROM (VALUES (1, 'gl'), (2, 'gl'), (3, 'items')) AS f (n, k);
INSERT INTO recon.gl_balance VALUES (1, 'QB01', '1100', 'EUR', '2026-10-05', 123456789012345678901234567890.12), (2, 'QB01', '1100', 'EUR', '2026-10-05', 123456789012345678901234567891.12);
INSERT INTO recon.item VALUES (3, 'QB01', '1100', 'EUR', '2026-10-01', '2026-10-04', 'bank', 'deposit', 7, '');
INSERT INTO recon.reconciliation
SELECT 'a', '2026-10-05', n, 'QB01', '1100', 'EUR', b, '2026-10-05 10:15+00', b + n - 1, n, 1 - n, 0, 0, 1 - n, 0,
       CASE n WHEN 1 THEN 'matched' ELSE 'break' END, CASE n WHEN 2 THEN 'restatement' END, CASE n WHEN 2 THEN date '2026-10-05' END,
       CASE n WHEN 2 THEN 0 END, '{a}', false, now()
  FROM (VALUES (123456789012345678901234567890.12)) AS s (b), generate_series(1, 2) AS n;
"""
# What was loaded before amounts and dates were looked at: a thousandth, gold, a date typed as 1926.
FILL_BAD = """
INSERT INTO recon.gl_balance VALUES (2, 'QB01', '1200', 'EUR', '2026-10-05', -3.000), (2, 'QB01', '1200', 'XAU', '2026-10-05', 1),
       (2, 'QB01', '1100', 'EUR', '1926-10-05', 1);
INSERT INTO recon.item VALUES (3, 'QB01', '1100', 'JPY', '2026-10-01', NULL, 'bank', 'deposit', 1.5, '');
"""


def fill(server: Server, source: str, target: str) -> None:
    """Copy what ``target``, of before, has a place for, as if it had happened there."""
    known = {
        f"{table}.{column}" for table, columns in tables(server, source) for column in columns.split(", ")
    } | {"sync.observation.run_started_at", "sync.observation.payload"}
    known |= {
        name.replace(new, old) for name in known for old, new in AS_BEFORE.items() if name.startswith(new)
    }
    with server.engine(source).connect() as read, server.engine(target).connect() as write:
        write.exec_driver_sql("SET session_replication_role = replica")
        ours, theirs = read.connection.cursor(), write.connection.cursor()
        for table, columns in tables(server, target):
            common = ", ".join(column for column in columns.split(", ") if f"{table}.{column}" in known)
            text = io.StringIO()
            ours.copy_expert(f"COPY (SELECT {common} FROM {AS_BEFORE.get(table, table)}) TO STDOUT", text)
            text.seek(0)
            write.exec_driver_sql(f"DELETE FROM {table}")
            theirs.copy_expert(f"COPY {table} ({common}) FROM STDIN", text)
    for (sequence,) in server.run(SEQUENCES, target):
        [(value, called)] = server.run(f"SELECT last_value, is_called FROM {sequence}", source)
        server.run(f"SELECT setval('{sequence}', {value}, {called})", target)
    if "ledger.seal.form" not in {
        f"{table}.{column}" for table, columns in tables(server, target) for column in columns.split(", ")
    }:
        server.run(IN_THE_FIRST_FORM, target)


@pytest.mark.slow  # nobody has one but who worked on it: released ones are test_released.py's
def test_a_ledger_of_before_the_first_release_keeps_every_row_and_goes_on(
    server: Server, tmp_path: Path
) -> None:
    lived_in(server, tmp_path, has_rates=False)
    migrate(database(server, "fresh"))
    fresh = server.catalogue("fresh")
    quickly = ["0007_words", FIRST_BASELINE]
    for revision in (
        quickly if server.cluster.version != 16 else [*REVISIONS[::3], REVISIONS[-1], FIRST_BASELINE]
    ):
        url = database(server, revision.partition("_")[2])
        assert url.database
        migrate_to(revision, url)
        fill(server, "lived_in", url.database)
        there = tables(server, url.database)
        before = rows(server, url.database, there)
        assert all(before.values())
        assert migrate(url) == (
            f"The ledger database went from {revision} (which was never released) to {NEWEST}."
        )
        after = rows(server, url.database, there, AS_BEFORE)
        if "recon.changed" in before:
            # Every date is to be compared once more.
            added = [row for row in after["recon.changed"] if row not in before["recon.changed"]]
            assert {row[-3:-1] for row in added} == {(date.min, date.max)}
            after["recon.changed"] = [row for row in after["recon.changed"] if row not in added]
            del after["recon.changed_changed_no_seq"], before["recon.changed_changed_no_seq"]
        assert {name: after[name] for name in before} == before
        assert sorted(server.catalogue(url.database) ^ fresh, key=str) == []
        ledger = Ledger(url, tmp_path)
        assert ledger.quick_run(lambda id_: Reply(account_id=id_)) == 5
        forms = [(2,)] if revision == FIRST_BASELINE else [(1,), (2,)]
        assert ledger.rows("SELECT DISTINCT form FROM ledger.seal ORDER BY form") == forms
        seals = ledger.value("SELECT count(*) FROM ledger.seal")
        assert verify(ledger.engine).startswith(f"The ledger is intact: {seals} seals cover its ")
        ledger.owner.dispose()


def test_a_year_of_runs_is_carried_over_in_blocks_of_ten_days(server: Server) -> None:
    url = database(server, "one")
    migrate_to(FIRST_BASELINE, url)
    server.run(
        "INSERT INTO sync.run (dag_run_id, api_host, deadline_at, dry_run, subset, expected)"
        " SELECT 'd', 'bank', now(), false, false, 1 FROM generate_series(1, 700);"
        "INSERT INTO sync.run_account SELECT run_no, 'a', 0, 'EUR', 2, 90, NULL FROM sync.run;"
        "INSERT INTO sync.observation (run_no, account_id, run_started_at, state, payload, attempts, observed_at)"
        " SELECT run_no, 'a', started_at, 'answered', run_no, 1, now() FROM sync.run",
        "one",
    )
    migrate(url)
    blocks = server.run("SELECT first_run_no, last_run_no FROM sync.blocks('payload') ORDER BY 1", "one")
    assert blocks == [(1, 24), (25, 264), (265, 504), (505, 744)]
    assert server.run("SELECT count(*) FROM sync.payload WHERE payload = run_no::text", "one") == [(700,)]
    assert server.run(
        "SELECT count(*) FROM sync.observation JOIN sync.run_account USING (run_no)", "one"
    ) == [(700,)]


def test_a_gap_of_an_account_that_is_not_there_stays_and_is_the_last_of_its_kind(server: Server) -> None:
    url = database(server, "one")
    migrate_to(FIRST_BASELINE, url)
    server.run("INSERT INTO ledger.gap VALUES ('x', '2026-10-05 10:00+00', 'http_404', 7)", "one")
    migrate(url)
    assert server.run("SELECT account_id, reason, run_no FROM ledger.missing_hour_reason", "one") == [
        ("x", "http_404", 7)
    ]
    with pytest.raises(exc.IntegrityError, match=r"missing_hour_reason_account_id_fkey|a_run_tried"):
        server.run(
            "INSERT INTO ledger.missing_hour_reason VALUES ('x', '2026-10-05 11:00+00', 'http_404', 7)", "one"
        )


def test_what_was_loaded_with_too_many_decimals_stays_survives_a_restore_and_is_the_last_of_its_kind(
    server: Server,
) -> None:
    url = database(server, "one")
    migrate_to("0007_words", url)
    server.run(FILL + FILL_RECON + FILL_BAD, "one")
    migrate(url)
    database(server, "copy")
    server.psql("copy", server.dump("one"))
    for name in ("one", "copy"):
        assert server.run("SELECT balance::text FROM recon.gl_balance WHERE gl_account = '1200' ORDER BY currency", name) == [
            ("-3.000",), ("1",),
        ]  # fmt: skip
        with pytest.raises(exc.IntegrityError, match="balance_has_its_currencys_decimals"):
            server.run(
                "INSERT INTO recon.gl_balance VALUES (2, 'QB01', '1300', 'EUR', '2026-10-05', 1.234)", name
            )


def test_ages_that_came_of_a_date_typed_as_1926_are_reckoned_anew_once(server: Server) -> None:
    url = database(server, "one")
    migrate_to("0007_words", url)
    server.run(FILL + FILL_RECON + FILL_BAD, "one")
    reconcile_as_before = (
        "INSERT INTO recon.reconciliation SELECT account_id, '1926-10-05', 1, entity, gl_account, currency, NULL, NULL, 1, 2, NULL,"
        " 0, 0, NULL, 0, 'missing_bank', 'missing_bank_data', '1926-10-05', 0, members, false FROM recon.reconciliation WHERE version = 1;"
        "INSERT INTO recon.reconciliation SELECT account_id, as_of_date, 3, entity, gl_account, currency, bank_balance,"
        " bank_observed_at, gl_balance, gl_load_no, difference, bank_items, book_items, unexplained, tolerance, status, cause,"
        " '1926-10-05', as_of_date - date '1926-10-05', members, false FROM recon.reconciliation WHERE version = 2;"
        "DELETE FROM recon.changed"
    )
    server.run(reconcile_as_before, "one")
    assert server.run("SELECT age_days FROM recon.open_break", "one") == [(36_525,)]
    migrate(url)
    engine = engine_for(url)
    reconcile(engine)
    assert server.run("SELECT opened_on::text, age_days FROM recon.open_break", "one") == [("2026-10-05", 0)]
    assert reconcile(engine) == {}


def test_what_was_compared_before_there_was_sign_off_is_open_and_can_be_signed(server: Server) -> None:
    url = database(server, "one")
    migrate_to("0003_recon", url)
    server.run(FILL + FILL_RECON, "one")
    migrate(url)
    assert server.run("SELECT version, status, state FROM recon.sign_off_state", "one") == [
        (2, "break", "open")
    ]
    assert server.run("SELECT version, state FROM recon.prepare('a', '2026-10-05')", "one") == [
        (2, "prepared")
    ]


def test_somebody_elses_view_is_not_dropped_with_the_tables_that_it_reads(server: Server) -> None:
    url = database(server, "one")
    migrate_to("0007_words", url)
    server.run("CREATE VIEW public.report AS SELECT * FROM ledger.balance", "one")
    with pytest.raises(LedgerError, match=r"not the ledger's read it: public\.report\. Drop them, migrate"):
        migrate(url)
    assert server.run("SELECT version_num FROM ledger.alembic_version", "one") == [("0007_words",)]
    server.run("DROP VIEW public.report", "one")
    migrate(url)
