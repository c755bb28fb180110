-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s notes no change', t.name) AS problem
  FROM (VALUES ('ledger.balance', 3), ('ledger.account', 2), ('recon.gl_balance', 1), ('recon.item', 1)) AS t (name, triggers)
 WHERE (SELECT count(*) FROM pg_trigger WHERE tgrelid = t.name::regclass AND tgname LIKE 'note\_%') <> t.triggers
UNION ALL
SELECT format('recon.%s says nothing of itself', a.attname)
  FROM pg_attribute AS a
 WHERE a.attrelid = 'recon.changed'::regclass AND a.attnum > 0
   AND (col_description(a.attrelid, a.attnum) IS NULL OR obj_description(a.attrelid, 'pg_class') IS NULL)
UNION ALL
SELECT format('recon.%s is open to everybody', p.proname)
  FROM pg_proc AS p
 WHERE p.pronamespace = 'recon'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')
