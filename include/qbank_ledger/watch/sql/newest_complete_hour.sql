-- Purpose: the newest hour of which nothing is missing: of the last day, else of the newest run that lacked no account.
--          No further back is looked hour by hour: that would count a year's balances.
-- Grain:   one row; null: there is none.
SELECT coalesce(
       -- Mostly it is this hour, or the one before.
       (SELECT c.as_of_hour FROM ledger.coverage AS c
         WHERE c.as_of_hour = date_trunc('hour', now(), 'UTC') AND c.state = 'complete' AND c.expected > 0),
       (SELECT c.as_of_hour FROM ledger.coverage AS c
         WHERE c.as_of_hour = date_trunc('hour', now(), 'UTC') - interval '1 hour'
           AND c.state = 'complete' AND c.expected > 0),
       (SELECT max(c.as_of_hour) FROM ledger.coverage AS c
         WHERE c.as_of_hour >= date_trunc('hour', now(), 'UTC') - interval '24 hours'
           AND c.state = 'complete' AND c.expected > 0),
       (SELECT (SELECT max(c.as_of_hour) FROM ledger.coverage AS c
                 WHERE c.as_of_hour >= date_trunc('hour', r.started_at, 'UTC') AND c.as_of_hour <= r.finished_at
                   AND c.state = 'complete' AND c.expected > 0)
          FROM sync.run AS r WHERE r.state = 'complete' AND NOT r.subset ORDER BY r.run_no DESC LIMIT 1))
