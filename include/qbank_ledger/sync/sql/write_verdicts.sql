-- Purpose: a verdict for every answer: fit unless a critical finding says otherwise. A verdict stands.
-- Params:  run_no.
INSERT INTO sync.verdict (run_no, account_id, fit, audited_at)
SELECT s.run_no, s.account_id,
       NOT EXISTS (SELECT FROM sync.finding AS f WHERE f.run_no = s.run_no AND f.account_id = s.account_id
                      AND f.severity = 'critical'),
       clock_timestamp()
  FROM sync.audit_subject AS s
 WHERE s.run_no = :run_no
    ON CONFLICT (run_no, account_id) DO NOTHING
