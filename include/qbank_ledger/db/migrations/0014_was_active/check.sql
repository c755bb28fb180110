-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'recon.unmapped_gl must ask ledger.was_active' AS problem
 WHERE pg_get_viewdef('recon.unmapped_gl'::regclass) NOT LIKE '%was_active%'
UNION ALL
SELECT 'ledger.was_active must be for the roles alone'
 WHERE has_function_privilege('public', 'ledger.was_active(text, timestamptz, boolean)', 'EXECUTE')
