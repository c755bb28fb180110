-- Purpose: close a run: count its outcomes and say how it ended. Closing it again counts again, and
--          changes nothing unless an outcome did.
-- Params:  run_no of a run that this transaction holds (lock_run.sql): what is counted while somebody
--          else holds it is what was there before.
-- Grain:   one row, the run's counts.
WITH counted AS (
    SELECT count(*) FILTER (WHERE outcome IN ('published', 'would_publish')) AS published,
           count(*) FILTER (WHERE outcome = 'quarantined') AS quarantined,
           count(*) FILTER (WHERE outcome = 'failed') AS failed
      FROM sync.current_outcome WHERE run_no = :run_no
)
UPDATE sync.run AS r
   SET finished_at = coalesce(r.finished_at, clock_timestamp()),
       published = c.published, quarantined = c.quarantined, failed = c.failed,
       state = CASE WHEN r.dry_run THEN 'dry_run'
                    WHEN c.published = r.expected THEN 'complete'
                    WHEN c.published > 0 THEN 'partial'
                    ELSE 'failed' END
  FROM counted AS c
 WHERE r.run_no = :run_no
RETURNING r.run_no, r.state, r.expected, r.published, r.quarantined, r.failed
