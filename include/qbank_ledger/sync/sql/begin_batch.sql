-- Purpose: when the first try of a fetch task began; its later tries share that task's budget.
-- Params:  run_no, batch_no.
-- Grain:   one row: seconds used so far, seconds until the run's deadline.
WITH begun AS (
    INSERT INTO sync.batch AS b (run_no, batch_no, fetch_started_at)
    VALUES (:run_no, :batch_no, clock_timestamp())
        ON CONFLICT (run_no, batch_no) DO UPDATE SET fetch_started_at = b.fetch_started_at
    RETURNING fetch_started_at
)
SELECT extract(epoch FROM clock_timestamp() - b.fetch_started_at)::float8 AS used_s,
       extract(epoch FROM r.deadline_at - clock_timestamp())::float8 AS left_s
  FROM begun AS b, sync.run AS r WHERE r.run_no = :run_no
