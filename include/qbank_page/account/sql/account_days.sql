-- Purpose: an account's closings day by day, or of each month's last day, and why there is none.
-- Grain:   date in the account's time zone, without gaps; by months: the last of each, and today; newest first.
-- Parameters: account_id; since, until: dates, both included; today: the account's; months: whether by months.
SELECT d.as_of_date, d.currency, ledger.minor_units(d.currency) AS minor_units, d.ledger_balance,
       d.available_balance, d.observed_at, d.is_stale, d.is_provisional, d.reason
  FROM reporting_all.daily AS d
 WHERE d.account_id = :account_id AND d.as_of_date BETWEEN :since AND :until
   AND (NOT :months OR d.as_of_date = :today
        OR d.as_of_date = (date_trunc('month', d.as_of_date::timestamp) + interval '1 month - 1 day')::date)
 ORDER BY d.as_of_date DESC
