-- Purpose: the accounts that were expected in a week, each with the hours in which they were.
-- Grain:   account with a period in the week.
-- Parameters: since: the week's first hour.
SELECT a.account_id, a.name, a.entity, a.gl_account, p.firsts, p.lasts,
       floor(extract(epoch FROM now() - :since) / 3600)::integer AS this_hour
  FROM ledger.account AS a
  JOIN (SELECT p.account_id,
               -- Active at an hour's end: opened before it, not closed before it. Hours are 0 to 167, up to this one.
               array_agg(greatest(0, floor(extract(epoch FROM p.opened_at - :since) / 3600))::integer
                         ORDER BY p.opened_at) AS firsts,
               -- Of a week to come, none.
               array_agg(greatest(0, least(168, floor(extract(epoch FROM now() - :since) / 3600) + 1,
                                           floor(extract(epoch FROM p.closed_at - :since) / 3600)))::integer - 1
                         ORDER BY p.opened_at) AS lasts
          FROM ledger.account_period AS p
         WHERE p.opened_at < CAST(:since AS timestamptz) + interval '7 days' AND p.opened_at < now()
           AND coalesce(p.closed_at >= CAST(:since AS timestamptz) + interval '1 hour', true)
         GROUP BY p.account_id) AS p USING (account_id)
 ORDER BY a.entity, a.name, a.account_id
