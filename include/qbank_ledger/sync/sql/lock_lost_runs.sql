-- Purpose: the runs that are past their deadline and still open, or began in the future, by a clock that ran
--          ahead: locked for closing.
-- Grain:   run. Skips those that somebody else is closing at this moment.
SELECT run_no FROM sync.run
 WHERE state = 'running' AND (deadline_at < clock_timestamp() OR ledger.is_ahead(started_at))
 ORDER BY run_no
   FOR UPDATE SKIP LOCKED
