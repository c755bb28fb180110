-- Purpose: what drew near the newest balance: the last seven days of hours, the closing of the day before, the clock.
-- Grain:   account of those asked for.
-- Parameters: account_ids, a list.
SELECT a.account_id, a.time_zone, h.hours, h.balances, c.ledger_balance AS closing, c.currency AS closing_currency
  FROM ledger.account AS a
  LEFT JOIN LATERAL (
       SELECT array_agg((extract(epoch FROM b.as_of_hour - date_trunc('hour', now(), 'UTC')) / 3600)::integer
                        ORDER BY b.as_of_hour) AS hours,
              array_agg(b.ledger_balance::float8 ORDER BY b.as_of_hour) AS balances
         FROM ledger.balance AS b
        WHERE b.account_id = a.account_id AND b.as_of_hour > now() - interval '7 days' AND b.as_of_hour <= now()) AS h
    ON true
  LEFT JOIN LATERAL ledger.closing(
       a.account_id, a.time_zone, a.cut_off, a.closing_grace_minutes, (now() AT TIME ZONE a.time_zone)::date - 1) AS c
    ON true
 WHERE a.account_id = ANY (:account_ids)
