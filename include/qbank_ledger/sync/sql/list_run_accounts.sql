-- Purpose: write down which accounts a run asks for, and in which batch.
-- Params:  run_no; accounts: a JSON array as for upsert_accounts, with batch_no.
INSERT INTO sync.run_account (run_no, account_id, batch_no, currency, minor_units, max_age_minutes, minimum_balance)
SELECT :run_no, account_id, batch_no, currency, minor_units, max_age_minutes, minimum_balance
  FROM json_to_recordset(CAST(:accounts AS json)) AS f (
       account_id text, batch_no integer, currency text, minor_units smallint, max_age_minutes integer,
       minimum_balance numeric)
 ORDER BY account_id COLLATE "C"
