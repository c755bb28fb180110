-- Purpose: open a closed run again, for a fetch that was cleared by hand: with a new deadline, as
--          long after now as the first was after its start, and a new budget for its fetch tasks.
-- Params:  run_no.
WITH reopened AS (
    UPDATE sync.run
       SET state = 'running', finished_at = NULL, published = NULL, quarantined = NULL, failed = NULL,
           deadline_at = clock_timestamp() + (deadline_at - started_at)
     WHERE run_no = :run_no AND state <> 'running'
    RETURNING run_no
)
UPDATE sync.batch SET fetch_started_at = NULL WHERE run_no IN (SELECT run_no FROM reopened)
