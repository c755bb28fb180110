-- Purpose: whether a date counts an account, said once: by what it was as the date ended.
-- Run as:  qbank_owner, in one transaction (see migrate.py).

CREATE FUNCTION ledger.was_active(of_account text, instant timestamptz, active_now boolean) RETURNS SETOF boolean
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT coalesce(bool_or(coalesce(p.closed_at >= instant, true)), active_now)
      FROM ledger.account_period AS p WHERE p.account_id = of_account AND p.opened_at < instant;
END;
COMMENT ON FUNCTION ledger.was_active(text, timestamptz, boolean) IS
    'Whether the account was active at an instant, such as a date''s end; before its first period, it is taken for '
    'what it is now (ledger.active_at says false, where the account has periods). Grain: one row.';
REVOKE ALL ON FUNCTION ledger.was_active(text, timestamptz, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.was_active(text, timestamptz, boolean) TO qbank_analyst;

CREATE OR REPLACE VIEW recon.unmapped_gl AS
SELECT DISTINCT ON (g.as_of_date, g.entity, g.gl_account, g.currency)
       g.entity, g.gl_account, g.currency, g.as_of_date, g.balance, g.load_no, f.name AS file_name, g.line_no
  FROM recon.gl_balance AS g JOIN recon.file_load AS f USING (load_no)
 WHERE NOT EXISTS (SELECT FROM ledger.account AS a
                     CROSS JOIN LATERAL ledger.was_active(
                          a.account_id, ledger.day_end(a.time_zone, a.cut_off, g.as_of_date), a.active) AS w (active)
                    WHERE (a.entity, a.gl_account, a.currency) = (g.entity, g.gl_account, g.currency) AND w.active)
 ORDER BY g.as_of_date, g.entity, g.gl_account, g.currency, g.load_no DESC;
