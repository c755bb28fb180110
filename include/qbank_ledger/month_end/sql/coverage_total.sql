-- Purpose: what ledger.coverage comes to over the month. Counted account by account, by the index alone: hour by
--          hour, each balance would be joined to its account's period, for hours that nobody is shown.
-- Grain:   one row: hours from the ledger's first to the current one, account-hours expected and present.
-- Params:  since, until: the month's hours (UTC).
WITH this AS MATERIALIZED (
    SELECT least(date_trunc('hour', now(), 'UTC') + interval '1 hour', CAST(:until AS timestamptz)) AS until
), period AS MATERIALIZED (
    -- Active at an hour's end: opened before it, not closed before it.
    SELECT p.account_id, greatest(date_trunc('hour', p.opened_at, 'UTC'), CAST(:since AS timestamptz)) AS first_hour,
           least(date_trunc('hour', p.closed_at, 'UTC'), t.until) AS until
      FROM ledger.account_period AS p, this AS t
     WHERE p.opened_at < t.until
)
SELECT (SELECT count(*) FROM ledger.hours() AS h (as_of_hour) WHERE h.as_of_hour >= :since AND h.as_of_hour < :until)
         AS hours,
       coalesce(sum(extract(epoch FROM p.until - p.first_hour) / 3600), 0)::bigint AS expected,
       coalesce(sum((SELECT count(*) FROM ledger.balance AS b
                      WHERE b.account_id = p.account_id AND b.as_of_hour >= p.first_hour AND b.as_of_hour < p.until
                        AND b.as_of_hour >= :since AND b.as_of_hour < :until)), 0)::bigint AS present
  FROM period AS p
 WHERE p.first_hour < p.until
