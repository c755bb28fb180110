-- Purpose: number a file of the ERP; no row: this file was loaded before, in this way. Waits for who loads it now.
-- Params:  kind, source, file_name, profile, sha256, read_as, rows, skipped.
INSERT INTO recon.file_load (kind, source, name, profile, sha256, read_as, rows, skipped)
VALUES (:kind, :source, :file_name, :profile, :sha256, :read_as, :rows, :skipped)
    ON CONFLICT (kind, sha256, read_as) DO NOTHING
RETURNING load_no
