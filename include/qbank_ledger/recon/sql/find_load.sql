-- Purpose: the load that a file is.
-- Params:  kind, sha256.
SELECT load_no FROM recon.gl_load WHERE kind = :kind AND sha256 = :sha256
