-- Purpose: hold a run against everybody who would close, audit or publish it at the same time.
-- Params:  run_no.
-- Grain:   one row.
SELECT state, started_at, dry_run, expected, accounts_dropped_at FROM sync.run WHERE run_no = :run_no FOR UPDATE
