-- Purpose: publish an answer that was held back, in the name of who acts.
-- Grain:   one row: the seal's number; null: a later observation of the hour is there and stays.
-- Parameters: run_no; account_id; reason. A second time is refused.
SELECT ledger.release(:run_no, :account_id, :reason) AS seal_no
