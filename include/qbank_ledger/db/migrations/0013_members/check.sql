-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'recon.unmapped_gl must look at when accounts were active' AS problem
 WHERE pg_get_viewdef('recon.unmapped_gl'::regclass) NOT LIKE '%account_period%'
UNION ALL
SELECT 'recon.revoke_sign_off must compare the accounts that were signed'
  FROM pg_proc WHERE oid = 'recon.revoke_sign_off()'::regprocedure AND prosrc NOT LIKE '%s.members%'
