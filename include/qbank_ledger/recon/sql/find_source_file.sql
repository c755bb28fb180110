-- Purpose: whether this state of a source's file was read before.
-- Params:  source, file_name, version.
SELECT EXISTS (SELECT FROM recon.source_file WHERE (source, name, version) = (:source, :file_name, :version))
