"""What others rely on: the columns of every view, and of reconciliation's tables, in their order, and their types."""

import pytest

from tests.words.ledger import Ledger

BALANCE = (
    "account_id text, as_of_hour timestamp with time zone, available_balance numeric, ledger_balance numeric,"
    " currency text, observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer,"
    " recorded_at timestamp with time zone"
)
NAMED = "account_id text, name text, entity text, gl_account text, bank_account text"
ITEM = (
    "entity text, gl_account text, currency text, item_date date, cleared_date date, side text, kind text,"
    " amount numeric, reference text"
)
COLUMNS = {
    "ledger.balance": BALANCE,
    "ledger.balance_history": f"{BALANCE}, superseded_at timestamp with time zone",
    "ledger.latest_balance": (
        "account_id text, name text, entity text, gl_account text, active boolean, currency text,"
        " available_balance numeric, ledger_balance numeric, as_of_hour timestamp with time zone,"
        " observed_at timestamp with time zone, run_no bigint, seal_no bigint, revision integer,"
        " recorded_at timestamp with time zone, age interval, is_stale boolean"
    ),
    "ledger.daily_balance": (
        "account_id text, as_of_date date, entity text, gl_account text, currency text, available_balance numeric,"
        " ledger_balance numeric, as_of_hour timestamp with time zone, observed_at timestamp with time zone,"
        " run_no bigint, seal_no bigint, revision integer, recorded_at timestamp with time zone, provisional boolean"
    ),
    "ledger.hourly_movement": (
        "account_id text, as_of_hour timestamp with time zone, since_hour timestamp with time zone, currency text,"
        " opening_balance numeric, closing_balance numeric, ledger_movement numeric, available_movement numeric"
    ),
    "ledger.daily_movement": (
        "account_id text, as_of_date date, entity text, gl_account text, currency text, opening_balance numeric,"
        " closing_balance numeric, ledger_movement numeric, available_movement numeric, provisional boolean"
    ),
    "ledger.entity_total": (
        "entity text, currency text, accounts integer, without_balance integer, stale integer,"
        " available_balance numeric, ledger_balance numeric, oldest_observed_at timestamp with time zone"
    ),
    "ledger.hourly_total": (
        "as_of_hour timestamp with time zone, entity text, currency text, accounts integer,"
        " available_balance numeric, ledger_balance numeric"
    ),
    "ledger.coverage": (
        "as_of_hour timestamp with time zone, expected integer, present integer, missing integer, state text"
    ),
    "ledger.missing_hour": "account_id text, as_of_hour timestamp with time zone, reason text, run_no bigint",
    "ledger.alert": (
        "alert_no bigint, kind text, subject text, opened_at timestamp with time zone,"
        " notified_at timestamp with time zone, cleared_at timestamp with time zone, message text"
    ),
    "ledger.fx_rate": (
        "load_no bigint, from_currency text, to_currency text, as_of_date date, rate numeric, line_no integer"
    ),
    "ledger.current_fx_rate": (
        "from_currency text, to_currency text, as_of_date date, rate numeric, load_no bigint, source text,"
        " file_name text, line_no integer, profile text, loaded_at timestamp with time zone, loaded_by text"
    ),
    "sync.outcome": (
        "run_no bigint, account_id text, outcome text, reasons text[], http_status smallint, attempts integer,"
        " observed_at timestamp with time zone, retry_after_s bigint"
    ),
    "sync.current_outcome": (
        "run_no bigint, account_id text, outcome text, reasons text[], http_status smallint, attempts integer,"
        " observed_at timestamp with time zone, retry_after_s bigint"
    ),
    "sync.quarantine": (
        "run_no bigint, account_id text, payload text, reasons text[], available_balance numeric,"
        " ledger_balance numeric, echoed_account_id text, echoed_currency text, echoed_as_of text,"
        " http_status smallint, observed_at timestamp with time zone, released_at timestamp with time zone"
    ),
    "sync.audit_subject": (
        "run_no bigint, account_id text, state text, reason text, available_balance numeric,"
        " ledger_balance numeric, echoed_account_id text, echoed_currency text, echoed_as_of text,"
        " bank_as_of timestamp with time zone, observed_at timestamp with time zone, currency text,"
        " minor_units smallint, max_age_minutes integer, minimum_balance numeric,"
        " started_at timestamp with time zone, is_lookalike boolean, last_balance numeric"
    ),
    "reporting.position": (
        f"{NAMED}, currency text, ledger_balance numeric, available_balance numeric,"
        " as_of_hour timestamp with time zone, observed_at timestamp with time zone, age_minutes integer,"
        " is_stale boolean, reason text, active boolean"
    ),
    "reporting.daily": (
        f"{NAMED}, as_of_date date, currency text, ledger_balance numeric, available_balance numeric,"
        " observed_at timestamp with time zone, is_stale boolean, is_provisional boolean, reason text, active boolean"
    ),
    "reporting.movement": (
        f"{NAMED}, as_of_date date, currency text, opening_balance numeric, closing_balance numeric,"
        " ledger_movement numeric, available_movement numeric, is_provisional boolean, reason text, active boolean"
    ),
    "reporting.hourly": (
        f"{NAMED}, as_of_hour timestamp with time zone, currency text, ledger_balance numeric,"
        " available_balance numeric, observed_at timestamp with time zone, is_provisional boolean, reason text,"
        " active boolean"
    ),
    "reporting.reconciliation": (
        f"{NAMED}, as_of_date date, currency text, bank_balance numeric, bank_observed_at timestamp with time zone,"
        " gl_balance numeric, difference numeric, bank_items numeric, book_items numeric, unexplained numeric,"
        " tolerance numeric, status text, cause text, opened_on date, age_days integer, age_bucket text,"
        " is_provisional boolean, members integer, leads_group boolean, sign_off text, prepared_by text,"
        " prepared_at timestamp with time zone, approved_by text, approved_at timestamp with time zone, comment text,"
        " version integer, compared_at timestamp with time zone, active boolean"
    ),
    "reporting.coverage": (
        "as_of_hour timestamp with time zone, expected integer, present integer, missing integer, state text,"
        " is_provisional boolean"
    ),
    "recon.file_load": (
        "load_no bigint, kind text, sha256 text, rows integer, loaded_by text, loaded_at timestamp with time zone,"
        " source text, name text, profile text, read_as text, skipped integer, via text, list_date date, list_entity text, list_gl_account text, list_currency text"
    ),
    "recon.source_file": (
        "source text, name text, version text, seen_at timestamp with time zone, load_no bigint, refused text,"
        " named_at timestamp with time zone"
    ),
    "recon.gl_balance": (
        "load_no bigint, entity text, gl_account text, currency text, as_of_date date, balance numeric,"
        " line_no integer"
    ),
    "recon.item": f"load_no bigint, {ITEM}, line_no integer",
    "recon.account_time": "account_id text, begins_on date, today date",
    "recon.current_item": f"{ITEM}, load_no bigint",
    "recon.reconciliation": (
        "account_id text, as_of_date date, version integer, entity text, gl_account text, currency text,"
        " bank_balance numeric, bank_observed_at timestamp with time zone, gl_balance numeric, gl_load_no bigint,"
        " difference numeric, bank_items numeric, book_items numeric, unexplained numeric, tolerance numeric,"
        " status text, cause text, opened_on date, age_days integer, members text[], provisional boolean,"
        " compared_at timestamp with time zone"
    ),
    "recon.open_break": (
        "account_id text, opened_on date, as_of_date date, status text, difference numeric, unexplained numeric,"
        " cause text, age_days integer, entity text, gl_account text, currency text, members text[],"
        " provisional boolean"
    ),
    "recon.open_break_total": (
        "entity text, currency text, age_bucket text, items integer, items_with_amount integer,"
        " unexplained numeric, gross_unexplained numeric, oldest_days integer"
    ),
    "recon.unmapped_gl": (
        "entity text, gl_account text, currency text, as_of_date date, balance numeric, load_no bigint,"
        " file_name text, line_no integer"
    ),
    "recon.gl_figure": (
        "entity text, gl_account text, currency text, as_of_date date, balance numeric, load_no bigint, source text,"
        " file_name text, line_no integer, profile text, loaded_at timestamp with time zone, loaded_by text"
    ),
    "recon.changed": (
        "changed_no bigint, entity text, gl_account text, currency text, first_date date, last_date date,"
        " changed_at timestamp with time zone"
    ),
    "recon.sign_off": (
        "sign_off_no bigint, account_id text, as_of_date date, version integer, state text, actor text,"
        " at timestamp with time zone, comment text, via text"
    ),
    "recon.identity": "identity text, person text",
    "recon.signatory": (
        "signatory_no bigint, person text, identity text, may text, entity text, granted_at timestamp with time zone,"
        " granted_by text, revoked_at timestamp with time zone, revoked_by text"
    ),
    "recon.used_form": "form_no text, used_by text, used_at timestamp with time zone",
    "recon.break_note": (
        "note_no bigint, account_id text, opened_on date, as_of_date date, assignee text, note text, actor text,"
        " via text, at timestamp with time zone"
    ),
    "recon.current_break_note": (
        "account_id text, opened_on date, as_of_date date, assignee text, assigned_by text,"
        " assigned_at timestamp with time zone, note text, noted_by text, noted_at timestamp with time zone"
    ),
    "recon.sign_off_state": (
        "account_id text, as_of_date date, version integer, entity text, gl_account text, currency text,"
        " bank_balance numeric, gl_balance numeric, difference numeric, unexplained numeric, status text, cause text,"
        " age_days integer, provisional boolean, state text, signed_version integer, prepared_by text,"
        " prepared_at timestamp with time zone, approved_by text, approved_at timestamp with time zone,"
        " acted_by text, acted_at timestamp with time zone, comment text"
    ),
}


def columns(ledger: Ledger, relation: str) -> str:
    return str(
        ledger.value(
            "SELECT string_agg(attname || ' ' || format_type(coalesce(nullif(typbasetype, 0), atttypid), atttypmod), ', '"
            " ORDER BY attnum) FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND NOT attisdropped",
            name=relation,
        )
    )


@pytest.mark.parametrize("relation", COLUMNS)
def test_the_columns_are_frozen(ledger: Ledger, relation: str) -> None:
    assert columns(ledger, relation) == COLUMNS[relation]


def test_every_view_and_every_table_of_reconciliation_is_frozen(ledger: Ledger) -> None:
    relations = {
        row[0]
        for row in ledger.rows(
            "SELECT schemaname || '.' || viewname FROM pg_views WHERE schemaname IN ('ledger', 'sync', 'recon', 'reporting')"
            " UNION SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = 'recon'"
        )
    }
    assert relations <= set(COLUMNS)


def test_as_known_has_the_columns_of_the_balance(ledger: Ledger) -> None:
    assert ledger.value(
        "SELECT pg_get_function_result('ledger.balance_as_known(timestamptz)'::regprocedure)"
    ) == ("SETOF ledger.balance")
