-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s has no index %s', i.relation, i.name) AS problem
  FROM (VALUES ('ledger.balance', 'ledger.balance_hour'), ('ledger.balance', 'ledger.balance_seal'),
               ('ledger.balance_history', 'ledger.balance_history_hour'),
               ('ledger.balance_history', 'ledger.balance_history_seal')) AS i (relation, name)
 WHERE NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(i.name) AND indrelid = to_regclass(i.relation) AND indisvalid)
UNION ALL
SELECT format('%s.%s is open to everybody', n.nspname, p.proname)
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ledger', 'sync') AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT 'sync.release can be changed'
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'sync.release'::regclass AND tgname = 'append_only')
