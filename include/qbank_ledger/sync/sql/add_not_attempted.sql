-- Purpose: an observation for every account of a run that has none: nobody got round to asking.
-- Params:  run_no.
INSERT INTO sync.observation (run_no, account_id, state, reason, attempts, observed_at)
SELECT a.run_no, a.account_id, 'failed', 'not_attempted', 0, clock_timestamp()
  FROM sync.run_account AS a
 WHERE a.run_no = :run_no
   -- A million that are there are told apart in a second; left to the conflict alone, in three.
   AND NOT EXISTS (SELECT FROM sync.observation AS o WHERE (o.run_no, o.account_id) = (a.run_no, a.account_id))
    ON CONFLICT (run_no, account_id) DO NOTHING
