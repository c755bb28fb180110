-- Purpose: the load that a file is, read in this way.
-- Params:  kind, sha256; read_as: null for the plain layout.
SELECT load_no FROM recon.file_load WHERE kind = :kind AND sha256 = :sha256 AND read_as IS NOT DISTINCT FROM :read_as
