-- Purpose: why accounts have no balance in hours of a week, as the newest run that tried knew.
-- Grain:   account × reason.
-- Parameters: since: the week's first hour; account_ids, a list.
SELECT g.account_id, g.reason, array_agg((extract(epoch FROM g.as_of_hour - :since) / 3600)::integer) AS hours
  FROM ledger.missing_hour_reason AS g
 WHERE g.as_of_hour >= :since AND g.as_of_hour < CAST(:since AS timestamptz) + interval '7 days'
   AND g.account_id = ANY (:account_ids)
 GROUP BY g.account_id, g.reason
