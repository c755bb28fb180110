-- Purpose: what became of the accounts of a run.
-- Grain:   account; those that are not published come first.
-- Parameters: run_no; outcome, or empty; reason: one of its reasons, or empty; rows: how many at most; skipped.
SELECT o.account_id, a.name, a.entity, a.time_zone, coalesce(o.outcome, 'open') AS outcome, o.reasons,
       o.http_status, o.attempts, o.observed_at, o.retry_after_s, x.released_at
  FROM sync.outcome AS o
  JOIN ledger.account AS a ON a.account_id = o.account_id
  LEFT JOIN sync.release AS x ON (x.run_no, x.account_id) = (o.run_no, o.account_id)
 WHERE o.run_no = :run_no AND :outcome IN ('', coalesce(o.outcome, 'open'))
   AND (:reason = '' OR :reason = ANY (o.reasons))
 ORDER BY array_position(ARRAY['failed', 'quarantined', 'open', 'would_publish', 'published'],
                         coalesce(o.outcome, 'open')), o.account_id
 LIMIT :rows OFFSET :skipped
