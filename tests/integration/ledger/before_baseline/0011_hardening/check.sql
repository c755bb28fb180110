-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s still takes an advisory lock', p.oid::regprocedure) AS problem
  FROM pg_proc AS p
 WHERE p.pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace) AND p.prosrc LIKE '%advisory%'
UNION ALL
SELECT format('%s is read with the search path of who calls it', p.oid::regprocedure)
  FROM pg_proc AS p
 WHERE p.pronamespace IN ('ledger'::regnamespace, 'sync'::regnamespace, 'recon'::regnamespace)
   AND p.prosqlbody IS NULL AND NOT coalesce(p.proconfig::text LIKE '%"search_path=pg_catalog, pg_temp"%', false);
