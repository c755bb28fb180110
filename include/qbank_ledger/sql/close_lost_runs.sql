-- Purpose: the runs that are past their deadline and still open, locked for closing.
-- Grain:   run. Skips those that somebody else is closing at this moment.
SELECT run_no FROM sync.run
 WHERE state = 'running' AND deadline_at < clock_timestamp()
 ORDER BY run_no
   FOR UPDATE SKIP LOCKED
