-- Purpose: how many answers of a run are held back, for their pages: from the audit on, also of a run that is open.
-- Grain:   one row.
-- Parameters: run_no.
SELECT count(*) FROM sync.quarantine AS q WHERE q.run_no = :run_no
