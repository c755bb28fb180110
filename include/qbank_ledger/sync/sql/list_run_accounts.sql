-- Purpose: write down which accounts a run asks for, and in which batch.
-- Params:  run_no; the accounts are those of make_configured.sql.
INSERT INTO sync.run_account (run_no, account_id, batch_no, currency, minor_units, max_age_minutes, minimum_balance)
SELECT :run_no, account_id, batch_no, currency, minor_units, max_age_minutes, minimum_balance
  FROM configured WHERE batch_no IS NOT NULL
 ORDER BY account_id COLLATE "C"
