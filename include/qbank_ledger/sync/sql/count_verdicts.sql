-- Purpose: how many answers of a run have a verdict, and how many are fit.
-- Params:  run_no.
-- Grain:   one row.
SELECT count(*) AS audited, count(*) FILTER (WHERE fit) AS fit FROM sync.verdict WHERE run_no = :run_no
