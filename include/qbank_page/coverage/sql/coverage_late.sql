-- Purpose: in which hours of a week accounts had their first balance late, be it the one that counts or one that was
--          replaced. Grouped, so that more than one process reads the week.
-- Grain:   account with such an hour.
-- Parameters: since: the week's first hour; account_ids, a list; null: every account's, which takes half of the time
--          of a list of them all; late_after: so many minutes after an hour began.
SELECT v.account_id, array_agg(date_part('epoch', v.as_of_hour - :since)::integer / 3600) AS hours,
       array_agg(floor(date_part('epoch', v.recorded_at - v.as_of_hour) / 60)::integer) AS minutes
  FROM (SELECT account_id, as_of_hour, revision, recorded_at FROM ledger.balance
        UNION ALL
        SELECT account_id, as_of_hour, revision, recorded_at FROM ledger.balance_history) AS v
 WHERE v.as_of_hour >= :since AND v.as_of_hour < CAST(:since AS timestamptz) + interval '7 days'
   AND v.revision = 1 AND v.recorded_at >= v.as_of_hour + make_interval(mins => :late_after)
   AND (CAST(:account_ids AS text[]) IS NULL OR v.account_id = ANY (CAST(:account_ids AS text[])))
 GROUP BY v.account_id
