-- Purpose: every active account with its newest balance, for an export.
-- Grain:   active account; without a balance, its columns are null. Ordered by currency, UTC date of the observation
--          and account, so that a writer can group by them as the rows come.
SELECT a.account_id, a.name, a.entity, a.gl_account, a.bank_id, a.bank_account, a.currency AS account_currency,
       a.minor_units, l.currency, l.ledger_balance, l.available_balance, l.as_of_hour, l.observed_at, l.is_stale,
       l.seal_no, NULL::date AS closing_of
  FROM ledger.account AS a LEFT JOIN ledger.latest_balance AS l USING (account_id)
 WHERE a.active
 ORDER BY coalesce(l.currency, a.currency), (l.observed_at AT TIME ZONE 'UTC')::date, a.account_id COLLATE "C"
