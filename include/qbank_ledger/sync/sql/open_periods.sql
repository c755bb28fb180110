-- Purpose: open a period for each active account without an open one.
-- Params:  none; the accounts are those of make_configured.sql.
INSERT INTO ledger.account_period (account_id, opened_at)
SELECT f.account_id, now() FROM configured AS f
 WHERE f.active
   AND NOT EXISTS (SELECT FROM ledger.account_period AS p WHERE p.account_id = f.account_id AND p.closed_at IS NULL)
    ON CONFLICT DO NOTHING
