-- Purpose: what the ERP says of the same accounts, and what comparing the two sides found.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE SCHEMA recon;
COMMENT ON SCHEMA recon IS 'The general ledger''s closing balances and outstanding items as they were loaded, and each comparison with the bank''s: kept for ever.';

-- ── What the ERP says ───────────────────────────────────────────────────────────────────────────

-- loaded_by and loaded_at are the database's own: the loader may give neither (see the grants).
CREATE TABLE recon.gl_load (
    load_no    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('gl', 'items')),
    sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    rows       integer NOT NULL CHECK (rows >= 0),
    loaded_by  text NOT NULL DEFAULT session_user,
    loaded_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT a_file_is_loaded_once UNIQUE (kind, sha256)
);
COMMENT ON TABLE recon.gl_load IS 'A file from the ERP that was loaded, whole; append-only. The same file again is the same load. Grain: file.';
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
    currency    text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    as_of_date  date NOT NULL CHECK (isfinite(as_of_date)),
    balance     numeric NOT NULL CHECK (balance NOT IN ('NaN', 'Infinity', '-Infinity')),
    -- In the order in which the newest row of a key is looked for.
    PRIMARY KEY (as_of_date, entity, gl_account, currency, load_no)
);
COMMENT ON TABLE recon.gl_balance IS 'The general ledger''s closing balances as each file gave them; append-only. The newest load of a key counts, and a later load that lacks a row takes nothing back. Grain: GL account × date × load.';
COMMENT ON COLUMN recon.gl_balance.load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.gl_balance.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.gl_balance.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.gl_balance.currency IS 'ISO 4217 code of the balance.';
COMMENT ON COLUMN recon.gl_balance.as_of_date IS 'The posting date of which it is the closing.';
COMMENT ON COLUMN recon.gl_balance.balance IS 'Closing balance, exact; debit positive, an overdraft is negative.';

CREATE TABLE recon.item (
    load_no       bigint NOT NULL REFERENCES recon.gl_load,
    entity        text NOT NULL CHECK (entity <> ''),
    gl_account    text NOT NULL CHECK (gl_account <> ''),
    currency      text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    item_date     date NOT NULL CHECK (isfinite(item_date)),
    cleared_date  date CHECK (isfinite(cleared_date) AND cleared_date >= item_date),
    side          text NOT NULL CHECK (side IN ('bank', 'book')),
    kind          text NOT NULL CHECK (kind <> ''),
    amount        numeric NOT NULL CHECK (amount NOT IN ('NaN', 'Infinity', '-Infinity')),
    reference     text NOT NULL,
    PRIMARY KEY (entity, gl_account, currency, side, kind, item_date, reference, load_no)
);
COMMENT ON TABLE recon.item IS 'Outstanding items as each file gave them; append-only. All but cleared_date and amount say which item it is: the newest load of it counts (recon.current_item). Grain: outstanding item × load.';
COMMENT ON COLUMN recon.item.load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.item.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.item.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.item.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN recon.item.item_date IS 'The first date on which it counts.';
COMMENT ON COLUMN recon.item.cleared_date IS 'The first date on which it counts no more; null: open.';
COMMENT ON COLUMN recon.item.side IS 'bank: the bank has not seen it yet (deposit in transit, outstanding payment); book: the books have not (unrecorded credit or charge).';
COMMENT ON COLUMN recon.item.kind IS 'What it is, in the ERP''s words.';
COMMENT ON COLUMN recon.item.amount IS 'Exact, signed as cash: money in is positive, money out negative. 0 withdraws an item.';
COMMENT ON COLUMN recon.item.reference IS 'The ERP''s reference; may be empty.';

CREATE VIEW recon.current_item AS
SELECT DISTINCT ON (entity, gl_account, currency, side, kind, item_date, reference)
       entity, gl_account, currency, item_date, cleared_date, side, kind, amount, reference, load_no
  FROM recon.item
 ORDER BY entity, gl_account, currency, side, kind, item_date, reference, load_no DESC;
COMMENT ON VIEW recon.current_item IS 'Each item as the newest load gave it. Grain: outstanding item.';
COMMENT ON COLUMN recon.current_item.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.current_item.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.current_item.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN recon.current_item.item_date IS 'The first date on which it counts.';
COMMENT ON COLUMN recon.current_item.cleared_date IS 'The first date on which it counts no more; null: open.';
COMMENT ON COLUMN recon.current_item.side IS 'bank: the bank has not seen it yet; book: the books have not.';
COMMENT ON COLUMN recon.current_item.kind IS 'What it is, in the ERP''s words.';
COMMENT ON COLUMN recon.current_item.amount IS 'Exact, signed as cash.';
COMMENT ON COLUMN recon.current_item.reference IS 'The ERP''s reference; may be empty.';
COMMENT ON COLUMN recon.current_item.load_no IS 'The load that gave it.';

-- ── What comparing found ────────────────────────────────────────────────────────────────────────

CREATE TABLE recon.reconciliation (
    account_id        text NOT NULL REFERENCES ledger.account,
    as_of_date        date NOT NULL,
    version           integer NOT NULL CHECK (version > 0),
    entity            text NOT NULL,
    gl_account        text NOT NULL,
    currency          text NOT NULL,
    bank_balance      numeric CHECK (bank_balance NOT IN ('NaN', 'Infinity', '-Infinity')),
    bank_observed_at  timestamptz,
    gl_balance        numeric CHECK (gl_balance NOT IN ('NaN', 'Infinity', '-Infinity')),
    gl_load_no        bigint REFERENCES recon.gl_load,
    difference        numeric CHECK (difference NOT IN ('NaN', 'Infinity', '-Infinity')),
    bank_items        numeric NOT NULL CHECK (bank_items NOT IN ('NaN', 'Infinity', '-Infinity')),
    book_items        numeric NOT NULL CHECK (book_items NOT IN ('NaN', 'Infinity', '-Infinity')),
    unexplained       numeric CHECK (unexplained NOT IN ('NaN', 'Infinity', '-Infinity')),
    tolerance         numeric NOT NULL CHECK (tolerance >= 0 AND tolerance NOT IN ('NaN', 'Infinity')),
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
COMMENT ON TABLE recon.reconciliation IS 'What comparing an account''s closing at the bank with the general ledger''s found; a new version only when it finds something else; append-only. Accounts that share (entity, gl_account, currency) compare as their sum, and each repeats the group''s result. Grain: account × date × version.';
COMMENT ON COLUMN recon.reconciliation.account_id IS 'The account.';
COMMENT ON COLUMN recon.reconciliation.as_of_date IS 'The closing''s date: the bank''s in the account''s time zone, the GL''s posting date.';
COMMENT ON COLUMN recon.reconciliation.version IS '1, 2, …: the newest counts.';
COMMENT ON COLUMN recon.reconciliation.entity IS 'Legal entity or company code in the ERP, when it was compared.';
COMMENT ON COLUMN recon.reconciliation.gl_account IS 'The general-ledger account, when it was compared.';
COMMENT ON COLUMN recon.reconciliation.currency IS 'ISO 4217 code of every amount here.';
COMMENT ON COLUMN recon.reconciliation.bank_balance IS 'Closing ledger balance at the bank, summed over members; positive is the holder''s money. Null: a member has none.';
COMMENT ON COLUMN recon.reconciliation.bank_observed_at IS 'When that closing was observed, the oldest of the members'' (UTC).';
COMMENT ON COLUMN recon.reconciliation.gl_balance IS 'Closing balance in the general ledger, debit positive; null: none was loaded.';
COMMENT ON COLUMN recon.reconciliation.gl_load_no IS 'The load that gave it.';
COMMENT ON COLUMN recon.reconciliation.difference IS 'bank_balance − gl_balance, exact; null: a side is missing.';
COMMENT ON COLUMN recon.reconciliation.bank_items IS 'Sum of the items that the bank has not seen yet and that count on the date.';
COMMENT ON COLUMN recon.reconciliation.book_items IS 'Sum of the items that the books have not seen yet and that count on the date.';
COMMENT ON COLUMN recon.reconciliation.unexplained IS 'difference + bank_items − book_items.';
COMMENT ON COLUMN recon.reconciliation.tolerance IS 'Largest unexplained amount that passed, the smallest of the members''.';
COMMENT ON COLUMN recon.reconciliation.status IS 'matched: nothing is unexplained; within_tolerance: no more than the tolerance; break: more; missing_bank: no closing at the bank; missing_gl: no row in the GL; stale_bank: the closing is too old to match.';
COMMENT ON COLUMN recon.reconciliation.cause IS 'What the numbers say of it, see docs/reconciliation.md; null: it matched or is within tolerance.';
COMMENT ON COLUMN recon.reconciliation.opened_on IS 'First date since it last matched on which it did not; null: it matches.';
COMMENT ON COLUMN recon.reconciliation.age_days IS 'as_of_date − opened_on, in calendar days.';
COMMENT ON COLUMN recon.reconciliation.members IS 'Ids of the accounts compared as one sum, itself among them.';
COMMENT ON COLUMN recon.reconciliation.provisional IS 'Whether it was compared before a cut-off of the date: it may still change, and can''t be signed.';
COMMENT ON COLUMN recon.reconciliation.compared_at IS 'When this version was made (UTC).';

CREATE FUNCTION recon.is_transposed(gl numeric, bank numeric, minor_units integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT gl <> bank AND sign(gl) = sign(bank) AND position('.' IN digits) = 0 AND EXISTS (
           SELECT FROM generate_series(1, length(digits) - 1) AS n
            WHERE overlay(digits PLACING substr(digits, n + 1, 1) || substr(digits, n, 1) FROM n FOR 2)::numeric
                  = abs(bank) * 10 ^ minor_units::numeric)
      FROM (SELECT trim_scale(abs(gl) * 10 ^ minor_units::numeric)::text AS digits) AS units
$$;
COMMENT ON FUNCTION recon.is_transposed(numeric, numeric, integer) IS 'Whether swapping two adjacent digits of the GL''s balance, in minor units, gives the bank''s.';

CREATE VIEW recon.open_break AS
SELECT n.account_id, n.opened_on, n.as_of_date, n.status, n.difference, n.unexplained, n.cause, n.age_days,
       n.entity, n.gl_account, n.currency, n.members, n.provisional
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT * FROM recon.reconciliation AS r WHERE r.account_id = a.account_id
        ORDER BY r.as_of_date DESC, r.version DESC LIMIT 1) AS n
 WHERE a.active AND n.opened_on IS NOT NULL;
COMMENT ON VIEW recon.open_break IS 'Each active account whose newest date neither matched nor is within tolerance; missing and stale ones too. Grain: account with an open item.';
COMMENT ON COLUMN recon.open_break.account_id IS 'The account.';
COMMENT ON COLUMN recon.open_break.opened_on IS 'First date since it last matched on which it did not.';
COMMENT ON COLUMN recon.open_break.as_of_date IS 'The newest date compared.';
COMMENT ON COLUMN recon.open_break.status IS 'break, missing_bank, missing_gl or stale_bank on that date.';
COMMENT ON COLUMN recon.open_break.difference IS 'Bank − GL on that date, exact; null: a side is missing.';
COMMENT ON COLUMN recon.open_break.unexplained IS 'What the items leave of it.';
COMMENT ON COLUMN recon.open_break.cause IS 'What the numbers say of it.';
COMMENT ON COLUMN recon.open_break.age_days IS 'as_of_date − opened_on, in calendar days.';
COMMENT ON COLUMN recon.open_break.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.open_break.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.open_break.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN recon.open_break.members IS 'Ids of the accounts compared as one sum.';
COMMENT ON COLUMN recon.open_break.provisional IS 'Whether that date may still change.';

CREATE VIEW recon.open_break_total AS
SELECT entity, currency,
       CASE WHEN age_days <= 7 THEN '0-7' WHEN age_days <= 30 THEN '8-30' WHEN age_days <= 60 THEN '31-60'
            WHEN age_days <= 90 THEN '61-90' ELSE 'over 90' END AS age_bucket,
       count(*)::integer AS items, count(unexplained)::integer AS items_with_amount, sum(unexplained) AS unexplained,
       sum(abs(unexplained)) AS gross_unexplained, max(age_days) AS oldest_days
  FROM (SELECT DISTINCT ON (entity, gl_account, currency) * FROM recon.open_break
         ORDER BY entity, gl_account, currency, as_of_date DESC, age_days DESC) AS once
 GROUP BY 1, 2, 3;
COMMENT ON VIEW recon.open_break_total IS 'The open items summed; accounts compared as one sum count once; never across currencies. Grain: entity × currency × age bucket.';
COMMENT ON COLUMN recon.open_break_total.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.open_break_total.currency IS 'ISO 4217 code of the sums.';
COMMENT ON COLUMN recon.open_break_total.age_bucket IS 'Calendar days open: 0-7, 8-30, 31-60, 61-90, over 90.';
COMMENT ON COLUMN recon.open_break_total.items IS 'Open items.';
COMMENT ON COLUMN recon.open_break_total.items_with_amount IS 'Those of them with both sides: the sums lack the others.';
COMMENT ON COLUMN recon.open_break_total.unexplained IS 'Sum of what is unexplained; null: no item has an amount.';
COMMENT ON COLUMN recon.open_break_total.gross_unexplained IS 'Sum of its absolute values.';
COMMENT ON COLUMN recon.open_break_total.oldest_days IS 'Age of the oldest.';

CREATE VIEW recon.unmapped_gl AS
SELECT DISTINCT ON (g.as_of_date, g.entity, g.gl_account, g.currency)
       g.entity, g.gl_account, g.currency, g.as_of_date, g.balance, g.load_no
  FROM recon.gl_balance AS g
 WHERE NOT EXISTS (SELECT FROM ledger.account AS a
                    WHERE (a.entity, a.gl_account, a.currency) = (g.entity, g.gl_account, g.currency) AND a.active)
 ORDER BY g.as_of_date, g.entity, g.gl_account, g.currency, g.load_no DESC;
COMMENT ON VIEW recon.unmapped_gl IS 'GL balances that nothing is compared with: no active account has that entity, GL account and currency. Grain: GL account × date.';
COMMENT ON COLUMN recon.unmapped_gl.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.unmapped_gl.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.unmapped_gl.currency IS 'ISO 4217 code of the balance.';
COMMENT ON COLUMN recon.unmapped_gl.as_of_date IS 'The posting date.';
COMMENT ON COLUMN recon.unmapped_gl.balance IS 'Closing balance as the newest load gave it.';
COMMENT ON COLUMN recon.unmapped_gl.load_no IS 'That load.';

-- ── Guards and grants ───────────────────────────────────────────────────────────────────────────

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['gl_load', 'gl_balance', 'item', 'reconciliation'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.%I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', t);
    END LOOP;
END $$;

REVOKE ALL ON ALL ROUTINES IN SCHEMA recon FROM PUBLIC;
GRANT USAGE ON SCHEMA recon TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT SELECT ON ALL TABLES IN SCHEMA recon
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT EXECUTE ON FUNCTION recon.is_transposed(numeric, numeric, integer)
    TO qbank_loader, qbank_analyst, qbank_operator, qbank_preparer, qbank_approver;
GRANT INSERT (kind, sha256, rows) ON recon.gl_load TO qbank_loader;
GRANT INSERT ON recon.gl_balance, recon.item, recon.reconciliation TO qbank_loader;
