-- Purpose: write down which accounts a run asks for, in which batch, and by which connection each batch does.
-- Params:  run_no; batches: a JSON array, the connection of each; accounts: a JSON array as for upsert_accounts,
--          with batch_no.
WITH batch AS (
    INSERT INTO sync.batch (run_no, batch_no, connection)
    SELECT :run_no, ordinality - 1, connection
      FROM json_array_elements_text(CAST(:batches AS json)) WITH ORDINALITY AS b (connection, ordinality)
)
INSERT INTO sync.run_account (run_no, account_id, batch_no, currency, minor_units, max_age_minutes, minimum_balance)
SELECT :run_no, account_id, batch_no, currency, minor_units, max_age_minutes, minimum_balance
  FROM json_to_recordset(CAST(:accounts AS json)) AS f (
       account_id text, batch_no integer, currency text, minor_units smallint, max_age_minutes integer,
       minimum_balance numeric)
 ORDER BY account_id COLLATE "C"
