-- Purpose: signing a reconciliation off: prepared by one, approved by another, taken back by a restatement.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION recon.acquire_lock() RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off SET lock_timeout = '30s' AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'Comparing and signing off need the isolation level READ COMMITTED: begin the transaction '
                        'with it.'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM ledger.acquire_lock('reconcile');
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'A reconciliation, or somebody else''s sign-off, is at work: try again in a minute.'
        USING ERRCODE = 'lock_not_available', DETAIL = SQLERRM;
END $$;
COMMENT ON FUNCTION recon.acquire_lock() IS
    'Waits, for 30 s at most, until no comparison and no other sign-off is under way; keeps them off to the end of '
    'the transaction.';

CREATE FUNCTION recon.record_sign_off(action text, account_id text, as_of_date date, comment text, version integer)
RETURNS recon.sign_off LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off SET datestyle = 'ISO' AS $$
DECLARE
    newest   recon.reconciliation;
    before   recon.sign_off;
    done     recon.sign_off;
    said     text := CASE WHEN record_sign_off.comment ~ '\S' THEN btrim(record_sign_off.comment, E' \t\r\n') END;
    problem  text[];
BEGIN
    PERFORM recon.acquire_lock();
    SELECT r.* INTO newest FROM recon.reconciliation AS r
     WHERE r.account_id = record_sign_off.account_id AND r.as_of_date = record_sign_off.as_of_date
     ORDER BY r.version DESC LIMIT 1;
    SELECT s.* INTO before FROM recon.sign_off AS s
     WHERE s.account_id = record_sign_off.account_id AND s.as_of_date = record_sign_off.as_of_date
     ORDER BY s.sign_off_no DESC LIMIT 1;
    problem := CASE
        WHEN newest.version IS NULL
            THEN ARRAY['22023', 'there is none; recon.sign_off_state lists what was compared']
        WHEN record_sign_off.version <> newest.version
            THEN ARRAY['55000', format('version %s is not the newest: look at version %s and sign that',
                                       record_sign_off.version, newest.version)]
        WHEN newest.provisional
            THEN ARRAY['55000', 'it is provisional, compared before its cut-off: reconcile it after that']
        WHEN before.state = 'approved' OR action = 'prepared' AND before.state = 'prepared'
            THEN ARRAY['55000', format('%s %s it already', before.actor, before.state)]
        WHEN action <> 'prepared' AND before.state IS DISTINCT FROM 'prepared'
            THEN ARRAY['55000', format('it is %s, and somebody has to prepare it first',
                                       coalesce(before.state, 'open'))]
        WHEN action <> 'prepared' AND before.actor = session_user
            THEN ARRAY['42501', format('%s prepared it: somebody else has to look at it', session_user)]
        WHEN action = 'rejected' AND said IS NULL
            THEN ARRAY['22023', 'a rejection needs a comment: say what is wrong']
        WHEN action = 'approved' AND newest.status <> 'matched' AND said IS NULL
            THEN ARRAY['22023', format('it is %s, and approving that needs a comment: say why it may stand',
                                       newest.status)]
    END;
    IF problem IS NOT NULL THEN
        RAISE EXCEPTION 'The reconciliation of account % on % can''t be %: %.',
              coalesce(record_sign_off.account_id, '(none)'), coalesce(record_sign_off.as_of_date::text, '(none)'),
              action, problem[2] USING ERRCODE = problem[1];
    END IF;
    INSERT INTO recon.sign_off AS s (account_id, as_of_date, version, state, comment)
    VALUES (newest.account_id, newest.as_of_date, newest.version, action, said)
    RETURNING s.* INTO done;
    RETURN done;
END $$;
COMMENT ON FUNCTION recon.record_sign_off(text, text, date, text, integer) IS
    'What prepare, approve and reject have in common: the order of states, who may not, what needs a comment. Nobody '
    'calls it directly.';

CREATE FUNCTION recon.prepare(account_id text, as_of_date date, comment text DEFAULT NULL, version integer DEFAULT NULL)
RETURNS recon.sign_off LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT recon.record_sign_off('prepared', account_id, as_of_date, comment, version)
$$;
COMMENT ON FUNCTION recon.prepare(text, date, text, integer) IS
    'Puts the newest version of an account''s date forward for approval; returns the action. From open, rejected or '
    'decertified. With a version: only if that is the newest. For qbank_preparer.';

CREATE FUNCTION recon.approve(account_id text, as_of_date date, comment text DEFAULT NULL, version integer DEFAULT NULL)
RETURNS recon.sign_off LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT recon.record_sign_off('approved', account_id, as_of_date, comment, version)
$$;
COMMENT ON FUNCTION recon.approve(text, date, text, integer) IS
    'Approves what somebody else prepared; returns the action. Anything but matched needs a comment. With a version: '
    'only if that is the newest. For qbank_approver.';

CREATE FUNCTION recon.reject(account_id text, as_of_date date, comment text DEFAULT NULL, version integer DEFAULT NULL)
RETURNS recon.sign_off LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    SELECT recon.record_sign_off('rejected', account_id, as_of_date, comment, version)
$$;
COMMENT ON FUNCTION recon.reject(text, date, text, integer) IS
    'Sends back what somebody else prepared, with a comment that says why; returns the action. With a version: only '
    'if that is the newest. For qbank_approver.';

-- reconcile.py turns nested loops off, which here read a few rows each.
CREATE FUNCTION recon.revoke_sign_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_nestloop = on SET jit = off AS $$
BEGIN
    PERFORM recon.acquire_lock();
    INSERT INTO recon.sign_off (account_id, as_of_date, version, state, comment)
    SELECT DISTINCT ON (w.account_id, w.as_of_date) w.account_id, w.as_of_date, w.version, 'decertified',
           format('%s by %s taken back: %s',
                  CASE b.state WHEN 'approved' THEN 'Approval' ELSE 'Preparation' END, b.actor, concat_ws('; ',
                  CASE WHEN w.bank_balance IS DISTINCT FROM s.bank_balance THEN
                       format('bank balance restated from %s to %s',
                              coalesce(s.bank_balance::text, 'none'), coalesce(w.bank_balance::text, 'none')) END,
                  CASE WHEN w.gl_balance IS DISTINCT FROM s.gl_balance THEN
                       format('GL balance restated from %s to %s',
                              coalesce(s.gl_balance::text, 'none'), coalesce(w.gl_balance::text, 'none')) END,
                  CASE WHEN w.bank_items <> s.bank_items THEN
                       format('bank items changed from %s to %s', s.bank_items, w.bank_items) END,
                  CASE WHEN w.book_items <> s.book_items THEN
                       format('book items changed from %s to %s', s.book_items, w.book_items) END,
                  CASE WHEN w.currency <> s.currency THEN format('currency %s → %s', s.currency, w.currency) END,
                  CASE WHEN w.status <> s.status THEN format('status %s → %s', s.status, w.status) END))
      FROM written AS w
     CROSS JOIN LATERAL (
           SELECT l.version, l.state, l.actor FROM recon.sign_off AS l
            WHERE l.account_id = w.account_id AND l.as_of_date = w.as_of_date
            ORDER BY l.sign_off_no DESC LIMIT 1) AS b
      JOIN recon.reconciliation AS s
        ON s.account_id = w.account_id AND s.as_of_date = w.as_of_date AND s.version = b.version
     WHERE w.version > 1 AND b.state IN ('prepared', 'approved')
       -- What was signed. Not age, cause, tolerance: they say something of it.
       AND (w.bank_balance, w.gl_balance, w.bank_items, w.book_items, w.currency, w.status)
           IS DISTINCT FROM (s.bank_balance, s.gl_balance, s.bank_items, s.book_items, s.currency, s.status)
     ORDER BY w.account_id, w.as_of_date, w.version DESC;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.revoke_sign_off() IS
    'Takes preparation and approval back where a new version has other numbers, or another status, than the one that '
    'was signed.';

CREATE TRIGGER revoke_sign_off AFTER INSERT ON recon.reconciliation
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION recon.revoke_sign_off();

CREATE VIEW recon.sign_off_state AS
SELECT r.account_id, r.as_of_date, r.version, r.entity, r.gl_account, r.currency, r.bank_balance, r.gl_balance,
       r.difference, r.unexplained, r.status, r.cause, r.age_days, r.provisional, coalesce(a.state, 'open') AS state,
       CASE WHEN a.state IN ('prepared', 'approved') THEN a.version END AS signed_version,
       p.actor AS prepared_by, p.at AS prepared_at,
       CASE WHEN a.state = 'approved' THEN a.actor END AS approved_by,
       CASE WHEN a.state = 'approved' THEN a.at END AS approved_at,
       a.actor AS acted_by, a.at AS acted_at, a.comment
  FROM (SELECT DISTINCT ON (account_id, as_of_date)
               account_id, as_of_date, version, entity, gl_account, currency, bank_balance, gl_balance, difference,
               unexplained, status, cause, age_days, provisional
          FROM recon.reconciliation
         ORDER BY account_id, as_of_date, version DESC) AS r
  LEFT JOIN LATERAL (
       SELECT s.version, s.state, s.actor, s.at, s.comment FROM recon.sign_off AS s
        WHERE s.account_id = r.account_id AND s.as_of_date = r.as_of_date
        ORDER BY s.sign_off_no DESC LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (
       SELECT s.actor, s.at FROM recon.sign_off AS s
        WHERE s.account_id = r.account_id AND s.as_of_date = r.as_of_date AND s.state = 'prepared'
          AND a.state <> 'decertified'
        ORDER BY s.sign_off_no DESC LIMIT 1) AS p ON true;
COMMENT ON VIEW recon.sign_off_state IS
    'Each reconciliation as it stands, and how far it is signed off; filter it by as_of_date or account_id. Grain: '
    'account × date that was compared, its newest version.';
COMMENT ON COLUMN recon.sign_off_state.account_id IS 'The account.';
COMMENT ON COLUMN recon.sign_off_state.as_of_date IS 'The closing''s date.';
COMMENT ON COLUMN recon.sign_off_state.version IS 'The newest version: what the columns up to provisional are of.';
COMMENT ON COLUMN recon.sign_off_state.entity IS 'Legal entity or company code in the ERP.';
COMMENT ON COLUMN recon.sign_off_state.gl_account IS 'The general-ledger account.';
COMMENT ON COLUMN recon.sign_off_state.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN recon.sign_off_state.bank_balance IS 'Closing ledger balance at the bank, exact; null: none.';
COMMENT ON COLUMN recon.sign_off_state.gl_balance IS 'Closing balance in the general ledger, exact; null: none.';
COMMENT ON COLUMN recon.sign_off_state.difference IS 'Bank − GL, exact; null: a side is missing.';
COMMENT ON COLUMN recon.sign_off_state.unexplained IS 'What the items leave of it.';
COMMENT ON COLUMN recon.sign_off_state.status IS
    'matched, within_tolerance, break, missing_bank, missing_gl or stale_bank.';
COMMENT ON COLUMN recon.sign_off_state.cause IS 'What the numbers say of it; null: it matched or is within tolerance.';
COMMENT ON COLUMN recon.sign_off_state.age_days IS 'Calendar days open; null: it matches.';
COMMENT ON COLUMN recon.sign_off_state.provisional IS
    'Whether it was compared before its cut-off: it can''t be signed.';
COMMENT ON COLUMN recon.sign_off_state.state IS
    'open: nobody acted; prepared, approved, rejected; decertified: taken back, as numbers or status changed after '
    'it was prepared or approved.';
COMMENT ON COLUMN recon.sign_off_state.signed_version IS
    'The version that was prepared or approved, with the same numbers and status as the newest; null: nothing stands.';
COMMENT ON COLUMN recon.sign_off_state.prepared_by IS 'Who prepared what is prepared, approved or rejected.';
COMMENT ON COLUMN recon.sign_off_state.prepared_at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off_state.approved_by IS 'Who approved it; null: it is not approved.';
COMMENT ON COLUMN recon.sign_off_state.approved_at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off_state.acted_by IS 'Who took the newest action; null: nobody acted.';
COMMENT ON COLUMN recon.sign_off_state.acted_at IS 'When (UTC).';
COMMENT ON COLUMN recon.sign_off_state.comment IS 'What the newest action said; of decertified, what changed.';
