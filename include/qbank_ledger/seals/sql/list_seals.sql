-- Purpose: every seal and how many rows it covers.
-- Grain:   seal, in the order of the chain.
SELECT seal_no, row_count, sha256, sealed_at FROM ledger.seal ORDER BY seal_no
