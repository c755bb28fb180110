-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('%s.%s has no partition for %s', n.nspname, c.relname, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')) AS problem
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'p' AND n.nspname IN ('ledger', 'sync')
   AND to_regclass(format('%I.%I', n.nspname, c.relname || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM'))) IS NULL
UNION ALL
SELECT format('%s keeps no history', t.relation)
  FROM (SELECT tgrelid::regclass AS relation FROM pg_trigger WHERE FALSE
        UNION SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger.balance'::regclass
        UNION SELECT 'ledger.balance'::regclass) AS t
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.relation AND tgname = 'keep_updated')
UNION ALL
SELECT format('%s.%s is not qbank_owner''s', n.nspname, c.relname)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('ledger', 'sync') AND c.relowner <> 'qbank_owner'::regrole;
