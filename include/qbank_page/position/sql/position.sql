-- Purpose: the newest balance of each active account, with what it says of its age.
-- Grain:   active account.
SELECT p.account_id, p.name, p.entity, p.gl_account, p.currency, ledger.minor_units(p.currency) AS minor_units,
       p.ledger_balance, p.available_balance, p.observed_at, now() - p.observed_at AS age,
       CASE WHEN p.ledger_balance IS NULL THEN 'missing' WHEN p.is_stale THEN 'stale' ELSE 'fresh' END AS state,
       p.reason
  FROM reporting.position AS p
 ORDER BY p.entity, p.currency, p.name, p.account_id
