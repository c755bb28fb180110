-- Purpose: the files of sources that were refused and that no run has turned red for yet; one does now.
-- Grain:   file of a source.
UPDATE recon.source_file SET named_at = now()
 WHERE refused IS NOT NULL AND named_at IS NULL
RETURNING source, refused
