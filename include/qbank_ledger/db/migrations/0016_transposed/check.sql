-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'recon.is_transposed must swap the zero before the point, too' AS problem
 WHERE NOT recon.is_transposed(0.05, 0.50, 2)
