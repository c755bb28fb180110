-- Purpose: open a run again that is closed or past its deadline, for a fetch that was cleared by hand: with a new
--          deadline and a new budget for its fetch tasks.
-- Params:  run_no; timeout_s: the seconds that it gets.
WITH reopened AS (
    UPDATE sync.run
       SET state = 'running', finished_at = NULL, published = NULL, quarantined = NULL, failed = NULL,
           deadline_at = clock_timestamp() + make_interval(secs => :timeout_s)
     WHERE run_no = :run_no AND (state <> 'running' OR deadline_at < clock_timestamp())
    RETURNING run_no
)
UPDATE sync.batch SET fetch_started_at = NULL WHERE run_no IN (SELECT run_no FROM reopened)
