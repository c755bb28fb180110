"""A ledger in which all that it can hold was done, and every row that a ledger has."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from qbank_ledger.db.migrate import migrate
from qbank_ledger.recon.load import load_file
from qbank_ledger.recon.reconcile import reconcile
from tests.words.ledger import Ledger, Reply, failed

from .bare_server import Server, database

LONG_AGO = datetime(2020, 2, 2, tzinfo=UTC)
TABLES = """
SELECT c.oid::regclass::text, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
  FROM pg_class AS c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
 WHERE relnamespace::regnamespace::text IN ('ledger', 'sync', 'recon') AND relkind IN ('r', 'p')
   AND NOT relispartition AND relname <> 'alembic_version'
 GROUP BY c.oid ORDER BY c.oid
"""
SEQUENCES = """
SELECT oid::regclass::text FROM pg_class
 WHERE relnamespace::regnamespace::text IN ('ledger', 'sync', 'recon') AND relkind = 'S'
"""


def lived_in(server: Server, folder: Path, *, has_rates: bool = True) -> None:
    """A database ``lived_in``, in which all that a ledger can hold was done.

    ``has_rates``: also loads of exchange rates, which a ledger of before the first release can't hold.
    """
    url = database(server, "lived_in")
    migrate(url)
    ledger = Ledger(url, folder)
    with ledger.people({"jane": "qbank_preparer", "joe": "qbank_approver"}) as people:
        ledger.stay_in_one_hour()
        ledger.quick_run(
            [Reply(account_id="a"), failed("b"), Reply(account_id="c", ledger_balance=Decimal("1.234"))]
        )
        ledger.quick_run(lambda id_: Reply(account_id=id_, ledger_balance=Decimal("12345678901234567890.12")))
        held = ledger.quick_run(
            lambda id_: Reply(account_id=id_, echoed_as_of="long ago", bank_as_of=LONG_AGO)
        )
        assert ledger.value("SELECT ledger.release(:run, 'a', 'by phone') IS NOT NULL", run=held)
        ledger.quick_run(dry_run=True)
        ledger.rows("SELECT ledger.accept_accounts(repeat('a', 64))")
        ledger.rows("INSERT INTO sync.lookalike VALUES (1, 'a', 'b')")
        ledger.rows(
            "INSERT INTO ledger.balance_set_aside SELECT account_id, as_of_hour, seal_no, run_no, observed_at, now(), 'otto', 'why'"
            " FROM ledger.balance_history LIMIT 1"
        )
        yesterday = ledger.value("SELECT (now() AT TIME ZONE 'UTC')::date - 1")
        ledger.rows(
            "WITH new AS (INSERT INTO ledger.balance SELECT id, date_trunc('hour', at, 'UTC'), 7, 7, 'EUR', at, 1, 99, 1, at"
            " FROM unnest(ARRAY['a', 'b', 'c']) AS id, (SELECT CAST(:at AS timestamptz)) AS t (at) RETURNING as_of_hour)"
            " SELECT count(*) FROM new",
            at=f"{yesterday} 12:05+00",
        )
        ledger.rows(
            "SELECT ledger.write_seal(99, 1, CAST(:at AS timestamptz), '-infinity')",
            at=f"{yesterday} 12:05+00",
        )
        ledger.rows("SELECT setval('ledger.seal_no', 99)")
        for amount, comment in (("21.00", "as it is"), ("22.00", None)):
            file = folder / f"{amount}.csv"
            file.write_text(
                f"entity,gl_account,currency,as_of_date,balance\nQB01,1100,EUR,{yesterday},{amount}\n"
            )
            load_file(ledger.engine, file, "gl")
            reconcile(ledger.engine)
            if comment:
                for name, verb in (("jane", "prepare"), ("joe", "approve")):
                    with people[name].begin() as connection:
                        connection.exec_driver_sql(
                            f"SELECT recon.{verb}(account_id, %s, %s) FROM ledger.account",
                            (yesterday, comment),
                        )
        ledger.rows(r"SELECT recon.grant_signatory('Jane Doe', 'airflow\:jane', 'prepare')")
        ledger.rows("SELECT recon.note_break('a', 'Jane Doe', 'a fee')")
        ledger.rows(
            "INSERT INTO recon.source_file (source, name, version, refused) VALUES ('s', 'f', repeat('0', 64), 'why')"
        )
        ledger.rows("SELECT recon.use_form(repeat('0', 32))")
        file.write_text(
            "entity,gl_account,currency,item_date,cleared_date,side,kind,amount,reference\n"
            f"QB01,1100,EUR,{yesterday},,book,charge,-1.00,\n"
        )
        load_file(ledger.engine, file, "items")
        if has_rates:
            file.write_text(f"from_currency,to_currency,as_of_date,rate\nEUR,USD,{yesterday},1.0850\n")
            load_file(ledger.engine, file, "rates")
    ledger.owner.dispose()


def rows(
    server: Server, name: str, of: list[tuple[str, str]], places: Mapping[str, str] = {}
) -> dict[str, list[tuple[object, ...]]]:
    """Every row of these columns of these tables, which may have other places; where each sequence stands."""
    found = {
        table: server.run(
            f"SELECT {columns} FROM {places.get(table, table)} ORDER BY ROW({columns})::text", name
        )
        for table, columns in of
    }
    for (sequence,) in server.run(SEQUENCES, name):
        found[str(sequence)] = server.run(f"SELECT last_value, is_called FROM {sequence}", name)
    return found


def tables(server: Server, name: str) -> list[tuple[str, str]]:
    """The tables of a ledger in the order in which they were made, and their columns."""
    return [(str(table), str(columns)) for table, columns in server.run(TABLES, name)]
