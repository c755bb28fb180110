-- Purpose: how many rows a run has written to the ledger, over all its publishes.
-- Params:  run_no.
-- Grain:   one row.
SELECT coalesce(sum(row_count), 0)::bigint FROM ledger.seal WHERE run_no = :run_no
