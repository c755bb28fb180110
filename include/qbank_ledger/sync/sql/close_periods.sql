-- Purpose: close the periods of the accounts that the file no longer holds active, and mark them so.
-- Params:  none; the accounts are those of make_configured.sql.
WITH closed AS (
    UPDATE ledger.account_period AS p SET closed_at = greatest(now(), p.opened_at)
     WHERE p.closed_at IS NULL
       AND NOT EXISTS (SELECT FROM configured AS f WHERE f.account_id = p.account_id AND f.active)
)
UPDATE ledger.account AS a SET active = false, updated_at = now()
 WHERE a.active AND NOT EXISTS (SELECT FROM configured AS f WHERE f.account_id = a.account_id AND f.active)
