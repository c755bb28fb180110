-- Purpose: who holds, or waits before it for, what a session waits for.
-- Params:  pid of that session.
-- Grain:   session; none: it waits for nobody.
SELECT h.pid, coalesce(a.usename, 'somebody') AS login
  FROM unnest(pg_blocking_pids(:pid)) AS h (pid) LEFT JOIN pg_stat_activity AS a USING (pid)
 ORDER BY h.pid
