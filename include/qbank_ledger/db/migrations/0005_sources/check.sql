-- Purpose: what must be true once the revision has been applied; each row names something that is not.
-- Run as:  qbank_owner, in the same transaction; a row undoes the revision.
SELECT format('recon.source_file.%s says nothing of itself', a.attname) AS problem
  FROM pg_attribute AS a
 WHERE a.attrelid = 'recon.source_file'::regclass AND a.attnum > 0 AND NOT a.attisdropped
   AND col_description(a.attrelid, a.attnum) IS NULL
UNION ALL
SELECT format('the loader may change %s', c.name)
  FROM unnest(ARRAY['source', 'name', 'version', 'load_no', 'refused']) AS c (name)
 WHERE has_column_privilege('qbank_loader', 'recon.source_file'::regclass, c.name, 'UPDATE')
