-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s.%s is open to everybody', n.nspname, p.proname) AS problem
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ledger', 'sync', 'recon') AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT format('%s has %s decimals', currency, ledger.minor_units(currency))
  FROM (VALUES ('EUR', 2), ('JPY', 0), ('BHD', 3), ('CLF', 4), ('XXX', NULL)) AS known (currency, decimals)
 WHERE ledger.minor_units(currency) IS DISTINCT FROM decimals
