-- Purpose: in which hours of a week accounts have a balance, and which of them had their first version late.
--          As a text of 168 digits: joining each account to each hour takes five times as long.
-- Grain:   account with a balance in the week.
-- Parameters: since: the week's first hour; account_ids, a list; late_after: so many minutes after an hour began.
SELECT v.account_id,
       (bit_or(set_bit(repeat('0', 168)::bit(168), date_part('epoch', v.as_of_hour - :since)::integer / 3600, 1))
        FILTER (WHERE v.is_present))::text AS present,
       array_agg(date_part('epoch', v.as_of_hour - :since)::integer / 3600) FILTER (WHERE v.is_late) AS late_hours,
       array_agg(floor(date_part('epoch', v.recorded_at - v.as_of_hour) / 60)::integer) FILTER (WHERE v.is_late)
         AS late_minutes
  FROM (SELECT b.account_id, b.as_of_hour, b.recorded_at, true AS is_present,
               b.revision = 1 AND b.recorded_at >= b.as_of_hour + make_interval(mins => :late_after) AS is_late
          FROM ledger.balance AS b
         WHERE b.as_of_hour >= :since AND b.as_of_hour < CAST(:since AS timestamptz) + interval '7 days'
           AND b.account_id = ANY (:account_ids)
        UNION ALL
        SELECT h.account_id, h.as_of_hour, h.recorded_at, false,
               h.recorded_at >= h.as_of_hour + make_interval(mins => :late_after)
          FROM ledger.balance_history AS h
         WHERE h.as_of_hour >= :since AND h.as_of_hour < CAST(:since AS timestamptz) + interval '7 days'
           AND h.account_id = ANY (:account_ids) AND h.revision = 1) AS v
 GROUP BY v.account_id
