-- Purpose: the first hour of the last three runs that published before a run: in it and after it is the newest balance
--          of each account that was not missing in all three.
-- Params:  run_no.
-- Grain:   one row.
SELECT date_trunc('hour', coalesce(min(before.started_at), (SELECT started_at FROM sync.run WHERE run_no = :run_no)
                                                           - interval '3 days'), 'UTC') AS since
  FROM (SELECT started_at FROM sync.run
         WHERE run_no < :run_no AND NOT subset AND NOT dry_run AND published > 0
         ORDER BY run_no DESC LIMIT 3) AS before
