-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('ledger.balance has no index %s that tells several values apart', i.name) AS problem
  FROM (VALUES ('ledger.balance_hour'), ('ledger.balance_seal')) AS i (name)
 WHERE NOT EXISTS (SELECT FROM pg_index AS x JOIN pg_opclass AS o ON o.oid = x.indclass[0]
                    WHERE x.indexrelid = to_regclass(i.name) AND x.indrelid = 'ledger.balance'::regclass
                      AND x.indisvalid AND o.opcname LIKE '%minmax_multi_ops')
UNION ALL
SELECT format('%s.%s is open to everybody', n.nspname, p.proname)
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ledger', 'sync') AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT 'ledger.hour_coverage is still there' WHERE to_regproc('ledger.hour_coverage') IS NOT NULL
