-- Purpose: how many of the ledger's open accounts a file would close, and whether that was accepted.
-- Params:  active_ids: the ids that the file holds active; fingerprint of that set.
-- Grain:   one row.
SELECT count(*) AS open,
       count(*) FILTER (WHERE account_id <> ALL (CAST(:active_ids AS text[]))) AS closing,
       EXISTS (SELECT FROM ledger.accepted_accounts WHERE fingerprint = :fingerprint) AS accepted
  FROM ledger.account_period
 WHERE closed_at IS NULL
