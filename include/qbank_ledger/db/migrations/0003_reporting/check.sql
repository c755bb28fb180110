-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relowner, c.relnamespace::regnamespace::text AS schema
      FROM pg_class AS c WHERE c.relnamespace IN ('reporting'::regnamespace, 'reporting_all'::regnamespace)
)
SELECT format('%s is no view', r.oid::regclass) AS problem FROM relation AS r WHERE r.relkind <> 'v'
UNION ALL
SELECT format('%s is not qbank_owner''s', r.oid::regclass) FROM relation AS r WHERE r.relowner <> 'qbank_owner'::regrole
UNION ALL
SELECT format('reporting.%s is not there', w.name)
  FROM unnest(ARRAY['position', 'daily', 'hourly', 'movement', 'reconciliation', 'coverage']) AS w (name)
 WHERE to_regclass('reporting.' || w.name) IS NULL
UNION ALL
SELECT format('qbank_analyst can''t read %s', r.oid::regclass) FROM relation AS r
 WHERE NOT has_table_privilege('qbank_analyst', r.oid, 'SELECT')
    OR NOT has_schema_privilege('qbank_analyst', r.schema, 'USAGE')
UNION ALL
SELECT format('%s.%s says nothing of itself', r.oid::regclass, a.attname)
  FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0
 WHERE col_description(r.oid, a.attnum) IS NULL OR obj_description(r.oid, 'pg_class') IS NULL
UNION ALL
SELECT format('%s is read by its own name', c.oid::regclass) FROM pg_class AS c
 WHERE c.relnamespace IN ('ledger'::regnamespace, 'sync'::regnamespace) AND c.relispartition AND c.relkind = 'r'
   AND has_table_privilege('qbank_analyst', c.oid, 'SELECT')
