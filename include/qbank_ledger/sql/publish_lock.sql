-- Purpose: one publish at a time, so that the chain of seals has an order.
SELECT ledger.take_turn('publish')
