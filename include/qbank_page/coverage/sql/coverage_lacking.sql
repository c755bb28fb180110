-- Purpose: which accounts lack a balance in an hour of a week that is over: counted, account by account and by the
--          index alone, so that no week of theirs is made. Joined whole, a week's balances take four times as long.
-- Grain:   account with such an hour.
-- Parameters: since: the week's first hour; account_ids, a list.
WITH this AS MATERIALIZED (
    SELECT date_trunc('hour', now(), 'UTC') AS hour
), period AS MATERIALIZED (
    -- The current hour is no gap yet.
    SELECT p.account_id, greatest(date_trunc('hour', p.opened_at, 'UTC'), :since) AS first_hour,
           least(date_trunc('hour', p.closed_at, 'UTC'), CAST(:since AS timestamptz) + interval '7 days', t.hour)
             AS until
      FROM ledger.account_period AS p, this AS t
     WHERE p.account_id = ANY (:account_ids) AND p.opened_at < now()
       AND p.opened_at < CAST(:since AS timestamptz) + interval '7 days'
       AND coalesce(p.closed_at >= CAST(:since AS timestamptz) + interval '1 hour', true)
)
SELECT DISTINCT p.account_id
  FROM period AS p
 WHERE date_part('epoch', p.until - p.first_hour) / 3600
     > (SELECT count(*) FROM ledger.balance AS b
         WHERE b.account_id = p.account_id AND b.as_of_hour >= p.first_hour AND b.as_of_hour < p.until
           AND b.as_of_hour >= :since AND b.as_of_hour < CAST(:since AS timestamptz) + interval '7 days')
