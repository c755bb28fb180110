-- Purpose: the files of the ERP that were loaded, the newest first.
-- Grain:   load.
-- Parameters: load_no, one alone (null: all); most (null: all), after: how many are shown, and how many before them.
SELECT f.load_no, f.name, f.kind, f.profile, f.source, f.rows, f.skipped, f.loaded_at, f.loaded_by, f.sha256
  FROM recon.file_load AS f
 WHERE CAST(:load_no AS bigint) IS NULL OR f.load_no = CAST(:load_no AS bigint)
 ORDER BY f.load_no DESC LIMIT :most OFFSET :after
