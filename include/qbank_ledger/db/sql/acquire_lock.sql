-- Purpose: wait until nobody else is at it, and keep others off to the end of the transaction.
-- Params:  what: plan, publish or reconcile.
SELECT ledger.acquire_lock(:what)
