-- Purpose: every function of the product's schemas but those of triggers, with their comments.
-- Grain:   function, in the order of schema and name.
SELECT n.nspname AS schema, format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS signature,
       coalesce(pg_get_function_result(p.oid), 'nothing') AS returns, obj_description(p.oid, 'pg_proc') AS says
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ledger', 'sync', 'recon') AND p.prorettype <> 'trigger'::regtype
 ORDER BY n.nspname COLLATE "C", p.proname COLLATE "C", 2
