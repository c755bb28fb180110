-- Purpose: how much of these hours is there; first those that lack something, of each the newest first.
-- Grain:   hour in which an account was active.
-- Params:  hours: the UTC hours.
SELECT as_of_hour, expected, present, missing, state FROM ledger.coverage
 WHERE as_of_hour = ANY (CAST(:hours AS timestamptz[])) AND expected > 0
 ORDER BY missing > 0 DESC, as_of_hour DESC
