-- Purpose: the newest balance, where it lies ahead of the database's clock.
-- Grain:   one row at most.
SELECT b.run_no, b.observed_at, statement_timestamp() AS clock FROM ledger.balance AS b
 WHERE b.as_of_hour >= date_trunc('hour', statement_timestamp(), 'UTC') AND ledger.is_ahead(b.observed_at)
 ORDER BY b.observed_at DESC LIMIT 1
