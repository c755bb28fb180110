-- Purpose: active accounts whose answer was held back in the last 24 hours, was not released, and which have had no
--          balance since.
-- Grain:   account, its newest such answer.
SELECT DISTINCT ON (q.account_id) q.account_id, a.name, q.run_no, array_to_string(q.reasons, ', ') AS reasons
  FROM sync.quarantine AS q JOIN ledger.account AS a USING (account_id)
 WHERE q.run_no = ANY (ARRAY(SELECT r.run_no FROM sync.run AS r
                              WHERE r.quarantined > 0 AND NOT r.dry_run AND r.started_at > now() - interval '24 hours'))
   AND a.active AND q.released_at IS NULL
   AND NOT EXISTS (SELECT FROM ledger.balance AS b
                    WHERE b.account_id = q.account_id AND b.as_of_hour >= date_trunc('hour', q.observed_at, 'UTC')
                      AND b.observed_at > q.observed_at)
 ORDER BY q.account_id, q.run_no DESC
