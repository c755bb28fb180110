-- Purpose: which of these states of a source's files were read before.
-- Grain:   file of the source × state.
-- Params:  source, versions.
SELECT name, version::text FROM recon.source_file
 WHERE source = :source AND version = ANY (CAST(:versions AS text[]))
