-- Purpose: the accounts of a batch that have no answer yet, or a failed one.
-- Params:  run_no, batch_no.
-- Grain:   account, in key order.
SELECT a.account_id
  FROM sync.run_account AS a
  LEFT JOIN sync.observation AS o ON o.run_no = a.run_no AND o.account_id = a.account_id
 WHERE a.run_no = :run_no AND a.batch_no = :batch_no AND (o.state IS NULL OR o.state = 'failed')
 ORDER BY a.account_id COLLATE "C"
