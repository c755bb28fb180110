-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('recon.%s can be changed', t.relname) AS problem
  FROM pg_class AS t
 WHERE t.relnamespace = 'recon'::regnamespace AND t.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid AND tgname = 'append_only')
UNION ALL
SELECT format('recon.%s is not qbank_owner''s', c.relname)
  FROM pg_class AS c
 WHERE c.relnamespace = 'recon'::regnamespace AND c.relowner <> 'qbank_owner'::regrole
UNION ALL
SELECT format('recon.%s.%s says nothing of itself', c.relname, a.attname)
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.relnamespace = 'recon'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
   AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)
UNION ALL
SELECT format('recon.%s is open to everybody', p.proname)
  FROM pg_proc AS p
 WHERE p.pronamespace = 'recon'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')
