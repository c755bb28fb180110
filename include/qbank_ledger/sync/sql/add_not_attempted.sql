-- Purpose: an observation for every account of a run that has none: nobody got round to asking.
-- Params:  run_no.
INSERT INTO sync.observation (run_no, account_id, run_started_at, state, reason, attempts, observed_at)
SELECT r.run_no, a.account_id, r.started_at, 'failed', 'not_attempted', 0, clock_timestamp()
  FROM sync.run AS r JOIN sync.run_account AS a USING (run_no)
 WHERE r.run_no = :run_no
   -- A million that are there are told apart in a second; left to the conflict alone, in three.
   AND NOT EXISTS (SELECT FROM sync.observation AS o
                    WHERE (o.run_no, o.account_id, o.run_started_at) = (r.run_no, a.account_id, r.started_at))
    ON CONFLICT (run_no, account_id, run_started_at) DO NOTHING
