-- Purpose: how many of the ledger's open accounts a file would close, and whether that was accepted.
-- Params:  fingerprint of the ids that the file holds active; the accounts are those of make_configured.sql.
-- Grain:   one row.
SELECT count(*) AS open,
       count(*) FILTER (WHERE f.account_id IS NULL) AS closing,
       EXISTS (SELECT FROM ledger.accepted_accounts WHERE fingerprint = :fingerprint) AS accepted
  FROM ledger.account_period AS p LEFT JOIN configured AS f ON f.account_id = p.account_id AND f.active
 WHERE p.closed_at IS NULL
