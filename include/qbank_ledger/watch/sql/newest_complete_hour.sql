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
       -- Where an account that was active all day has no balance of the day, none of its hours is: the first such
       -- account says so, and no hour is counted.
       CASE WHEN NOT EXISTS (
                SELECT FROM ledger.account_period AS p
                 WHERE p.closed_at IS NULL AND p.opened_at < date_trunc('hour', now(), 'UTC') - interval '23 hours'
                   AND (SELECT b.as_of_hour FROM ledger.balance AS b
                         WHERE b.account_id = p.account_id AND b.as_of_hour <= now()
                           AND b.as_of_hour >= date_trunc('hour', now(), 'UTC') - interval '24 hours'
                         LIMIT 1) IS NULL)
            THEN (SELECT max(c.as_of_hour) FROM ledger.coverage AS c
                   WHERE c.as_of_hour >= date_trunc('hour', now(), 'UTC') - interval '24 hours'
                     AND c.state = 'complete' AND c.expected > 0) END,
       (SELECT (SELECT max(c.as_of_hour) FROM ledger.coverage AS c
                 WHERE c.as_of_hour >= date_trunc('hour', r.started_at, 'UTC') AND c.as_of_hour <= r.finished_at
                   AND c.state = 'complete' AND c.expected > 0)
          FROM sync.run AS r WHERE r.state = 'complete' AND NOT r.subset ORDER BY r.run_no DESC LIMIT 1))
