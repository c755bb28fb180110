-- Purpose: every account with its closing of a date (:date), for an export.
-- Grain:   account that was active as the date ended; without a closing, its columns are null. Ordered by currency and
--          account, so that a writer can group by them as the rows come. The closing is stale where it is older than
--          the account allows at the end of its day, as it is for reconciliation.
SELECT a.account_id, a.name, a.entity, a.gl_account, a.bank_id, a.bank_account, a.currency AS account_currency,
       a.minor_units, c.currency, c.ledger_balance, c.available_balance, c.as_of_hour, c.observed_at,
       d.ends_at - c.observed_at > make_interval(mins => a.max_age_minutes) AS is_stale, c.seal_no,
       CAST(:date AS date) AS closing_of, d.closes_at, now() >= d.closes_at AS is_over
  FROM ledger.account AS a
 CROSS JOIN LATERAL (
       SELECT ledger.day_end(a.time_zone, a.cut_off, CAST(:date AS date)),
              ledger.closes_at(a.time_zone, a.cut_off, a.closing_grace_minutes, CAST(:date AS date)))
       AS d (ends_at, closes_at)
  LEFT JOIN LATERAL ledger.closing(
       a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, CAST(:date AS date)) AS c ON true
 -- Before its first period, an account that is active now counts where it has a closing, or has no period at all.
 CROSS JOIN LATERAL ledger.was_active(
       a.account_id, d.ends_at,
       a.active AND (c.account_id IS NOT NULL
                     OR NOT EXISTS (SELECT FROM ledger.account_period AS p WHERE p.account_id = a.account_id)))
       AS w (active)
 WHERE w.active
 ORDER BY coalesce(c.currency, a.currency), a.account_id COLLATE "C"
