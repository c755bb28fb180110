-- Purpose: the QBank connection by which a fetch task asks.
-- Params:  run_no, batch_no.
-- Grain:   one row, its id; null, or no row, for a run that was planned before it was kept.
SELECT connection FROM sync.batch WHERE run_no = :run_no AND batch_no = :batch_no
