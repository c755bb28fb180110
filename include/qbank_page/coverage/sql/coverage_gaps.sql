-- Purpose: which accounts lack a balance in an hour of a week that is over, or had it late: counted, so that no week
--          of theirs is made. As coverage_accounts and coverage_present have it.
-- Grain:   account with such an hour.
-- Parameters: since: the week's first hour; account_ids, a list; late_after: so many minutes after an hour began.
WITH this AS MATERIALIZED (
    SELECT date_trunc('hour', now(), 'UTC') AS hour
), period AS MATERIALIZED (
    -- over_until: the current hour is no gap yet.
    SELECT p.account_id, p.first_hour, p.until, least(p.until, p.this_hour) AS over_until
      FROM (SELECT p.account_id, greatest(date_trunc('hour', p.opened_at, 'UTC'), :since) AS first_hour,
                   least(date_trunc('hour', p.closed_at, 'UTC'), CAST(:since AS timestamptz) + interval '7 days',
                         t.hour + interval '1 hour') AS until, t.hour AS this_hour
              FROM ledger.account_period AS p, this AS t
             WHERE p.account_id = ANY (:account_ids) AND p.opened_at < now()
               AND p.opened_at < CAST(:since AS timestamptz) + interval '7 days'
               AND coalesce(p.closed_at >= CAST(:since AS timestamptz) + interval '1 hour', true)) AS p
), late AS (
    SELECT b.account_id, b.as_of_hour FROM ledger.balance AS b
     WHERE b.as_of_hour >= :since AND b.as_of_hour < CAST(:since AS timestamptz) + interval '7 days'
       AND b.revision = 1 AND b.recorded_at >= b.as_of_hour + make_interval(mins => :late_after)
    UNION ALL
    SELECT h.account_id, h.as_of_hour FROM ledger.balance_history AS h
     WHERE h.as_of_hour >= :since AND h.as_of_hour < CAST(:since AS timestamptz) + interval '7 days'
       AND h.revision = 1 AND h.recorded_at >= h.as_of_hour + make_interval(mins => :late_after)
)
-- Counted by the index alone, account by account: joined whole, a week's balances take four times as long.
SELECT p.account_id
  FROM period AS p
 WHERE date_part('epoch', p.over_until - p.first_hour) / 3600
     > (SELECT count(*) FROM ledger.balance AS b
         WHERE b.account_id = p.account_id AND b.as_of_hour >= p.first_hour AND b.as_of_hour < p.over_until
           AND b.as_of_hour >= :since AND b.as_of_hour < CAST(:since AS timestamptz) + interval '7 days')
UNION
SELECT p.account_id
  FROM late AS l JOIN period AS p
    ON p.account_id = l.account_id AND l.as_of_hour >= p.first_hour AND l.as_of_hour < p.until
