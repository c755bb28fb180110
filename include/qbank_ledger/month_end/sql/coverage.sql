-- Purpose: how many of the accounts expected in each hour of the month have a balance.
-- Grain:   hour from the ledger's first to the current one.
-- Params:  since, until: the month's hours (UTC).
SELECT as_of_hour, expected, present, missing, state FROM ledger.coverage
 WHERE as_of_hour >= :since AND as_of_hour < :until
 ORDER BY as_of_hour
