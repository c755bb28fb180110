-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT 'recon.file_load can be changed' AS problem
 WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'recon.file_load'::regclass AND tgname = 'append_only')
UNION ALL
SELECT format('the loader may say %s of a load', c.name)
  FROM unnest(ARRAY['load_no', 'loaded_at', 'loaded_by']) AS c (name)
 WHERE has_column_privilege('qbank_loader', 'recon.file_load'::regclass, c.name, 'INSERT')
UNION ALL
SELECT format('an analyst can''t read %s', r.name)
  FROM unnest(ARRAY['recon.file_load', 'recon.gl_figure', 'recon.unmapped_gl']) AS r (name)
 WHERE NOT has_table_privilege('qbank_analyst', r.name, 'SELECT')
UNION ALL
SELECT format('%s.%s says nothing of itself', c.oid::regclass, a.attname)
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.oid IN ('recon.file_load'::regclass, 'recon.gl_figure'::regclass, 'recon.unmapped_gl'::regclass)
   AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
