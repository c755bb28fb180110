-- Purpose: the accounts of a run that are not published, and why.
-- Params:  run_no.
-- Grain:   account, in key order.
SELECT account_id, outcome, reasons, retry_after_s FROM sync.current_outcome
 WHERE run_no = :run_no AND outcome NOT IN ('published', 'would_publish')
 ORDER BY account_id COLLATE "C"
