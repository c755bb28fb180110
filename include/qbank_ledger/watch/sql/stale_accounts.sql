-- Purpose: active accounts whose newest balance is stale although a run has been due since; or is from the future.
-- Grain:   account.
-- Params:  since: when a run was last due; null: none ever was.
SELECT account_id, name, observed_at FROM ledger.latest_balance
 WHERE active AND is_stale AND (observed_at < CAST(:since AS timestamptz) OR ledger.is_ahead(observed_at))
 ORDER BY account_id
