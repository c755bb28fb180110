-- Purpose: bring periods that a clock that ran ahead opened or closed back to the clock: an account that is active is
--          expected from now on, one that is not no more. One that was opened and closed so counts for no instant.
-- Params:  none; again it changes nothing.
UPDATE ledger.account_period AS p
   SET opened_at = CASE WHEN p.closed_at IS NULL THEN now() ELSE p.opened_at END,
       closed_at = CASE WHEN p.closed_at IS NOT NULL THEN greatest(now(), p.opened_at) END
 WHERE ledger.is_ahead(coalesce(p.closed_at, p.opened_at)) AND p.closed_at IS DISTINCT FROM p.opened_at
