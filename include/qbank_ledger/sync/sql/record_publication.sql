-- Purpose: write down that every fit verdict of a run up to now is in the ledger, or lost to a later
--          observation.
-- Params:  run_no, recorded_at.
INSERT INTO sync.publication (run_no, published_at) VALUES (:run_no, :recorded_at)
    ON CONFLICT (run_no) DO UPDATE SET published_at = excluded.published_at
