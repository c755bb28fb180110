-- Purpose: one publish at a time, so that the chain of seals has an order.
SELECT pg_advisory_xact_lock(hashtextextended('qbank ledger: publish', 0))
