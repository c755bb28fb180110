-- Purpose: close the periods of the accounts that the file no longer holds active, and mark them so.
-- Params:  active_ids.
WITH closed AS (
    UPDATE ledger.account_period SET closed_at = now()
     WHERE closed_at IS NULL AND account_id <> ALL (CAST(:active_ids AS text[]))
)
UPDATE ledger.account SET active = false, updated_at = now()
 WHERE active AND account_id <> ALL (CAST(:active_ids AS text[]))
