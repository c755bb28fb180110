-- Purpose: what became of a source's file.
-- Params:  source, file_name, version; load_no or refused.
INSERT INTO recon.source_file (source, name, version, load_no, refused)
VALUES (:source, :file_name, :version, :load_no, :refused)
    ON CONFLICT DO NOTHING
