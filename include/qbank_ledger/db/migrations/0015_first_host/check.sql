-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'qbank_loader must not write ledger.accepted_host' AS problem
 WHERE has_table_privilege('qbank_loader', 'ledger.accepted_host', 'INSERT')
UNION ALL
SELECT 'qbank_loader must be able to accept the first host'
 WHERE NOT has_function_privilege('qbank_loader', 'ledger.accept_first_host(text)', 'EXECUTE')
