-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'recon.sign_off can be changed' AS problem
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'recon.sign_off'::regclass AND tgname = 'append_only')
UNION ALL
SELECT format('%s may write recon.sign_off', r.rolname)
  FROM pg_roles AS r
 WHERE r.rolname IN ('qbank_loader', 'qbank_analyst', 'qbank_operator', 'qbank_preparer', 'qbank_approver')
   AND has_any_column_privilege(r.oid, 'recon.sign_off'::regclass, 'INSERT, UPDATE')
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
UNION ALL
SELECT format('recon.%s does not name its search path', p.proname)
  FROM pg_proc AS p
 WHERE p.pronamespace = 'recon'::regnamespace AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(p.proconfig, '{}'))
