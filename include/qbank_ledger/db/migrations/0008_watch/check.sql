-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s.%s says nothing of itself', c.oid::regclass, a.attname) AS problem
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.oid IN ('ledger.alert'::regclass, 'ledger.alert_notice'::regclass)
   AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
UNION ALL
SELECT format('the loader may change %s of an alert', c.name)
  FROM unnest(ARRAY['alert_no', 'kind', 'subject', 'opened_at', 'message']) AS c (name)
 WHERE has_column_privilege('qbank_loader', 'ledger.alert'::regclass, c.name, 'UPDATE')
UNION ALL
SELECT 'an analyst may change an alert, or hold ledger.lock_watch'
 WHERE has_any_column_privilege('qbank_analyst', 'ledger.alert'::regclass, 'INSERT, UPDATE')
    OR has_table_privilege('qbank_analyst', 'ledger.lock_watch'::regclass, 'SELECT')
