-- Purpose: bring ledger.account to what the file says; a row that says so already is left alone.
-- Params:  none; the accounts are those of make_configured.sql.
INSERT INTO ledger.account AS a (
    account_id, name, currency, minor_units, entity, gl_account, time_zone, cut_off, closing_grace_minutes,
    max_age_minutes, minimum_balance, tolerance, bank_account, bank_id, active)
SELECT account_id, name, currency, minor_units, entity, gl_account, time_zone, cut_off, closing_grace_minutes,
       max_age_minutes, minimum_balance, tolerance, bank_account, bank_id, active
  FROM configured
 ORDER BY account_id COLLATE "C"
    ON CONFLICT (account_id) DO UPDATE
   SET (name, currency, minor_units, entity, gl_account, time_zone, cut_off, closing_grace_minutes,
        max_age_minutes, minimum_balance, tolerance, bank_account, bank_id, active, updated_at)
     = (excluded.name, excluded.currency, excluded.minor_units, excluded.entity, excluded.gl_account,
        excluded.time_zone, excluded.cut_off, excluded.closing_grace_minutes, excluded.max_age_minutes,
        excluded.minimum_balance, excluded.tolerance, excluded.bank_account, excluded.bank_id, excluded.active, now())
 WHERE (a.name, a.currency, a.minor_units, a.entity, a.gl_account, a.time_zone, a.cut_off, a.closing_grace_minutes,
        a.max_age_minutes, a.minimum_balance, a.tolerance, a.bank_account, a.bank_id, a.active)
       IS DISTINCT FROM
       (excluded.name, excluded.currency, excluded.minor_units, excluded.entity, excluded.gl_account,
        excluded.time_zone, excluded.cut_off, excluded.closing_grace_minutes, excluded.max_age_minutes,
        excluded.minimum_balance, excluded.tolerance, excluded.bank_account, excluded.bank_id, excluded.active)
