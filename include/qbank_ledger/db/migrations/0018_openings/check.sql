-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('ledger.%s must have no opening balance in another currency', v.name) AS problem
  FROM (VALUES ('hourly_movement'), ('daily_movement')) AS v (name)
 WHERE pg_get_viewdef(format('ledger.%I', v.name)::regclass) !~ 'CASE[^,]*END\)?(::\S+)? AS opening_balance'
