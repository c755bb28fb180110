-- Purpose: what the ERP says of the same accounts, what comparing the two sides found, who signed it off. Beside it:
--          recon_views.sql (what is read), recon_sign_off.sql (signing), recon_changed.sql (what is to be compared).
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE SCHEMA recon;
COMMENT ON SCHEMA recon IS
    'The general ledger''s closing balances and outstanding items as they were loaded, and each comparison with the '
    'bank''s: kept for ever.';

-- loaded_by and loaded_at are the database's own: the loader may give neither (see the grants).
CREATE TABLE recon.gl_load (
    load_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('gl', 'items')),
    sha256     ledger.sha256_hex NOT NULL,
    rows       integer NOT NULL CHECK (rows >= 0),
    loaded_by  text NOT NULL DEFAULT session_user,
    loaded_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT a_file_is_loaded_once UNIQUE (kind, sha256)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.gl_load
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.gl_load IS
    'A file from the ERP that was loaded, whole; append-only. The same file again is the same load. Grain: file.';
COMMENT ON COLUMN recon.gl_load.load_no IS 'Number of the load, rising; may have gaps.';
COMMENT ON COLUMN recon.gl_load.kind IS 'gl: closing balances; items: outstanding items.';
COMMENT ON COLUMN recon.gl_load.sha256 IS 'SHA-256 of the file''s bytes, in hex.';
COMMENT ON COLUMN recon.gl_load.rows IS 'Rows that it holds.';
COMMENT ON COLUMN recon.gl_load.loaded_by IS 'The login that loaded it.';
COMMENT ON COLUMN recon.gl_load.loaded_at IS 'When it was loaded (UTC).';

CREATE TABLE recon.gl_balance (
    load_no     bigint NOT NULL REFERENCES recon.gl_load,
    entity      text NOT NULL CHECK (entity <> ''),
    gl_account  text NOT NULL CHECK (gl_account <> ''),
    currency    ledger.currency_code NOT NULL,
    as_of_date  date NOT NULL CHECK (isfinite(as_of_date)),
    balance     ledger.amount NOT NULL,
    line_no     integer CHECK (line_no > 0),
    -- In the order in which the newest row of a key is looked for.
    PRIMARY KEY (as_of_date, entity, gl_account, currency, load_no),
    -- Zeros count: 3.000 in EUR is three or three thousand.
    CONSTRAINT balance_has_its_currencys_decimals CHECK (scale(balance) <= coalesce(ledger.minor_units(currency), -1))
);
-- Loads come in order: a BRIN finds the rows of one at next to no size.
CREATE INDEX gl_balance_load ON recon.gl_balance USING brin (load_no) WITH (pages_per_range = 16);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.gl_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.gl_balance IS
    'The general ledger''s closing balances as each file gave them; append-only. The newest load of a key counts, '
    'and a later load that lacks a row takes nothing back. Grain: GL account × date × load.';
COMMENT ON COLUMN recon.gl_balance.load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.gl_balance.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.gl_balance.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.gl_balance.currency IS 'ISO 4217 code of the balance.';
COMMENT ON COLUMN recon.gl_balance.as_of_date IS 'The posting date of which it is the closing.';
COMMENT ON COLUMN recon.gl_balance.balance IS 'Closing balance, exact; debit positive, an overdraft is negative.';
COMMENT ON COLUMN recon.gl_balance.line_no IS
    'Line of the file on which the row begins; null: loaded before lines were kept.';

CREATE TABLE recon.item (
    load_no       bigint NOT NULL REFERENCES recon.gl_load,
    entity        text NOT NULL CHECK (entity <> ''),
    gl_account    text NOT NULL CHECK (gl_account <> ''),
    currency      ledger.currency_code NOT NULL,
    item_date     date NOT NULL CHECK (isfinite(item_date)),
    cleared_date  date CHECK (isfinite(cleared_date) AND cleared_date >= item_date),
    side          text NOT NULL CHECK (side IN ('bank', 'book')),
    kind          text NOT NULL CHECK (kind <> ''),
    amount        ledger.amount NOT NULL,
    reference     text NOT NULL,
    line_no       integer CHECK (line_no > 0),
    PRIMARY KEY (entity, gl_account, currency, side, kind, item_date, reference, load_no),
    -- Zeros count: 3.000 in EUR is three or three thousand.
    CONSTRAINT amount_has_its_currencys_decimals CHECK (scale(amount) <= coalesce(ledger.minor_units(currency), -1))
);
CREATE INDEX item_load ON recon.item USING brin (load_no) WITH (pages_per_range = 16);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.item
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.item IS
    'Outstanding items as each file gave them; append-only. All but cleared_date and amount say which item it is: '
    'the newest load of it counts (recon.current_item). Grain: outstanding item × load.';
COMMENT ON COLUMN recon.item.load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.item.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.item.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.item.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN recon.item.item_date IS 'The first date on which it counts.';
COMMENT ON COLUMN recon.item.cleared_date IS 'The first date on which it counts no more; null: open.';
COMMENT ON COLUMN recon.item.side IS
    'bank: the bank has not seen it yet (deposit in transit, outstanding payment); book: the books have not '
    '(unrecorded credit or charge).';
COMMENT ON COLUMN recon.item.kind IS 'What it is, in the ERP''s words.';
COMMENT ON COLUMN recon.item.amount IS
    'Exact, signed as cash: money in is positive, money out negative. 0 withdraws an item.';
COMMENT ON COLUMN recon.item.reference IS 'The ERP''s reference; may be empty.';
COMMENT ON COLUMN recon.item.line_no IS
    'Line of the file on which the row begins; null: loaded before lines were kept.';

CREATE TABLE recon.reconciliation (
    account_id        ledger.account_id NOT NULL REFERENCES ledger.account,
    as_of_date        date NOT NULL,
    version           integer NOT NULL CHECK (version > 0),
    entity            text NOT NULL,
    gl_account        text NOT NULL,
    currency          ledger.currency_code NOT NULL,
    bank_balance      ledger.amount,
    bank_observed_at  timestamptz,
    gl_balance        ledger.amount,
    gl_load_no        bigint REFERENCES recon.gl_load,
    difference        ledger.amount,
    bank_items        ledger.amount NOT NULL,
    book_items        ledger.amount NOT NULL,
    unexplained       ledger.amount,
    tolerance         ledger.amount NOT NULL CHECK (tolerance >= 0),
    status            text NOT NULL CHECK (status IN
                      ('matched', 'within_tolerance', 'break', 'missing_bank', 'missing_gl', 'stale_bank')),
    cause             text CHECK (cause IN ('missing_bank_data', 'currency', 'stale', 'restatement', 'duplicate',
                                            'timing', 'sign', 'transposition', 'unexplained')),
    opened_on         date,
    age_days          integer CHECK (age_days >= 0),
    members           text[] NOT NULL CHECK (account_id = ANY (members)),
    provisional       boolean NOT NULL,
    compared_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, as_of_date, version),
    CONSTRAINT difference_is_bank_minus_gl CHECK (difference IS NOT DISTINCT FROM bank_balance - gl_balance),
    CONSTRAINT unexplained_is_what_items_leave
        CHECK (unexplained IS NOT DISTINCT FROM difference + bank_items - book_items),
    CONSTRAINT only_what_is_missing_has_no_difference
        CHECK ((status IN ('missing_bank', 'missing_gl')) = (difference IS NULL)),
    CONSTRAINT what_does_not_match_is_explained CHECK (
        (status IN ('matched', 'within_tolerance')) = (cause IS NULL)
        AND (cause IS NULL) = (opened_on IS NULL)
        AND age_days IS NOT DISTINCT FROM as_of_date - opened_on)
);
CREATE INDEX reconciliation_date ON recon.reconciliation (as_of_date);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.reconciliation
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.reconciliation IS
    'What comparing an account''s closing at the bank with the general ledger''s found; a new version only when it '
    'finds something else; append-only. Accounts that share (entity, gl_account, currency) compare as their sum, and '
    'each repeats the group''s result. Grain: account × date × version.';
COMMENT ON COLUMN recon.reconciliation.account_id IS 'The account.';
COMMENT ON COLUMN recon.reconciliation.as_of_date IS
    'The closing''s date: the bank''s in the account''s time zone, the GL''s posting date.';
COMMENT ON COLUMN recon.reconciliation.version IS '1, 2, …: the newest counts.';
COMMENT ON COLUMN recon.reconciliation.entity IS 'Legal entity or company code in the ERP, when it was compared.';
COMMENT ON COLUMN recon.reconciliation.gl_account IS 'The general-ledger account, when it was compared.';
COMMENT ON COLUMN recon.reconciliation.currency IS 'ISO 4217 code of every amount here.';
COMMENT ON COLUMN recon.reconciliation.bank_balance IS
    'Closing ledger balance at the bank, summed over members; positive is the holder''s money. Null: a member has '
    'none.';
COMMENT ON COLUMN recon.reconciliation.bank_observed_at IS
    'When that closing was observed, the oldest of the members'' (UTC).';
COMMENT ON COLUMN recon.reconciliation.gl_balance IS
    'Closing balance in the general ledger, debit positive; null: none was loaded.';
COMMENT ON COLUMN recon.reconciliation.gl_load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.reconciliation.difference IS 'bank_balance − gl_balance, exact; null: a side is missing.';
COMMENT ON COLUMN recon.reconciliation.bank_items IS
    'Sum of the items that the bank has not seen yet and that count on the date.';
COMMENT ON COLUMN recon.reconciliation.book_items IS
    'Sum of the items that the books have not seen yet and that count on the date.';
COMMENT ON COLUMN recon.reconciliation.unexplained IS 'difference + bank_items − book_items.';
COMMENT ON COLUMN recon.reconciliation.tolerance IS
    'Largest unexplained amount that passed, the smallest of the members''.';
COMMENT ON COLUMN recon.reconciliation.status IS
    'matched: nothing is unexplained; within_tolerance: no more than the tolerance; break: more; missing_bank: no '
    'closing at the bank; missing_gl: no row in the GL; stale_bank: the closing is too old to match.';
COMMENT ON COLUMN recon.reconciliation.cause IS
    'What the numbers say of it, see docs/reconciliation.md; null: it matched or is within tolerance.';
COMMENT ON COLUMN recon.reconciliation.opened_on IS
    'First date since it last matched on which it did not; null: it matches.';
COMMENT ON COLUMN recon.reconciliation.age_days IS 'as_of_date − opened_on, in calendar days.';
COMMENT ON COLUMN recon.reconciliation.members IS 'Ids of the accounts compared as one sum, itself among them.';
COMMENT ON COLUMN recon.reconciliation.provisional IS
    'Whether it was compared before a cut-off of the date: it may still change, and can''t be signed.';
COMMENT ON COLUMN recon.reconciliation.compared_at IS 'When this version was made (UTC).';

CREATE TABLE recon.sign_off (
    sign_off_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id   ledger.account_id NOT NULL,
    as_of_date   date NOT NULL,
    version      integer NOT NULL,
    state        text NOT NULL CHECK (state IN ('prepared', 'approved', 'rejected', 'decertified')),
    actor        text NOT NULL DEFAULT session_user,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    comment      text CHECK (comment ~ '\S'),
    CONSTRAINT a_compared_version_is_signed
        FOREIGN KEY (account_id, as_of_date, version) REFERENCES recon.reconciliation,
    CONSTRAINT a_refusal_says_why CHECK (state IN ('prepared', 'approved') OR comment IS NOT NULL)
);
CREATE INDEX sign_off_newest ON recon.sign_off (account_id, as_of_date, sign_off_no DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.sign_off
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
COMMENT ON TABLE recon.sign_off IS
    'Who prepared, approved or rejected a reconciliation, and what took that back; append-only, written by '
    'recon.prepare, recon.approve, recon.reject and new versions alone. The newest action of an account and date is '
    'its state. Grain: action.';
COMMENT ON COLUMN recon.sign_off.sign_off_no IS 'Number of the action, rising; may have gaps.';
COMMENT ON COLUMN recon.sign_off.account_id IS 'The account.';
COMMENT ON COLUMN recon.sign_off.as_of_date IS 'The closing''s date.';
COMMENT ON COLUMN recon.sign_off.version IS 'The version that was signed; of decertified, the one that took it back.';
COMMENT ON COLUMN recon.sign_off.state IS
    'What the action made of it: prepared, approved, rejected, or decertified: numbers or status are no longer those '
    'that were signed.';
COMMENT ON COLUMN recon.sign_off.actor IS
    'The login that acted, whatever role it had taken on; of decertified, the run''s.';
COMMENT ON COLUMN recon.sign_off.at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off.comment IS 'Why, in the actor''s words; of decertified, what changed.';

CREATE TABLE recon.changed (
    changed_no  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity      text,
    gl_account  text,
    currency    ledger.currency_code,
    first_date  date NOT NULL,
    last_date   date NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE recon.changed IS
    'Inputs that changed, still to be compared: triggers note them, a comparison of every date takes them away once '
    'the dates are over. Grain: change.';
COMMENT ON COLUMN recon.changed.changed_no IS 'Number of the change.';
COMMENT ON COLUMN recon.changed.entity IS 'Legal entity whose accounts it touches; null: any.';
COMMENT ON COLUMN recon.changed.gl_account IS 'GL account that it touches; null: any.';
COMMENT ON COLUMN recon.changed.currency IS 'Currency of that GL account; null: any.';
COMMENT ON COLUMN recon.changed.first_date IS 'First date that it may touch.';
COMMENT ON COLUMN recon.changed.last_date IS 'Last date that it may touch.';
COMMENT ON COLUMN recon.changed.changed_at IS 'When it changed (UTC).';
