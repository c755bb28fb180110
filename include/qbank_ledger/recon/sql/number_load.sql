-- Purpose: number a file of the ERP; no row: this file was loaded before. Waits for who loads it now.
-- Params:  kind, sha256, rows.
INSERT INTO recon.gl_load (kind, sha256, rows) VALUES (:kind, :sha256, :rows)
    ON CONFLICT (kind, sha256) DO NOTHING
RETURNING load_no
