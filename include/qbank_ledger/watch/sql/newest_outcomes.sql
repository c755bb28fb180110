-- Purpose: what became of the accounts of the newest run that has ended, and why.
-- Grain:   outcome × reason; an account with two reasons counts under each. reason null: all of the outcome.
SELECT o.outcome, x.reason, count(*) AS accounts
  FROM sync.outcome AS o
 CROSS JOIN LATERAL (SELECT NULL AS reason UNION ALL SELECT unnest(o.reasons)) AS x
 WHERE o.run_no = (SELECT r.run_no FROM sync.run AS r WHERE r.state <> 'running' ORDER BY r.run_no DESC LIMIT 1)
 GROUP BY o.outcome, x.reason
 ORDER BY o.outcome, x.reason NULLS FIRST
