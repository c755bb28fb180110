-- Purpose: merge a chunk: the first answer stands, a failed one is replaced and its attempts counted. The body goes
--          with the observation. Only the run's own accounts are taken, and only while the run is open.
-- Params:  run_no.
WITH merged AS (
    INSERT INTO sync.observation AS o (
        run_no, account_id, state, reason, available_balance, ledger_balance, echoed_account_id, echoed_currency,
        echoed_as_of, bank_as_of, http_status, attempts, observed_at, retry_after_s)
    SELECT r.run_no, a.account_id, i.state, i.reason, i.available_balance, i.ledger_balance, i.echoed_account_id,
           i.echoed_currency, i.echoed_as_of, i.bank_as_of, i.http_status, i.attempts, i.observed_at, i.retry_after_s
      FROM incoming AS i
      JOIN sync.run AS r ON r.run_no = :run_no AND r.state = 'running'
      JOIN sync.run_account AS a ON a.run_no = r.run_no AND a.account_id = i.account_id
     ORDER BY i.account_id COLLATE "C"
        ON CONFLICT (run_no, account_id) DO UPDATE
       SET (state, reason, available_balance, ledger_balance, echoed_account_id, echoed_currency, echoed_as_of,
            bank_as_of, http_status, attempts, observed_at, retry_after_s)
         = (excluded.state, excluded.reason, excluded.available_balance, excluded.ledger_balance,
            excluded.echoed_account_id, excluded.echoed_currency, excluded.echoed_as_of, excluded.bank_as_of,
            excluded.http_status, o.attempts + excluded.attempts, excluded.observed_at, excluded.retry_after_s)
     WHERE o.state = 'failed'
    RETURNING run_no, account_id
)
INSERT INTO sync.payload (run_no, account_id, payload)
SELECT m.run_no, m.account_id, i.payload FROM merged AS m JOIN incoming AS i USING (account_id)
    ON CONFLICT (run_no, account_id) DO UPDATE SET payload = excluded.payload
