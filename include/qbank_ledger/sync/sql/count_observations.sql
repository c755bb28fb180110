-- Purpose: how many accounts a run has, how many observations of them, how many answers among these.
-- Params:  run_no.
-- Grain:   one row.
SELECT r.expected, count(o.account_id) AS observed, count(*) FILTER (WHERE o.state <> 'failed') AS answers
  FROM sync.run AS r
  LEFT JOIN sync.run_account AS a USING (run_no)
  LEFT JOIN sync.observation AS o ON o.run_no = a.run_no AND o.account_id = a.account_id
 WHERE r.run_no = :run_no
 GROUP BY r.expected
