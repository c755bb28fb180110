-- Purpose: what became of an account in the newest runs that asked for it.
-- Grain:   run, newest first.
-- Parameters: account_id; runs: among how many of the newest.
SELECT o.run_no, r.started_at, r.dry_run, o.outcome, o.reasons, o.http_status, o.attempts, o.observed_at,
       o.retry_after_s, x.released_at
  FROM (SELECT r.run_no, r.started_at, r.dry_run FROM sync.run AS r ORDER BY r.run_no DESC LIMIT :runs) AS r
 CROSS JOIN LATERAL (
       SELECT * FROM sync.outcome AS o WHERE o.run_no = r.run_no AND o.account_id = :account_id) AS o
  LEFT JOIN sync.release AS x ON (x.run_no, x.account_id) = (o.run_no, o.account_id)
 ORDER BY o.run_no DESC
