-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s.%s is open to everybody', n.nspname, p.proname) AS problem
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ledger', 'sync', 'recon') AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT format('seal %s was made with another hash', seal_no)
  FROM (SELECT * FROM ledger.seal ORDER BY seal_no DESC LIMIT 1) AS newest
 WHERE sha256 <> ledger.seal_sha256(seal_no, run_no, row_count, control_totals, rows_sha256, previous_sha256, sealed_at)
