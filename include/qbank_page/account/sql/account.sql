-- Purpose: what an account is, as the newest full run read it, and since when it was expected or observed.
-- Grain:   the account; no row: there is none of that id.
-- Parameters: account_id.
SELECT a.account_id, a.name, a.entity, a.gl_account, a.currency, a.minor_units, a.time_zone, a.cut_off,
       a.closing_grace_minutes, a.max_age_minutes, a.tolerance, a.minimum_balance, a.bank_account, a.bank_id,
       a.active, a.updated_at, (now() AT TIME ZONE a.time_zone)::date AS today, now() AS read_at,
       p.opened_at, p.closed_at, least(p.opened_at, b.as_of_hour) AS begins_at
  FROM ledger.account AS a
  LEFT JOIN LATERAL (
       SELECT min(p.opened_at) AS opened_at,
              CASE WHEN bool_and(p.closed_at IS NOT NULL) THEN max(p.closed_at) END AS closed_at
         FROM ledger.account_period AS p WHERE p.account_id = a.account_id) AS p ON true
  LEFT JOIN LATERAL (
       SELECT b.as_of_hour FROM ledger.balance AS b
        WHERE b.account_id = a.account_id ORDER BY b.as_of_hour LIMIT 1) AS b ON true
 WHERE a.account_id = :account_id
