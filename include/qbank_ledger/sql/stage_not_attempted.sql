-- Purpose: an observation for every account of a run that has none: nobody got round to asking.
-- Params:  run_no.
INSERT INTO sync.observation (run_no, account_id, run_started_at, state, reason, attempts, observed_at)
SELECT r.run_no, a.account_id, r.started_at, 'failed', 'not_attempted', 0, clock_timestamp()
  FROM sync.run AS r JOIN sync.run_account AS a USING (run_no)
 WHERE r.run_no = :run_no
    ON CONFLICT (run_no, account_id, run_started_at) DO NOTHING
