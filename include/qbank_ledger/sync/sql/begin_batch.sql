-- Purpose: when the first try of a fetch task began; its later tries share that task's budget.
-- Params:  run_no, batch_no; api_host: the host of the connection by which the task asks.
-- Grain:   one row: seconds used so far, seconds until the run's deadline, whether the ledger takes that host.
WITH begun AS (
    INSERT INTO sync.batch AS b (run_no, batch_no, fetch_started_at)
    VALUES (:run_no, :batch_no, clock_timestamp())
        ON CONFLICT (run_no, batch_no) DO UPDATE
       SET fetch_started_at = coalesce(b.fetch_started_at, excluded.fetch_started_at)
    RETURNING fetch_started_at
)
SELECT extract(epoch FROM clock_timestamp() - b.fetch_started_at)::float8 AS used_s,
       extract(epoch FROM r.deadline_at - clock_timestamp())::float8 AS left_s,
       r.api_host = :api_host OR EXISTS (SELECT FROM ledger.accepted_host AS h WHERE h.api_host = :api_host)
       AS takes_host
  FROM begun AS b, sync.run AS r WHERE r.run_no = :run_no
