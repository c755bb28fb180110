-- Purpose: an account that was closed later mirrors the GL balances of the dates on which it was active; and a
--          sign-off is taken back where what was signed is of another GL account, or of other accounts.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE OR REPLACE VIEW recon.unmapped_gl AS
SELECT DISTINCT ON (g.as_of_date, g.entity, g.gl_account, g.currency)
       g.entity, g.gl_account, g.currency, g.as_of_date, g.balance, g.load_no, f.name AS file_name, g.line_no
  FROM recon.gl_balance AS g JOIN recon.file_load AS f USING (load_no)
 WHERE NOT EXISTS (SELECT FROM ledger.account AS a
                     CROSS JOIN LATERAL (SELECT ledger.day_end(a.time_zone, a.cut_off, g.as_of_date)) AS e (ends_at)
                    WHERE (a.entity, a.gl_account, a.currency) = (g.entity, g.gl_account, g.currency)
                      -- As the date ended; before its first period, an account is taken for what it is now.
                      AND coalesce((SELECT bool_or(coalesce(p.closed_at >= e.ends_at, true))
                                      FROM ledger.account_period AS p
                                     WHERE p.account_id = a.account_id AND p.opened_at < e.ends_at), a.active))
 ORDER BY g.as_of_date, g.entity, g.gl_account, g.currency, g.load_no DESC;
COMMENT ON VIEW recon.unmapped_gl IS
    'GL balances that nothing is compared with: no account that was active as the date ended has that entity, GL '
    'account and currency; before its first period, an account is taken for what it is now. Grain: GL account × date.';

CREATE OR REPLACE FUNCTION recon.revoke_sign_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
                  CASE WHEN (w.entity, w.gl_account) <> (s.entity, s.gl_account) THEN
                       format('GL account %s / %s → %s / %s', s.entity, s.gl_account, w.entity, w.gl_account) END,
                  CASE WHEN w.members <> s.members THEN
                       format('accounts compared %s → %s',
                              array_to_string(s.members, ', '), array_to_string(w.members, ', ')) END,
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
       AND (w.entity, w.gl_account, w.members, w.bank_balance, w.gl_balance, w.bank_items, w.book_items, w.currency,
            w.status)
           IS DISTINCT FROM
           (s.entity, s.gl_account, s.members, s.bank_balance, s.gl_balance, s.bank_items, s.book_items, s.currency,
            s.status)
     ORDER BY w.account_id, w.as_of_date, w.version DESC;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION recon.revoke_sign_off() IS
    'Takes preparation and approval back where a new version is of another GL account or other accounts, has other '
    'numbers, or another status, than the one that was signed.';
