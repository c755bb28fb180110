-- Purpose: how many files were loaded, for the pages of their table.
-- Grain:   one row.
-- Parameters: load_no, one alone (null: all).
SELECT count(*) FROM recon.file_load AS f
 WHERE CAST(:load_no AS bigint) IS NULL OR f.load_no = CAST(:load_no AS bigint)
