-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'ledger.fx_rate can be changed' AS problem
 WHERE NOT EXISTS (SELECT FROM pg_trigger
                    WHERE tgrelid = 'ledger.fx_rate'::regclass AND tgname = 'append_only' AND tgenabled = 'O')
UNION ALL
SELECT format('%s may change ledger.fx_rate, or write it', r.rolname)
  FROM pg_roles AS r
 WHERE r.rolname IN ('qbank_loader', 'qbank_analyst', 'qbank_operator', 'qbank_preparer', 'qbank_approver',
                     'qbank_desk')
   AND (has_any_column_privilege(r.oid, 'ledger.fx_rate'::regclass, 'UPDATE')
        OR (r.rolname NOT IN ('qbank_loader', 'qbank_desk')
            AND has_any_column_privilege(r.oid, 'ledger.fx_rate'::regclass, 'INSERT')))
UNION ALL
SELECT format('%s.%s says nothing of itself', c.oid::regclass, a.attname)
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.oid IN ('ledger.fx_rate'::regclass, 'ledger.current_fx_rate'::regclass)
   AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
