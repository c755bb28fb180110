-- Purpose: open a period for each active account without an open one.
-- Params:  active_ids.
INSERT INTO ledger.account_period (account_id, opened_at)
SELECT id, now() FROM unnest(CAST(:active_ids AS text[])) AS id
 WHERE NOT EXISTS (SELECT FROM ledger.account_period AS p WHERE p.account_id = id AND p.closed_at IS NULL)
    ON CONFLICT DO NOTHING
