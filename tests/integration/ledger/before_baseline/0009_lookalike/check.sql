-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s.%s is open to everybody', n.nspname, p.proname) AS problem
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ledger', 'sync', 'recon') AND has_function_privilege('public', p.oid, 'EXECUTE')
UNION ALL
SELECT format('%s has not %s significant digits', amount, digits)
  FROM (VALUES (1234.56, 6), (-1234560000, 6), (0.00, 0), (100000, 1), (0.0010500, 3)) AS known (amount, digits)
 WHERE sync.significant_digits(amount) <> digits
