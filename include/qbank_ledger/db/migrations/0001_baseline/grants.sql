-- Purpose: what a role may do, written here and nowhere else. Logins are granted roles, never tables.
-- Run as:  qbank_owner, in one transaction (see migrate.py), after everything that is granted.

-- ── Everybody ────────────────────────────────────────────────────────────────────────────────────

REVOKE ALL ON ALL ROUTINES IN SCHEMA ledger, sync, recon FROM PUBLIC;

-- ── Who reads (the other roles are members of qbank_analyst, see roles.sql) ───────────────────────

GRANT USAGE ON SCHEMA ledger, sync, recon TO qbank_analyst;

GRANT SELECT ON ALL TABLES IN SCHEMA ledger, sync, recon TO qbank_analyst;

-- Not the locks: who can read a table can lock it.
REVOKE ALL ON ledger.lock_plan, ledger.lock_publish, ledger.lock_reconcile FROM qbank_analyst;

-- Functions that views and queries call with the rights of who reads.
GRANT EXECUTE ON FUNCTION
    ledger.row_sha256(text, timestamptz, numeric, numeric, text, timestamptz, bigint, bigint, integer, timestamptz),
    ledger.seal_text(bigint, bigint, bigint, jsonb, text, text, timestamptz),
    ledger.seal_sha256(bigint, bigint, bigint, jsonb, text, text, timestamptz, integer),
    ledger.balance_as_known(timestamptz), ledger.closing(text, text, time, date),
    ledger.day_end(text, time, date), ledger.hours(),
    ledger.missing_accounts(timestamptz), ledger.active_at(text, timestamptz), ledger.minor_units(text),
    ledger.is_ahead(timestamptz), sync.significant_digits(numeric), sync.blocks(text),
    recon.is_transposed(numeric, numeric, integer), recon.age_bucket(integer)
    TO qbank_analyst;

-- ── Runs ─────────────────────────────────────────────────────────────────────────────────────────

GRANT INSERT, UPDATE ON ledger.account, ledger.account_period, ledger.balance, ledger.missing_hour_reason
    TO qbank_loader;

GRANT INSERT ON ledger.seal, ledger.accepted_host TO qbank_loader;

GRANT USAGE ON SEQUENCE ledger.seal_no TO qbank_loader;

GRANT INSERT, UPDATE ON sync.run, sync.observation, sync.payload, sync.publication TO qbank_loader;

GRANT INSERT ON sync.run_account, sync.finding, sync.verdict, sync.lookalike TO qbank_loader;

GRANT INSERT, UPDATE, DELETE ON sync.batch, sync.validation_result TO qbank_loader;

GRANT INSERT (kind, sha256, rows) ON recon.gl_load TO qbank_loader;

GRANT INSERT ON recon.gl_balance, recon.item, recon.reconciliation TO qbank_loader;

GRANT DELETE ON recon.changed TO qbank_loader;

GRANT EXECUTE ON FUNCTION
    ledger.acquire_lock(text), ledger.cancel_blocking_readers(integer), ledger.ensure_partitions(timestamptz),
    ledger.write_seal(bigint, bigint, timestamptz, timestamptz), sync.drop_expired(interval, boolean)
    TO qbank_loader;

-- ── People who decide ────────────────────────────────────────────────────────────────────────────

GRANT EXECUTE ON FUNCTION
    ledger.accept_host(text), ledger.accept_accounts(text), ledger.release(bigint, text, text),
    ledger.set_aside(bigint, text)
    TO qbank_operator;

GRANT EXECUTE ON FUNCTION recon.prepare(text, date, text, integer) TO qbank_preparer;

GRANT EXECUTE ON FUNCTION recon.approve(text, date, text, integer), recon.reject(text, date, text, integer)
    TO qbank_approver;
