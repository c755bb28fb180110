-- Purpose: number a file of the ERP; no row: this file was loaded before, in this way. Waits for who loads it now.
-- Params:  kind, source, file_name, profile, sha256, read_as, rows, skipped; list_date, list_entity, list_gl_account,
--          list_currency: of a whole list of outstanding items, else null.
INSERT INTO recon.file_load (kind, source, name, profile, sha256, read_as, rows, skipped,
                             list_date, list_entity, list_gl_account, list_currency)
VALUES (:kind, :source, :file_name, :profile, :sha256, :read_as, :rows, :skipped,
        CAST(:list_date AS date), :list_entity, :list_gl_account, :list_currency)
    ON CONFLICT (kind, sha256, read_as) DO NOTHING
RETURNING load_no
